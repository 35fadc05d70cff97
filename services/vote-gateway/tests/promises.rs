//! The promises, on the engine alone: real servers and embedded adapters.

mod engine;

use std::collections::HashSet;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use engine::{DOWN, Engine, UP, admitted, ballot, noon, on_each_engine, under, vote};
use vote_domain::RejectReason;
use vote_domain::review::{Ballot, Rejection};
use vote_domain::{Clock, ReviewId, UserId};
use vote_gateway::{Accepted, CastError, ReviewRefusal, VoteState};
use vote_store::settle::RewardPolicy;

const NO_REWARD: RewardPolicy = RewardPolicy {
    up_votes: 1_000,
    credit: 0,
};

on_each_engine! {
    async fn thirty_two_upvotes_at_once_are_one_vote_and_cost_one(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let other = engine.another_gateway();
        let mut casting = tokio::task::JoinSet::new();
        for n in 0..32 {
            let gateway = if n % 2 == 0 { engine.gateway.clone() } else { other.clone() };
            casting.spawn(async move { vote(gateway.cast(ballot(voter, review, UP)).await) });
        }
        let answers: HashSet<_> = casting.join_all().await.into_iter().collect();
        assert_eq!(answers.len(), 1, "{answers:?}");
        let (vote_id, used) = answers.into_iter().next().expect("one");
        assert_eq!(used, 1);
        assert_eq!(engine.settled(voter, &[vote_id]).await?, [VoteState::Counted]);
        assert_eq!(engine.counts(review).await?, (1, 0));
        let used = "SELECT COALESCE(SUM(used), 0) AS n FROM review_voter_days";
        assert_eq!(engine.store.select_number(&format!("SELECT CAST(n AS SIGNED) AS n FROM ({used}) t")).await?, 1);
        Ok(())
    }

    async fn a_vote_is_changed_and_taken_back(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let cast = async |direction| engine.gateway.cast(ballot(voter, review, direction)).await;
        assert!(matches!(cast(None).await, Ok(Accepted::Nothing)));
        let (up, used) = vote(cast(UP).await);
        assert_eq!(used, 1);
        assert_eq!(vote(cast(UP).await), (up, 1));
        let (down, used) = vote(cast(DOWN).await);
        assert_eq!(used, 2);
        let (back, used) = vote(cast(None).await);
        assert_eq!(used, 2);
        assert!(matches!(cast(None).await, Ok(Accepted::Nothing)));
        engine.settled(voter, &[up, down, back]).await?;
        assert_eq!(engine.counts(review).await?, (0, 0));
        let statuses = engine.gateway.statuses(voter, &[up, down, back]).await?;
        let next: Vec<_> = statuses.iter().map(|vote| vote.superseded_by).collect();
        assert_eq!(next, [Some(down), Some(back), None]);
        // Settled, the state says the same.
        assert!(matches!(cast(None).await, Ok(Accepted::Nothing)));
        let (again, used) = vote(cast(UP).await);
        assert_eq!(used, 3);
        engine.settled(voter, &[again]).await?;
        assert_eq!(engine.counts(review).await?, (1, 0));
        assert!(matches!(
            cast(DOWN).await,
            Err(CastError::Refused(ReviewRefusal::Rejected(Rejection::DailyQuotaUsed(_), _)))
        ));
        Ok(())
    }

    async fn one_key_is_one_vote_before_and_after_settling(engine: Engine) -> Result<()> {
        let (voter, review): (UserId, _) = (engine.ids.next(), engine.review().await?);
        let keyed = |key: &str, direction| under(key, ballot(voter, review, direction));
        let (up, _) = vote(engine.gateway.cast(keyed("a", UP)).await);
        assert_eq!(vote(engine.another_gateway().cast(keyed("a", UP)).await).0, up);
        assert!(matches!(engine.gateway.cast(keyed("a", DOWN)).await, Err(CastError::KeyReused)));
        // A key under which nothing new was cast stands for the vote that stood.
        assert_eq!(vote(engine.gateway.cast(keyed("b", UP)).await).0, up);
        let (down, _) = vote(engine.gateway.cast(keyed("c", DOWN)).await);
        assert_eq!(vote(engine.gateway.cast(keyed("b", UP)).await).0, up);
        engine.work();
        engine.settled(voter, &[up, down]).await?;
        assert_eq!(vote(engine.gateway.cast(keyed("a", UP)).await).0, up);
        assert_eq!(vote(engine.another_gateway().cast(keyed("c", DOWN)).await).0, down);
        assert!(matches!(engine.gateway.cast(keyed("c", None)).await, Err(CastError::KeyReused)));
        assert_eq!(engine.counts(review).await?, (0, 1));
        Ok(())
    }

    async fn a_key_is_known_to_the_ledger_when_the_voters_base_is_old(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review): (UserId, _) = (engine.ids.next(), engine.review().await?);
        let keyed = |direction| under("a", ballot(voter, review, direction));
        let (up, _) = vote(engine.gateway.cast(keyed(UP)).await);
        let (down, _) = vote(engine.gateway.cast(ballot(voter, review, DOWN)).await);
        engine.settled(voter, &[up, down]).await?;
        age(&engine, voter).await?;
        assert_eq!(vote(engine.gateway.cast(keyed(UP)).await), (up, 2));
        age(&engine, voter).await?;
        assert!(matches!(engine.gateway.cast(keyed(None)).await, Err(CastError::KeyReused)));
        assert_eq!(engine.states().read(voter).await?.state.in_flight, []);
        Ok(())
    }

    async fn a_vote_reserved_by_a_gateway_that_died_is_sent_again_and_counted(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, first, second) = (engine.ids.next(), engine.review().await?, engine.review().await?);
        // What a gateway leaves that is killed between reserving and publishing.
        let now = engine.states().read(voter).await?.now;
        let lost = admitted(voter, up(first), now, 77);
        engine.reserve(&lost, false).await?;

        let (vote_id, used) = vote(engine.gateway.cast(ballot(voter, second, UP)).await);
        assert_eq!(used, 2);
        let ends = engine.settled(voter, &[lost.vote_id, vote_id]).await?;
        assert_eq!(ends, [VoteState::Counted, VoteState::Counted]);
        assert_eq!(engine.counts(first).await?, (1, 0));
        Ok(())
    }

    async fn the_same_ballot_adopts_a_vote_of_unknown_fate(engine: Engine) -> Result<()> {
        engine.work();
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let now = engine.states().read(voter).await?.now;
        let lost = admitted(voter, up(review), now, 77);
        engine.reserve(&lost, true).await?;
        assert_eq!(vote(engine.gateway.cast(ballot(voter, review, UP)).await), (lost.vote_id, 1));
        assert_eq!(engine.settled(voter, &[lost.vote_id]).await?, [VoteState::Counted]);
        Ok(())
    }

    async fn a_vote_settled_by_a_worker_that_died_before_telling_leaves_the_flight(engine: Engine) -> Result<()> {
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let (vote_id, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
        // The commit without the telling.
        let states = engine.states();
        let mut known = states.read(voter).await?;
        let sent = known.state.in_flight[0].clone();
        engine.store.settle(&[sent.vote], NO_REWARD, noon()).await?;
        // Half a minute later.
        known.state.base.loaded_at -= TimeDelta::seconds(31);
        assert!(states.write(voter, &known).await?);
        assert_eq!(vote(engine.gateway.cast(ballot(voter, review, UP)).await), (vote_id, 1));
        let known = states.read(voter).await?;
        assert!(known.state.in_flight.is_empty());
        assert_eq!(known.state.base.version, 1);
        Ok(())
    }

    async fn sql_holds_the_quota_when_states_are_lost(engine: Engine) -> Result<()> {
        let voter = engine.ids.next();
        let mut votes = Vec::new();
        for n in 0..5 {
            if n == 3 {
                // All that Redis knew of the voter is gone; the votes are in the queue.
                forget(&engine, voter).await?;
            }
            let review = engine.review().await?;
            votes.push(vote(engine.gateway.cast(ballot(voter, review, UP)).await).0);
        }
        engine.work();
        let ends = engine.settled(voter, &votes).await?;
        let n_counted = ends.iter().filter(|end| **end == VoteState::Counted).count();
        let n_rejected = ends
            .iter()
            .filter(|end| **end == VoteState::Rejected(RejectReason::DailyQuotaUsed))
            .count();
        assert_eq!((n_counted, n_rejected), (3, 2));
        Ok(())
    }

    async fn what_no_worker_can_read_is_kept_and_its_neighbours_count(engine: Engine) -> Result<()> {
        use bytes::Bytes;
        let (voter, review) = (engine.ids.next(), engine.review().await?);
        let good = admitted(voter, up(review), noon(), 1);
        let mut newer = vote_messages::vote::encode(&good, "").to_vec();
        newer[1] = 9;
        let bodies = [
            Bytes::from_static(b"\xff\xffnonsense"),
            vote_messages::vote::frame(&[
                Bytes::from(newer.clone()),
                vote_messages::vote::encode(&good, ""),
                Bytes::from_static(b"\x08\x01rubbish"),
            ]),
        ];
        for body in bodies {
            engine.publish_body(body).await?;
        }
        engine.work();
        assert_eq!(engine.settled(voter, &[good.vote_id]).await?, [VoteState::Counted]);
        let mut reasons = Vec::new();
        for _ in 0..200 {
            let letters = engine.store.open_dead_letters(None, 10).await?;
            reasons = letters.iter().map(|letter| (letter.kind.clone(), letter.reason.clone())).collect();
            reasons.sort();
            if letters.len() == 3 {
                assert!(letters.iter().any(|letter| letter.bytes == newer));
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let reasons: Vec<_> = reasons.iter().map(|(k, r)| (k.as_str(), r.as_str())).collect();
        assert_eq!(
            reasons,
            [("message", "malformed"), ("vote", "malformed"), ("vote", "unsupported_version")]
        );
        Ok(())
    }

    async fn an_author_is_rewarded_and_the_review_kept_from_before_is_forgotten(engine: Engine) -> Result<()> {
        let review = engine.review().await?;
        let entry = vote_cache::key::review_entry(review);
        let hour = std::time::Duration::from_secs(3_600);
        engine.cache.put(&entry, b"old", hour).await?;
        engine.work();
        for _ in 0..10 {
            assert!(engine.cache.get(&entry).await?.is_some());
            let voter = engine.ids.next();
            let (vote_id, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
            engine.settled(voter, &[vote_id]).await?;
        }
        for _ in 0..200 {
            if engine.cache.get(&entry).await?.is_none() {
                let rewards = "SELECT COUNT(*) AS n FROM rewards";
                assert_eq!(engine.store.select_number(rewards).await?, 1);
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        anyhow::bail!("the review is still kept")
    }

    async fn draining_answers_every_vote_that_was_begun(engine: Engine) -> Result<()> {
        let review = engine.review().await?;
        let mut casting = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (gateway, voter) = (engine.gateway.clone(), engine.ids.next());
            casting.spawn(async move {
                match gateway.cast(ballot(voter, review, UP)).await {
                    Ok(accepted) => Some((voter, vote(Ok(accepted)).0)),
                    Err(CastError::Unavailable(_)) => None,
                    Err(error) => panic!("{error}"),
                }
            });
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        engine.gateway.drain().await;
        let accepted: Vec<_> = casting.join_all().await.into_iter().flatten().collect();
        engine.work();
        for (voter, vote_id) in &accepted {
            let ends = engine.settled(*voter, &[*vote_id]).await?;
            assert_eq!(ends, [VoteState::Counted]);
        }
        assert_eq!(engine.counts(review).await?.0, accepted.len() as u64);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_ends_at_local_midnight_also_where_clocks_change() -> Result<()> {
    // Berlin, the night of 29 March 2026: the day has 23 hours.
    let last: DateTime<Utc> = "2026-03-29T21:59:59.999999Z".parse()?;
    let midnight: DateTime<Utc> = "2026-03-29T22:00:00Z".parse()?;
    let clock = Clock::manual(last - TimeDelta::hours(22));
    let engine = Engine::embedded(clock.clone()).await?;
    engine.work();
    let voter = engine.ids.next();
    for n in 1..=3 {
        let review = engine.review().await?;
        assert_eq!(
            vote(engine.gateway.cast(ballot(voter, review, UP)).await).1,
            n
        );
    }
    let review = engine.review().await?;
    clock.set(last);
    match engine.gateway.cast(ballot(voter, review, UP)).await {
        Err(CastError::Refused(ReviewRefusal::Rejected(Rejection::DailyQuotaUsed(quota), now))) => {
            assert_eq!((quota.resets_at, now), (midnight, last));
        }
        other => panic!("{other:?}"),
    }
    clock.set(midnight);
    let (vote_id, used) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
    assert_eq!(used, 1);
    assert_eq!(
        engine.settled(voter, &[vote_id]).await?,
        [VoteState::Counted]
    );
    Ok(())
}

/// A vote that SQL refuses by no fault of its own server: a day no `DATE` can hold.
#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_sql_refuses_becomes_a_dead_letter_and_its_neighbours_count() -> Result<()> {
    let engine = Engine::real("poison").await?;
    let review = engine.review().await?;
    let voters: Vec<UserId> = (0..9).map(|_| engine.ids.next()).collect();
    let mut votes: Vec<_> = voters
        .iter()
        .map(|voter| admitted(*voter, up(review), noon(), 1))
        .collect();
    votes[4].day = chrono::NaiveDate::from_ymd_opt(20_000, 1, 1).expect("a day");
    engine.publish(&votes).await?;
    engine.work();
    for (n, vote) in votes.iter().enumerate() {
        if n != 4 {
            let ends = engine.settled(vote.voter, &[vote.vote_id]).await?;
            assert_eq!(ends, [VoteState::Counted]);
        }
    }
    for _ in 0..1_500 {
        let letters = engine
            .store
            .open_dead_letters(Some("votes.reviews"), 10)
            .await?;
        if let [letter] = &letters[..] {
            let bytes = vote_messages::vote::encode(&votes[4], "");
            assert_eq!(
                (letter.reason.as_str(), &letter.bytes[..]),
                ("refused", &bytes[..])
            );
            assert_eq!(engine.counts(review).await?, (8, 0));
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    anyhow::bail!("no dead letter")
}

fn up(review: ReviewId) -> Ballot {
    Ballot {
        review,
        direction: UP,
    }
}

/// Makes the voter's base one that SQL must be asked about.
async fn age(engine: &Engine, voter: UserId) -> Result<()> {
    let states = engine.states();
    let mut known = states.read(voter).await?;
    known.state.base.loaded_at = chrono::DateTime::UNIX_EPOCH;
    assert!(states.write(voter, &known).await?);
    Ok(())
}

/// Makes the voter's state what it is after a loss: as if it had never been.
async fn forget(engine: &Engine, voter: UserId) -> Result<()> {
    let states = engine.states();
    let mut known = states.read(voter).await?;
    known.state = vote_domain::review::VoterState::default();
    known.state.base.complete = true;
    known.state.base.loaded_at = known.now;
    assert!(states.write(voter, &known).await?);
    Ok(())
}
