//! Attempts to break the promises; most of them did once.

mod engine;

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use engine::{DOWN, Engine, UP, admitted, ballot, noon, stranger, under, vote};
use tokio_util::sync::CancellationToken;
use vote_cache::{Keep, StateKey, Token, Write};
use vote_domain::review::{Ballot, Direction};
use vote_domain::{Clock, ReviewId, UserId};
use vote_gateway::{Accepted, CastError, VoteState};

const LIMIT: Duration = Duration::from_secs(20);

fn on(review: ReviewId, direction: Option<Direction>) -> Ballot {
    Ballot { review, direction }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_after_a_vote_of_unknown_fate_sends_it_again() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    engine.work();
    let (voter, review) = (engine.ids.next(), engine.review().await?);
    let now = engine.states().read(voter).await?.now;
    let lost = admitted(voter, on(review, UP), now, 1);
    engine.reserve(&lost, true).await?;
    let ends = engine.settled(voter, &[lost.vote_id]).await?;
    assert_eq!(ends, [VoteState::Counted]);
    Ok(())
}

/// A take-back whose gateway was killed before it published, and the same again at
/// another gateway while the first still passes for alive.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_take_back_is_not_said_on_the_word_of_a_vote_never_sent() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    engine.work();
    let (voter, review) = (engine.ids.next(), engine.review().await?);
    let (up, _) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
    engine.settled(voter, &[up]).await?;
    let states = engine.states();
    while !states.read(voter).await?.state.in_flight.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let now = states.read(voter).await?.now;
    let back = admitted(voter, on(review, None), now, 1);
    engine.reserve(&back, false).await?;
    engine
        .cache
        .beat(stranger(), Duration::from_secs(5))
        .await?;
    let answer = engine.gateway.cast(ballot(voter, review, None)).await?;
    assert_eq!(answer, Accepted::Nothing);
    assert_eq!(
        engine.settled(voter, &[back.vote_id]).await?,
        [VoteState::Counted]
    );
    assert_eq!(engine.counts(review).await?, (0, 0));
    Ok(())
}

/// The same ballot at two gateways at once, one of which has no broker.
#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_another_gateway_vouched_for_is_not_released() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let folder = tempfile::tempdir()?;
    let broken = engine.gateway_without_broker(&folder).await?;
    let review = engine.review().await?;
    for n in 0..120 {
        let voter: UserId = engine.ids.next();
        let refused = tokio::spawn({
            let broken = broken.clone();
            async move { broken.cast(ballot(voter, review, UP)).await }
        });
        tokio::time::sleep(Duration::from_micros(50 * (n % 30))).await;
        let answer = engine.gateway.cast(ballot(voter, review, UP)).await;
        let refused = refused.await?;
        if let Ok(Accepted::Vote(vote_id, _)) = answer {
            let state = engine.states().read(voter).await?.state;
            assert!(state.in_flight(vote_id).is_some(), "{n}: {refused:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_the_broker_refuses_is_no_202_and_leaves_nothing() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let folder = tempfile::tempdir()?;
    let broken = engine.gateway_without_broker(&folder).await?;
    let (voter, review) = (engine.ids.next(), engine.review().await?);
    match broken.cast(ballot(voter, review, UP)).await {
        Err(CastError::Unavailable(error)) => assert_eq!(error.vote_id, None),
        other => panic!("{other:?}"),
    }
    assert!(
        engine
            .states()
            .read(voter)
            .await?
            .state
            .in_flight
            .is_empty()
    );
    engine.work();
    let (vote_id, used) = vote(engine.gateway.cast(ballot(voter, review, UP)).await);
    assert_eq!(used, 1);
    assert_eq!(
        engine.settled(voter, &[vote_id]).await?,
        [VoteState::Counted]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_503_does_not_carry_the_id_of_another_vote() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let folder = tempfile::tempdir()?;
    let broken = engine.gateway_without_broker(&folder).await?;
    let (voter, first, second) = (
        engine.ids.next(),
        engine.review().await?,
        engine.review().await?,
    );
    let now = engine.states().read(voter).await?.now;
    let lost = admitted(voter, on(first, UP), now, 1);
    engine.reserve(&lost, true).await?;
    // Under a key of its own, the same ballot is another intent, too.
    for other in [ballot(voter, second, DOWN), ballot(voter, first, UP)] {
        match broken.cast(under("new", other)).await {
            Err(CastError::Unavailable(error)) => assert_eq!(error.vote_id, None),
            other => panic!("{other:?}"),
        }
    }
    match broken.cast(ballot(voter, first, UP)).await {
        Err(CastError::Unavailable(error)) => assert_eq!(error.vote_id, Some(lost.vote_id)),
        other => panic!("{other:?}"),
    }
    Ok(())
}

/// SQL stalls while a ballot is looked at; whoever sent it has been answered 503.
#[tokio::test(flavor = "multi_thread")]
async fn a_ballot_is_not_cast_behind_the_back_of_who_was_told_503() -> Result<()> {
    let engine = Engine::real("late").await?;
    engine.work();
    let (voter, review) = (engine.ids.next(), engine.review().await?);
    engine
        .store
        .execute_raw("LOCK TABLES review_voters WRITE, reviews WRITE")
        .await?;
    let casting = tokio::spawn({
        let gateway = engine.gateway.clone();
        async move { gateway.cast(ballot(voter, review, UP)).await }
    });
    tokio::time::sleep(Duration::from_secs(4)).await;
    engine.store.execute_raw("UNLOCK TABLES").await?;
    assert!(matches!(casting.await?, Err(CastError::Unavailable(_))));
    assert!(
        engine
            .states()
            .read(voter)
            .await?
            .state
            .in_flight
            .is_empty()
    );
    Ok(())
}

/// A table that is not there yet, a right that is missing: the canary lives all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_schema_blames_no_vote() -> Result<()> {
    let engine = Engine::real("schema").await?;
    let review = engine.review().await?;
    let away = "RENAME TABLE review_standings TO away";
    engine.store.execute_raw(away).await?;
    let votes: Vec<_> = (0..20)
        .map(|_| admitted(engine.ids.next(), on(review, UP), noon(), 1))
        .collect();
    engine.publish(&votes).await?;
    engine.work();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(engine.worker.check().is_err());
    assert!(engine.store.open_dead_letters(None, 10).await?.is_empty());
    let back = "RENAME TABLE away TO review_standings";
    engine.store.execute_raw(back).await?;
    for vote in &votes {
        let ends = engine.settled(vote.voter, &[vote.vote_id]).await?;
        assert_eq!(ends, [VoteState::Counted]);
    }
    assert_eq!(engine.worker.check(), Ok(()));
    Ok(())
}

/// Each row of the ledger takes 20 ms, and a call may take half a second.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_too_large_for_a_slow_server_is_made_smaller() -> Result<()> {
    let engine = Engine::real("slow").await?;
    let review = engine.review().await?;
    engine
        .store
        .execute_raw(
            "CREATE TRIGGER slow BEFORE INSERT ON review_votes FOR EACH ROW SET @x = SLEEP(0.02)",
        )
        .await?;
    let votes: Vec<_> = (0..60)
        .map(|_| admitted(engine.ids.next(), on(review, UP), noon(), 1))
        .collect();
    engine.publish(&votes).await?;
    let worker = engine.another_worker(&engine.another_store(Duration::from_millis(500))?);
    let stop = engine.stop.clone();
    tokio::spawn(async move { worker.run(stop).await });
    until(|| async { Ok(engine.counts(review).await? == (60, 0)) }).await
}

/// A process that was paused holds the row of one voter.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_stays_locked_shows_and_does_not_hold_up_its_neighbours() -> Result<()> {
    let engine = Engine::real("paused").await?;
    let review = engine.review().await?;
    let votes: Vec<_> = (0..10)
        .map(|_| admitted(engine.ids.next(), on(review, UP), noon(), 1))
        .collect();
    let key = votes[3].voter.0.simple();
    let paused = engine.another_store(LIMIT)?;
    paused
        .execute_raw(&format!(
            "INSERT INTO review_voters VALUES (X'{key}', 1, 1, 0); BEGIN; \
             UPDATE review_voters SET n_standings = 0 WHERE voter_id = X'{key}'"
        ))
        .await?;
    engine.publish(&votes).await?;
    engine.work();
    until(|| async { Ok(engine.counts(review).await? == (9, 0)) }).await?;
    until(|| async { Ok(engine.worker.check().is_err()) }).await?;
    paused.execute_raw("ROLLBACK").await?;
    until(|| async { Ok(engine.counts(review).await? == (10, 0)) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unreadable_state_does_not_keep_its_neighbours_from_being_told() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let review = engine.review().await?;
    let votes: Vec<_> = (0..8)
        .map(|_| admitted(engine.ids.next(), on(review, UP), noon(), 1))
        .collect();
    for vote in &votes {
        engine.reserve(vote, false).await?;
    }
    let key = StateKey::new("reviews", votes[0].voter);
    let read = engine.cache.read_states(std::slice::from_ref(&key)).await?;
    let spoiled = Write {
        key,
        expected: read[0].state.as_ref().map(|state| state.token),
        new_token: Token::draw(&engine.ids),
        bytes: bytes::Bytes::from_static(b"\xff\xff\xff"),
        keep: Keep::ForEver,
    };
    engine.cache.write_states(vec![spoiled]).await?;
    engine.publish(&votes).await?;
    engine.work();
    until(|| async {
        let mut n_in_flight = 0;
        for vote in &votes[1..] {
            let known = engine.states().read(vote.voter).await?;
            n_in_flight += known.state.in_flight.len();
        }
        Ok(n_in_flight == 0)
    })
    .await
}

/// Every vote that a former process left is settled before anybody listens.
#[tokio::test(flavor = "multi_thread")]
async fn draining_a_box_leaves_nothing_in_it() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let review = engine.review().await?;
    for n in 0..50 {
        let at = noon() + TimeDelta::seconds(n);
        let vote = admitted(engine.ids.next(), on(review, UP), at, 1);
        engine.publish(&[vote]).await?;
    }
    engine.worker.drain(&CancellationToken::new()).await?;
    assert_eq!(engine.counts(review).await?, (50, 0));
    Ok(())
}

/// Waits until `done`, for as long as the tests have patience.
async fn until<F: Future<Output = Result<bool>>>(done: impl Fn() -> F) -> Result<()> {
    for _ in 0..3_000 {
        if done().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("not in time")
}
