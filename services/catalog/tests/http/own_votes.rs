//! What a member sees of their own votes.

use anyhow::Result;
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::ReviewId;
use vote_domain::Seq;
use vote_domain::review::{Direction, ReviewVote};
use vote_domain::voter_state::InFlight;
use vote_messages::vote;
use vote_store::settle::RewardPolicy;

use crate::server::{Member, Server, on_each_stack, policy};

/// A vote as the gateway admits it.
fn admitted(
    server: &Server,
    voter: &Member,
    review: &str,
    direction: Option<Direction>,
) -> ReviewVote {
    let review: ReviewId = review.parse().unwrap();
    let nth = Uuid::from_bytes(*review.0.as_bytes()).as_u128() % 1_000;
    let seq = Seq(server.clock.now().timestamp_micros() + i64::try_from(nth).unwrap());
    ReviewVote {
        vote_id: vote_domain::Ids::random().next(),
        voter: voter.id,
        review,
        direction,
        seq,
        day: policy().day(seq.at()),
        cost: direction.is_some().into(),
        limit: 3,
    }
}

/// Settles a vote as the worker does, without telling the cache.
pub(crate) async fn settle(
    server: &Server,
    voter: &Member,
    review: &str,
    direction: Option<Direction>,
) -> Result<()> {
    let vote = admitted(server, voter, review, direction);
    let reward = RewardPolicy {
        up_votes: 10,
        credit: 1,
    };
    server
        .store
        .settle(&[vote], reward, server.clock.now())
        .await?;
    Ok(())
}

/// Leaves a vote in flight in the voter's state, as the gateway does.
async fn send(
    server: &Server,
    voter: &Member,
    review: &str,
    direction: Option<Direction>,
) -> Result<()> {
    let vote = admitted(server, voter, review, direction);
    let mut known = server.states.read(voter.id).await?;
    known.state.base.loaded_at = known.now;
    known.state.base.complete = true;
    known.state.in_flight.push(InFlight {
        message: vote::encode(&vote, "").to_vec(),
        vote,
        gateway: Uuid::nil(),
        sent_at: known.now,
        n_sends: 1,
        unknown: false,
    });
    assert!(server.states.write(voter.id, &known).await?);
    Ok(())
}

on_each_stack! {
    async fn settled_votes_use_the_day_and_show_as_ones_own(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let first = server.add_review(&ada, &places, 4).await?;
        let second = server.add_review(&ada, &places, 4).await?;
        settle(&server, &bob, &first, Some(Direction::Up)).await?;
        settle(&server, &bob, &second, Some(Direction::Down)).await?;
        let me = server.get_as(&bob, "/me").await?.ok(200);
        assert_eq!(me["votes"], server.votes_of_day(2));
        let path = format!("/reviews/{first}");
        assert_eq!(server.get_as(&bob, &path).await?.ok(200)["my_vote"], "up");
        assert_eq!(server.get_as(&ada, &path).await?.ok(200)["my_vote"], Value::Null);
        assert_eq!(server.get(&path).await?.ok(200)["my_vote"], Value::Null);
        let path = format!("/reviews/counts?ids={first},{second}");
        let counts = server.get_as(&bob, &path).await?.ok(200);
        let mine: Vec<_> = counts["counts"].as_array().unwrap().iter().map(|c| &c["my_vote"]).collect();
        assert_eq!(mine, ["up", "down"]);
        Ok(())
    }

    async fn a_vote_in_flight_shows_before_it_settles(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let review = server.add_review(&ada, &places, 4).await?;
        let path = format!("/reviews/{review}");
        assert_eq!(server.get_as(&bob, &path).await?.ok(200)["my_vote"], Value::Null);
        send(&server, &bob, &review, Some(Direction::Up)).await?;
        assert_eq!(server.get_as(&bob, &path).await?.ok(200)["my_vote"], "up");
        let me = server.get_as(&bob, "/me").await?.ok(200);
        assert_eq!((&me["votes"]["used"], &me["votes"]["remaining"]), (&json!(1), &json!(2)));
        let (restaurant, _) = &places;
        let list = format!("/restaurants/{restaurant}/reviews");
        let page = server.get_as(&bob, &list).await?.ok(200);
        assert_eq!(page["items"][0]["my_vote"], "up");
        Ok(())
    }

    async fn polled_counts_are_news_where_ones_own_vote_is(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let review = server.add_review(&ada, &places, 4).await?;
        let path = format!("/reviews/counts?ids={review}");
        let of_nobody = server.get(&path).await?;
        let before = server.get_as(&bob, &path).await?;
        assert_eq!(server.get_as_if_changed(&bob, &path, &before).await?.status, 304);
        // The counts are the same, and so they stay: the vote is in flight.
        send(&server, &bob, &review, Some(Direction::Up)).await?;
        let after = server.get_as_if_changed(&bob, &path, &before).await?;
        assert_eq!(after.ok(200)["counts"][0]["my_vote"], "up");
        let after = server.get_as(&bob, &path).await?;
        assert_eq!(server.get_as_if_changed(&bob, &path, &after).await?.status, 304);
        assert_eq!(server.get_if_changed(&path, &of_nobody).await?.status, 304);
        for others in [&of_nobody, &before] {
            let answer = server.get_as_if_changed(&bob, &path, others).await?;
            assert_eq!(answer.ok(200)["counts"][0]["my_vote"], "up");
        }
        let answer = server.get_as_if_changed(&ada, &path, &after).await?;
        assert_eq!(answer.ok(200)["counts"][0]["my_vote"], Value::Null);
        Ok(())
    }

    async fn ones_history_tells_every_votes_end(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let mut reviews = Vec::new();
        for n in 0..4 {
            reviews.push(server.add_review(&ada, &places, 4).await?);
            server.clock.set(server.clock.now() + chrono::TimeDelta::seconds(n + 1));
            settle(&server, &bob, &reviews[0], Some(Direction::Up)).await?;
        }
        let whole = server.get_as(&bob, "/me/votes").await?.ok(200);
        let items = whole["items"].as_array().unwrap();
        let states: Vec<_> = items.iter().map(|vote| (&vote["state"], &vote["reason"])).collect();
        // The fourth of the day was refused by SQL.
        assert_eq!(states[0], (&json!("rejected"), &json!("daily_quota_used")));
        assert_eq!(states[1..], [(&json!("counted"), &Value::Null); 3]);
        assert_eq!(items[1]["superseded_by"], Value::Null);
        assert_eq!(items[2]["superseded_by"], items[1]["vote_id"]);
        assert_eq!(
            (&items[3]["review_id"], &items[3]["direction"], &items[3]["cost"]),
            (&json!(reviews[0]), &json!("up"), &json!(1))
        );
        let (mut seen, mut path) = (Vec::new(), "/me/votes?limit=3".to_owned());
        loop {
            let page = server.get_as(&bob, &path).await?.ok(200);
            seen.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/me/votes?limit=3&cursor={next}");
        }
        assert_eq!(&seen, items);
        assert_eq!(server.get_as(&ada, "/me/votes").await?.ok(200)["items"], json!([]));
        Ok(())
    }

    async fn ones_preferences_rank_what_votes_and_stars_say(server: Server) -> Result<()> {
        let noodles = server.furnish().await?;
        let soup = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let good = server.add_review(&ada, &noodles, 4).await?;
        let bad = server.add_review(&ada, &soup, 4).await?;
        settle(&server, &bob, &good, Some(Direction::Up)).await?;
        settle(&server, &bob, &bad, Some(Direction::Down)).await?;
        server.add_review(&bob, &noodles, 5).await?;
        let liked = server.get_as(&bob, "/me/preferences").await?.ok(200);
        assert_eq!(
            liked["restaurants"],
            json!([
                {"restaurant_id": noodles.0, "name": "Noodle Bar", "score": 3,
                 "up_votes": 1, "down_votes": 0, "n_reviews": 1},
                {"restaurant_id": soup.0, "name": "Noodle Bar", "score": -1,
                 "up_votes": 0, "down_votes": 1, "n_reviews": 0},
            ])
        );
        assert_eq!(liked["items"][0]["item_id"], json!(noodles.1));
        assert_eq!(liked["items"][0]["name"], "Ramen");
        Ok(())
    }
}
