//! Journeys of one vote and of a few, on both modes.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use futures::future::try_join_all;
use journeys::{Direction, Member, Place, RealStack, Site, on_both};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

on_both!(an_upvote_becomes_a_count);

/// Sign up, review, another member votes it up: 202, counted, shown everywhere.
async fn an_upvote_becomes_a_count(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let (_author, review) = site.author(place, "author").await?;
    let voter = site.client()?.sign_up("voter").await?;

    let accepted = voter.vote(review, Direction::Up).await?.expect(202)?;
    let vote_id = accepted.id("vote_id")?;
    assert_eq!(accepted.body["state"], "accepted");
    assert_eq!(accepted.body["votes"]["used"], 1);
    assert_eq!(accepted.body["votes"]["remaining"], 2);
    let location = format!("/api/v1/votes/{vote_id}");
    assert_eq!(accepted.header("location"), Some(location.as_str()));

    let status = voter.wait_until_settled(vote_id).await?;
    assert_eq!(status["state"], "counted");
    assert_eq!(status["direction"], "up");
    assert_eq!(status["review_id"], review.to_string());
    assert_eq!(status["superseded_by"], Value::Null);
    site.wait_for_counts(review, 1, 0).await?;

    let seen = voter
        .ask(Method::GET, &format!("/reviews/{review}"), None)
        .await?;
    assert_eq!(seen.expect(200)?.body["my_vote"], "up");
    let me = voter.me().await?;
    assert_eq!(me["votes"]["limit"], 3);
    assert_eq!(me["votes"]["used"], 1);
    assert_eq!(me["votes"]["remaining"], 2);

    let history = voter
        .ask(Method::GET, "/me/votes", None)
        .await?
        .expect(200)?;
    assert_eq!(history.body["items"][0]["vote_id"], vote_id.to_string());
    let preferences = voter
        .ask(Method::GET, "/me/preferences", None)
        .await?
        .expect(200)?;
    let named = preferences.body.to_string();
    assert!(named.contains(&place.restaurant.to_string()), "{named}");
    assert!(named.contains(&place.item.to_string()), "{named}");
    Ok(())
}

on_both!(a_vote_can_be_changed_and_taken_back);

async fn a_vote_can_be_changed_and_taken_back(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let (_author, review) = site.author(place, "author").await?;
    let voter = site.client()?.sign_up("voter").await?;

    let up = voter
        .vote(review, Direction::Up)
        .await?
        .expect(202)?
        .id("vote_id")?;
    let again = voter.vote(review, Direction::Up).await?.expect(202)?;
    assert_eq!(
        again.id("vote_id")?,
        up,
        "the same direction is the same vote"
    );
    assert_eq!(again.body["votes"]["used"], 1, "and costs nothing");

    let down = voter.vote(review, Direction::Down).await?.expect(202)?;
    assert_eq!(down.body["votes"]["used"], 2, "a change costs one");
    let down = down.id("vote_id")?;
    assert_ne!(down, up);
    voter.wait_until_settled(down).await?;
    site.wait_for_counts(review, 0, 1).await?;
    let superseded = voter.wait_until_settled(up).await?;
    assert_eq!(superseded["state"], "counted");
    assert_eq!(superseded["superseded_by"], down.to_string());

    // Settled by now, and still the same vote.
    let again = voter.vote(review, Direction::Down).await?.expect(202)?;
    assert_eq!(again.id("vote_id")?, down);

    let back = voter.vote(review, Direction::None).await?.expect(202)?;
    assert_eq!(
        back.body["votes"]["used"], 2,
        "to take back costs nothing and gives nothing"
    );
    voter.wait_until_settled(back.id("vote_id")?).await?;
    site.wait_for_counts(review, 0, 0).await?;
    voter.vote(review, Direction::None).await?.expect(204)?;
    assert_eq!(voter.votes_used().await?, 2);

    // After a take-back a vote costs again.
    let last = voter.vote(review, Direction::Up).await?.expect(202)?;
    assert_eq!(last.body["votes"]["used"], 3);
    site.wait_for_counts(review, 1, 0).await
}

on_both!(a_ballot_of_any_direction_goes_to_one_route);

async fn a_ballot_of_any_direction_goes_to_one_route(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let (_author, review) = site.author(place, "author").await?;
    let voter = site.client()?.sign_up("voter").await?;
    let vote = |direction: &'static str| {
        let body = serde_json::json!({ "review_id": review, "direction": direction });
        let voter = &voter;
        async move { voter.ask_gateway(Method::POST, "/votes", Some(&body)).await }
    };
    vote("none").await?.expect(204)?;
    let down = vote("down").await?.expect(202)?.id("vote_id")?;
    assert_eq!(
        voter.vote(review, Direction::Down).await?.id("vote_id")?,
        down
    );
    vote("none").await?.expect(202)?;
    vote("sideways").await?.expect(422)?;
    site.wait_for_counts(review, 0, 0).await
}

on_both!(thirty_two_upvotes_at_once_are_one_vote);

/// 32 concurrent upvotes by one member on one review count one vote and cost one of three.
async fn thirty_two_upvotes_at_once_are_one_vote(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let (_author, review) = site.author(place, "author").await?;
    let voter = site.client()?.sign_up("voter").await?;

    let answers = try_join_all((0..32).map(|_| voter.vote(review, Direction::Up))).await?;
    let mut votes = Vec::new();
    for answer in answers {
        let answer = answer.expect(202)?;
        assert_eq!(answer.body["votes"]["used"], 1);
        votes.push(answer.id("vote_id")?);
    }
    votes.dedup();
    assert_eq!(votes.len(), 1, "more than one vote was made: {votes:?}");
    voter.wait_until_settled(votes[0]).await?;
    site.wait_for_counts(review, 1, 0).await?;
    assert_eq!(voter.votes_used().await?, 1);
    let history = voter
        .ask(Method::GET, "/me/votes", None)
        .await?
        .expect(200)?;
    assert_eq!(history.body["items"].as_array().map(Vec::len), Some(1));
    Ok(())
}

on_both!(thirty_two_upvotes_at_once_under_keys_are_one_vote);

/// The same, each request under a key of its own: still one vote stands and one is paid.
async fn thirty_two_upvotes_at_once_under_keys_are_one_vote(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let (_author, review) = site.author(place, "author").await?;
    let voter = site.client()?.sign_up("voter").await?;
    let keys: Vec<String> = (0..32).map(|n| format!("key-{n}")).collect();
    let answers = try_join_all(
        keys.iter()
            .map(|key| voter.vote_with_key(review, Direction::Up, key)),
    )
    .await?;
    for answer in answers {
        voter
            .wait_until_settled(answer.expect(202)?.id("vote_id")?)
            .await?;
    }
    site.wait_for_counts(review, 1, 0).await?;
    assert_eq!(voter.votes_used().await?, 1);
    Ok(())
}

on_both!(the_fourth_vote_of_a_day_is_refused_until_midnight);

async fn the_fourth_vote_of_a_day_is_refused_until_midnight(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let reviews = reviews(site, place, 4).await?;
    let voter = site.client()?.sign_up("voter").await?;
    for review in &reviews[..3] {
        voter.vote(*review, Direction::Up).await?.expect(202)?;
    }
    let refused = voter.vote(reviews[3], Direction::Up).await?;
    let refused = refused.expect_problem(429, "daily_quota_used")?;
    let resets_at = moment(&refused.body["resets_at"])?;
    let answered_at = refused.date()?;
    let midnight = (resets_at.hour(), resets_at.minute(), resets_at.second());
    assert_eq!(midnight, (0, 0, 0), "no midnight of UTC: {resets_at}");
    let left = resets_at - answered_at;
    assert!(
        left > TimeDelta::zero() && left <= TimeDelta::days(1),
        "{left}"
    );
    let wait = TimeDelta::from_std(refused.retry_after()?)?;
    assert!(
        (wait - left).abs() <= TimeDelta::seconds(2),
        "{wait} instead of {left}"
    );

    // To take back is free, and gives nothing back.
    voter.vote(reviews[0], Direction::None).await?.expect(202)?;
    let refused = voter.vote(reviews[3], Direction::Up).await?;
    refused.expect_problem(429, "daily_quota_used")?;
    // What stands may be repeated; a change costs, and is refused.
    voter.vote(reviews[1], Direction::Up).await?.expect(202)?;
    let refused = voter.vote(reviews[1], Direction::Down).await?;
    refused.expect_problem(429, "daily_quota_used")?;

    let me = voter.me().await?;
    assert_eq!(me["votes"]["remaining"], 0);
    assert_eq!(moment(&me["votes"]["resets_at"])?, resets_at);
    site.wait_for_counts(reviews[3], 0, 0).await
}

/// Requests of one member through two gateways at once: the voter's state is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_at_once_make_one_vote() -> Result<()> {
    let stack = RealStack::isolated("two_gateways", 2, 2, &[]).await?;
    let site = stack.site();
    let place = site.place().await?;
    let reviews = reviews(site, place, 3).await?;
    let voter = site.client()?.sign_up("voter").await?;
    let at = [&site.gateways[0], &site.gateways[1]].map(|gateway| voter.by_way_of(gateway));

    let with_key = (0..16).map(|n| at[n % 2].vote_with_key(reviews[0], Direction::Up, "one"));
    let without = (0..16).map(|n| at[n % 2].vote(reviews[1], Direction::Down));
    let (with_key, without) = tokio::try_join!(try_join_all(with_key), try_join_all(without))?;
    for answers in [with_key, without] {
        let mut votes = Vec::new();
        for answer in answers {
            votes.push(answer.expect(202)?.id("vote_id")?);
        }
        votes.dedup();
        assert_eq!(votes.len(), 1, "more than one vote was made: {votes:?}");
        // Either gateway tells what became of it.
        at[0].wait_until_settled(votes[0]).await?;
        assert_eq!(
            at[1].wait_until_settled(votes[0]).await?["state"],
            "counted"
        );
    }
    site.wait_for_counts(reviews[0], 1, 0).await?;
    site.wait_for_counts(reviews[1], 0, 1).await?;
    assert_eq!(voter.votes_used().await?, 2);
    at[0].vote(reviews[2], Direction::Up).await?.expect(202)?;
    let refused = at[1].vote(reviews[0], Direction::Down).await?;
    refused.expect_problem(429, "daily_quota_used")?;
    Ok(())
}

on_both!(thirty_two_votes_at_once_spend_three);

/// As many reviews as requests, all at once: three votes are accepted, 29 refused.
async fn thirty_two_votes_at_once_spend_three(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let reviews = reviews(site, place, 32).await?;
    let voter = site.client()?.sign_up("voter").await?;
    let answers = reviews
        .iter()
        .map(|review| voter.vote(*review, Direction::Up));
    let answers = try_join_all(answers).await?;
    let mut n_accepted = 0;
    for answer in answers {
        if answer.status == 202 {
            let ended = voter.wait_until_settled(answer.id("vote_id")?).await?;
            assert_eq!(ended["state"], "counted");
            n_accepted += 1;
        } else {
            answer.expect_problem(429, "daily_quota_used")?;
        }
    }
    assert_eq!(n_accepted, 3);
    assert_eq!(voter.votes_used().await?, 3);
    Ok(())
}

on_both!(nobody_votes_on_their_own_review);

async fn nobody_votes_on_their_own_review(site: &Site) -> Result<()> {
    let (author, review) = site.author(site.place().await?, "author").await?;
    for direction in [Direction::Up, Direction::Down, Direction::None] {
        let refused = author.vote(review, direction).await?;
        refused.expect_problem(403, "self_vote")?;
    }
    assert_eq!(author.votes_used().await?, 0);
    site.wait_for_counts(review, 0, 0).await
}

on_both!(a_key_names_one_intent);

async fn a_key_names_one_intent(site: &Site) -> Result<()> {
    let place = site.place().await?;
    let reviews = reviews(site, place, 2).await?;
    let (review, other_review) = (reviews[0], reviews[1]);
    let voter = site.client()?.sign_up("voter").await?;
    let first = voter
        .vote_with_key(review, Direction::Up, "mine")
        .await?
        .expect(202)?;
    let vote_id = first.id("vote_id")?;

    let repeats_and_reuses = async || -> Result<()> {
        let same = voter
            .vote_with_key(review, Direction::Up, "mine")
            .await?
            .expect(202)?;
        assert_eq!(same.id("vote_id")?, vote_id);
        for (review, direction) in [(review, Direction::Down), (other_review, Direction::Up)] {
            let reused = voter.vote_with_key(review, direction, "mine").await?;
            reused.expect_problem(422, "idempotency_key_reused")?;
        }
        Ok(())
    };
    repeats_and_reuses().await?;
    voter.wait_until_settled(vote_id).await?;
    repeats_and_reuses().await?;

    // Also when something else stands by now: the key is answered, nothing is cast.
    voter.vote(review, Direction::Down).await?.expect(202)?;
    repeats_and_reuses().await?;
    site.wait_for_counts(review, 0, 1).await?;
    assert_eq!(voter.votes_used().await?, 2);

    // Another member's key of the same name is another intent.
    let other = site.client()?.sign_up("other").await?;
    let theirs = other
        .vote_with_key(review, Direction::Up, "mine")
        .await?
        .expect(202)?;
    assert_ne!(theirs.id("vote_id")?, vote_id);
    Ok(())
}

on_both!(a_vote_is_its_voters_own_business);

async fn a_vote_is_its_voters_own_business(site: &Site) -> Result<()> {
    let (_author, review) = site.author(site.place().await?, "author").await?;
    let client = site.client()?;
    let (voter, other) = (
        client.sign_up("voter").await?,
        client.sign_up("other").await?,
    );
    let vote_id = voter
        .vote(review, Direction::Up)
        .await?
        .expect(202)?
        .id("vote_id")?;
    other.status(vote_id).await?.expect(404)?;
    voter.wait_until_settled(vote_id).await?;
    other
        .status(vote_id)
        .await?
        .expect_problem(404, "vote_not_found")?;
    let listed = other
        .ask_gateway(Method::GET, &format!("/votes?ids={vote_id}"), None)
        .await?
        .expect(200)?;
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(0));
    Ok(())
}

on_both!(
    an_author_is_rewarded_once,
    "TALLY__REVIEWS__REWARD__UP_VOTES" = "3",
    "TALLY__REVIEWS__REWARD__CREDIT" = "5",
);

/// At the third member who ever voted up, though the first took the vote back; and not
/// again at the fourth, fifth, nor when the first votes up once more.
async fn an_author_is_rewarded_once(site: &Site) -> Result<()> {
    let (author, review) = site.author(site.place().await?, "author").await?;
    let client = site.client()?;
    let voters = try_join_all((0..5).map(|n| {
        let client = client.clone();
        async move { client.sign_up(&format!("voter-{n}")).await }
    }))
    .await?;
    vote_and_wait(&voters[0], review, Direction::Up).await?;
    vote_and_wait(&voters[0], review, Direction::None).await?;
    vote_and_wait(&voters[1], review, Direction::Up).await?;
    assert_eq!(author.me().await?["credit"], 0);
    let before = client.review(review).await?.expect(200)?;
    assert_eq!(before.body["reward_sent_at"], Value::Null);

    vote_and_wait(&voters[2], review, Direction::Up).await?;
    assert_eq!(author.me().await?["credit"], 5);
    for voter in [&voters[3], &voters[4], &voters[0]] {
        vote_and_wait(voter, review, Direction::Up).await?;
    }
    assert_eq!(author.me().await?["credit"], 5);
    site.wait_for_counts(review, 5, 0).await?;
    // What is shown of the review may lag a cache lifetime behind.
    let mut sent_at = Value::Null;
    for _ in 0..100 {
        sent_at = client.review(review).await?.expect(200)?.body["reward_sent_at"].clone();
        if !sent_at.is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    moment(&sent_at).context("reward_sent_at")?;
    Ok(())
}

on_both!(a_deleted_review_takes_no_votes);

async fn a_deleted_review_takes_no_votes(site: &Site) -> Result<()> {
    let (author, review) = site.author(site.place().await?, "author").await?;
    let voter = site.client()?.sign_up("voter").await?;
    vote_and_wait(&voter, review, Direction::Up).await?;
    let path = format!("/reviews/{review}");
    author.ask(Method::DELETE, &path, None).await?.expect(204)?;
    author
        .client
        .review(review)
        .await?
        .expect_problem(404, "review_not_found")?;
    // A gateway may believe what SQL said two seconds ago.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let refused = voter.vote(review, Direction::Down).await?;
    refused.expect_problem(404, "review_not_found")?;
    let unknown = voter.vote(Uuid::from_u128(7), Direction::Up).await?;
    unknown.expect_problem(404, "review_not_found")?;
    assert_eq!(voter.votes_used().await?, 1);
    Ok(())
}

async fn vote_and_wait(voter: &Member, review: Uuid, direction: Direction) -> Result<()> {
    let vote_id = voter
        .vote(review, direction)
        .await?
        .expect(202)?
        .id("vote_id")?;
    let ended = voter.wait_until_settled(vote_id).await?;
    ensure!(ended["state"] == "counted", "{ended}");
    Ok(())
}

/// Reviews by as many authors.
async fn reviews(site: &Site, place: Place, n: usize) -> Result<Vec<Uuid>> {
    let names: Vec<String> = (0..n).map(|n| format!("author-{n}")).collect();
    let written = try_join_all(names.iter().map(|name| site.author(place, name))).await?;
    Ok(written
        .into_iter()
        .map(|(_author, review)| review)
        .collect())
}

fn moment(value: &Value) -> Result<DateTime<Utc>> {
    let text = value
        .as_str()
        .with_context(|| format!("no time: {value}"))?;
    Ok(DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc))
}
