//! Voids of votes on reviews: at the gateway and the worker, on each kind of adapters, and
//! over HTTP.

#[macro_use]
mod engine;

use actix_web::web::Data;
use anyhow::Result;
use bootstrap::Secret;
use bootstrap::settings::{Http, SigningKey};
use engine::{DOWN, Engine, UP, admitted, ballot, vote};
use http_kit::{Actor, Meter, Site, Tokens};
use serde_json::{Value, json};
use utoipa::OpenApi;
use uuid::Uuid;
use vote_domain::review::{Ballot, Direction};
use vote_domain::{Clock, Ids, ReviewId, Role, UserId};
use vote_gateway::{VoidError, VoidOrder, VoidTarget, Voided, VoteState, routes};

/// Voids `target` on `review`, returning the votes of the day.
async fn void(
    engine: &Engine,
    review: ReviewId,
    target: VoidTarget<UserId>,
) -> Result<Voided, VoidError> {
    let order = VoidOrder {
        by: engine.ids.next(),
        reason: "bought".to_owned(),
        forfeit: false,
    };
    let voiding = engine.gateway.void_review_votes(review, target, order);
    Ok(voiding.await?.1)
}

const AT_ONCE: Voided = Voided {
    n_votes: 1,
    is_waiting: false,
};

const NOTHING: Voided = Voided {
    n_votes: 0,
    is_waiting: false,
};

/// The ups and downs of `review` in the cache.
async fn shown(engine: &Engine, review: ReviewId) -> Result<Option<(u64, u64)>> {
    let counts = engine.cache.get_counts(&[review]).await?;
    Ok(counts.get(&review).map(|counts| (counts.up, counts.down)))
}

/// What stands for `voter` on `review`, as the voter's state has it.
async fn stands(
    engine: &Engine,
    voter: UserId,
    review: ReviewId,
) -> Result<Option<Option<Direction>>> {
    let known = engine.states().read(voter).await?;
    assert!(known.was_there());
    Ok(known.state.standing(review).map(|s| s.direction))
}

on_each_engine! {
    async fn a_void_of_a_counted_vote_shows_at_once(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let (up, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        let (down, used) = vote(engine.gateway.cast(ballot(voter, review, DOWN)).await);
        assert_eq!(used, 2);
        engine.settled(voter, &[up, down]).await?;

        assert_eq!(void(&engine, review, VoidTarget::Vote(down)).await?, AT_ONCE);
        assert_eq!(stands(&engine, voter, review).await?, Some(UP));
        assert_eq!(shown(&engine, review).await?, Some((1, 0)));
        assert_eq!(engine.counts(review).await?, (1, 0));
        let statuses = engine.gateway.statuses(voter, &[up, down]).await?;
        let told: Vec<_> = statuses
            .iter()
            .map(|vote| (vote.state, vote.void_reason.as_deref(), vote.superseded_by))
            .collect();
        assert_eq!(
            told,
            [(VoteState::Counted, None, None), (VoteState::Voided, Some("bought"), None)]
        );
        // The vote that stands again costs nothing, the one returned is there to be used.
        assert_eq!(vote(engine.gateway.cast(ballot(voter, review, UP)).await), (up, 1));
        assert_eq!(void(&engine, review, VoidTarget::Vote(down)).await?, NOTHING);
        let (_, used) = vote(engine.gateway.cast(ballot(voter, review, DOWN)).await);
        assert_eq!(used, 2);
        Ok(())
    }

    async fn a_forfeited_vote_of_the_day_stays_used(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let (up, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        engine.settled(voter, &[up]).await?;
        let order = VoidOrder { by: voter, reason: "bought".to_owned(), forfeit: true };
        engine.gateway.void_review_votes(review, VoidTarget::Vote(up), order).await?;
        assert_eq!(stands(&engine, voter, review).await?, None);
        let (_, used) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        assert_eq!(used, 2);
        Ok(())
    }

    async fn a_voter_s_votes_are_voided_with_those_still_queued_and_no_later_ones(engine: Engine) -> Result<()> {
        let (voter, review, other) = (engine.ids.next(), engine.review().await?, engine.review().await?);
        let (up, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        let (elsewhere, _) = vote(engine.gateway.cast(ballot(voter, other, UP)).await);
        assert_eq!(void(&engine, review, VoidTarget::Voter(voter)).await?, NOTHING);
        let (later, used) = vote(engine.gateway.cast(ballot(voter, review, DOWN)).await);
        assert_eq!(used, 3);
        engine.work();
        let ends = engine.settled(voter, &[up, elsewhere, later]).await?;
        assert_eq!(ends, [VoteState::Voided, VoteState::Counted, VoteState::Counted]);
        assert_eq!((engine.counts(review).await?, engine.counts(other).await?), ((0, 1), (1, 0)));
        // What was returned can be used again.
        for _ in 0..500 {
            if engine.states().read(voter).await?.state.in_flight.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let (_, used) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        assert_eq!(used, 3);
        Ok(())
    }

    async fn a_queued_vote_is_voided_by_its_id_when_it_settles(engine: Engine) -> Result<()> {
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let (up, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        let waiting = Voided { n_votes: 0, is_waiting: true };
        for _ in 0..2 {
            assert_eq!(void(&engine, review, VoidTarget::Vote(up)).await?, waiting);
        }
        engine.work();
        assert_eq!(engine.settled(voter, &[up]).await?, [VoteState::Voided]);
        let status = engine.gateway.statuses(voter, &[up]).await?;
        assert_eq!(status[0].void_reason.as_deref(), Some("bought"));
        assert_eq!(engine.counts(review).await?, (0, 0));
        Ok(())
    }

    async fn a_voided_take_back_gives_the_vote_again(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let (up, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        let (back, _) = vote(engine.gateway.cast(ballot(voter, review, None)).await);
        engine.settled(voter, &[up, back]).await?;
        assert_eq!(void(&engine, review, VoidTarget::Vote(back)).await?, AT_ONCE);
        assert_eq!(stands(&engine, voter, review).await?, Some(UP));
        assert_eq!(shown(&engine, review).await?, Some((1, 0)));
        Ok(())
    }

    async fn a_voter_without_a_state_gets_one_that_knows_of_the_void(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let now = engine.states().read(voter).await?.now;
        let sent = admitted(voter, Ballot { review, direction: UP }, now, 1);
        engine.publish(std::slice::from_ref(&sent)).await?;
        engine.settled(voter, &[sent.vote_id]).await?;
        assert!(!engine.states().read(voter).await?.was_there());
        assert_eq!(void(&engine, review, VoidTarget::Voter(voter)).await?, AT_ONCE);
        assert_eq!(stands(&engine, voter, review).await?, None);
        Ok(())
    }

    async fn voids_made_while_their_votes_settle_are_never_lost(engine: Engine) -> Result<()> {
        engine.work();
        let review = engine.review().await?;
        let mut voting = tokio::task::JoinSet::new();
        for n in 0..40_u64 {
            let (gateway, voter): (_, UserId) = (engine.gateway.clone(), engine.ids.next());
            let by = engine.ids.next();
            voting.spawn(async move {
                let (vote_id, _) = vote(gateway.cast(ballot(voter, review, UP)).await);
                tokio::time::sleep(std::time::Duration::from_micros(n * 300)).await;
                let order = VoidOrder { by, reason: "bought".to_owned(), forfeit: false };
                let target = match n % 2 {
                    0 => VoidTarget::Vote(vote_id),
                    _ => VoidTarget::Voter(voter),
                };
                let voided = gateway.void_review_votes(review, target, order).await;
                (voter, vote_id, voided.map(|_| ()).map_err(|error| error.to_string()))
            });
        }
        let voters = voting.join_all().await;
        for (voter, vote_id, voided) in voters {
            assert_eq!(voided, Ok(()));
            // A worker may be about to find the mark.
            for n_looks in 0.. {
                if engine.settled(voter, &[vote_id]).await? == [VoteState::Voided] {
                    break;
                }
                assert!(n_looks < 300, "the void of {vote_id} is lost");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
        assert_eq!(engine.counts(review).await?, (0, 0));
        for table in ["review_standings", "review_vote_marks"] {
            let sql = format!("SELECT COUNT(*) AS n FROM {table}");
            assert_eq!(engine.store.select_number(&sql).await?, 0);
        }
        Ok(())
    }
}

fn tokens() -> Result<Tokens> {
    let key = SigningKey {
        id: "test".to_owned(),
        secret: Secret::new("0123456789abcdef0123456789abcdef"),
    };
    Ok(Tokens::new(&[key], 900, Clock::system())?)
}

/// Somebody with an account, signed in.
async fn account(engine: &Engine, role: Role) -> Result<Actor> {
    let (user_id, session_id): (UserId, Uuid) = (engine.ids.next(), engine.ids.next());
    let at = "'2026-03-01 00:00:00.000000'";
    let (user, session) = (user_id.0.simple(), session_id.simple());
    engine
        .store
        .execute_raw(&format!(
            "INSERT INTO users VALUES (X'{user}', '{user_id}', '', '{role}', 0, {at})"
        ))
        .await?;
    engine
        .store
        .execute_raw(&format!(
            "INSERT INTO sessions VALUES (X'{session}', X'{user}', {at}, {at}, NULL)"
        ))
        .await?;
    Ok(Actor {
        user_id,
        role,
        session_id,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_moderators_void_and_anything_else_is_a_problem_that_changes_nothing()
-> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let (moderator, member) = (
        account(&engine, Role::Moderator).await?,
        account(&engine, Role::Member).await?,
    );
    let stranger = Actor {
        session_id: Uuid::from_u128(1),
        ..moderator
    };
    let (gateway, tokens) = (engine.gateway.clone(), tokens()?);
    let http = Http {
        port: 0,
        threads: 1,
        ..Http::default()
    };
    let site = Site::new(
        &http,
        routes::Api::openapi(),
        Meter::install()?,
        Ids::random(),
    );
    let listening = site
        .with_tokens(tokens.clone())
        .with_routes(move |config| {
            config.app_data(Data::new(gateway.clone()));
            routes::configure(config);
        })
        .listen(engine.stop.clone())?;
    let base = format!("http://{}/api/v1", listening.address());
    let client = reqwest::Client::new();
    let post = async |actor: Actor, review: String, body: Value| -> Result<(u16, Value)> {
        let request = client
            .post(format!("{base}/reviews/{review}/voids"))
            .bearer_auth(tokens.sign(actor)?)
            .json(&body);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };

    engine.work();
    let (review, other) = (
        engine.review_by(moderator.user_id).await?,
        engine.review().await?,
    );
    let voter = member.user_id;
    let (counted, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
    let own = Ballot {
        review,
        direction: UP,
    };
    let rejected = admitted(moderator.user_id, own, Clock::system().now(), 1);
    engine.publish(std::slice::from_ref(&rejected)).await?;
    engine.settled(voter, &[counted]).await?;
    engine
        .settled(moderator.user_id, &[rejected.vote_id])
        .await?;

    let (here, there) = (review.to_string(), other.to_string());
    let nowhere = Uuid::from_u128(7).to_string();
    let sound = json!({"vote_id": counted.0, "reason": "bought"});
    let of = |kind: &str, id: &str| json!({"voter": {"kind": kind, "id": id}, "reason": "r"});
    let id = voter.to_string();
    let both = json!({"vote_id": counted.0, "voter": {"kind": "member", "id": id}, "reason": "r"});
    let text = |reason: String| json!({"vote_id": counted.0, "reason": reason});
    let never = json!({"vote_id": rejected.vote_id.0, "reason": "r"});
    let cases = [
        (member, &here, sound.clone(), 403, "forbidden"),
        (stranger, &here, sound.clone(), 401, "unauthenticated"),
        (moderator, &nowhere, sound.clone(), 404, "review_not_found"),
        (
            moderator,
            &nowhere,
            of("member", &id),
            404,
            "review_not_found",
        ),
        (moderator, &there, sound.clone(), 404, "vote_not_found"),
        (moderator, &here, never, 409, "vote_not_counted"),
        (moderator, &"7".to_owned(), sound.clone(), 422, "invalid_id"),
        (moderator, &here, both, 422, "invalid_body"),
        (
            moderator,
            &here,
            json!({"reason": "r"}),
            422,
            "invalid_body",
        ),
        (
            moderator,
            &here,
            json!({"vote_id": counted.0}),
            422,
            "invalid_body",
        ),
        (moderator, &here, text(String::new()), 422, "invalid_body"),
        (moderator, &here, text("x".repeat(501)), 422, "invalid_body"),
        (
            moderator,
            &here,
            json!({"vote_id": 7, "reason": "r"}),
            422,
            "invalid_body",
        ),
        (
            moderator,
            &here,
            json!({"vote_id": counted.0, "reason": "r", "more": 1}),
            422,
            "invalid_body",
        ),
        (moderator, &here, of("member", "x"), 422, "invalid_voter"),
        (moderator, &here, of("jury", "DE"), 422, "invalid_voter"),
    ];
    for (actor, review, body, status, code) in cases {
        let what = body.to_string();
        let (got, problem) = post(actor, review.clone(), body).await?;
        assert_eq!(
            (got, &problem["code"]),
            (status, &json!(code)),
            "{what:.90}: {problem}"
        );
    }
    for table in [
        "review_voids",
        "review_vote_marks",
        "review_voter_marks",
        "audit_log",
    ] {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        assert_eq!(engine.store.select_number(&sql).await?, 0, "{table}");
    }
    assert_eq!(engine.counts(review).await?, (1, 0));

    let (status, voided) = post(moderator, here.clone(), sound.clone()).await?;
    assert_eq!(
        (status, &voided["voided"], &voided["waiting"]),
        (202, &json!(1), &json!(false))
    );
    assert!(voided["void_id"].is_string());
    let (status, again) = post(moderator, here.clone(), sound).await?;
    assert_eq!((status, &again["voided"]), (202, &json!(0)));
    let (status, _) = post(moderator, here.clone(), of("member", &id)).await?;
    assert_eq!(status, 202);
    let unknown = json!({"vote_id": Uuid::from_u128(99), "reason": "r", "forfeit": true});
    let (status, waiting) = post(moderator, here, unknown).await?;
    assert_eq!((status, &waiting["waiting"]), (202, &json!(true)));
    let vote = client
        .get(format!("{base}/votes/{counted}"))
        .bearer_auth(tokens.sign(member)?);
    let vote: Value = vote.send().await?.json().await?;
    assert_eq!(
        (&vote["state"], &vote["reason"]),
        (&json!("voided"), &json!("bought"))
    );
    assert_eq!(engine.counts(review).await?, (0, 0));
    let records = "SELECT COUNT(*) AS n FROM audit_log";
    assert_eq!(engine.store.select_number(records).await?, 3);
    Ok(())
}
