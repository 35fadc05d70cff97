//! The close: every vote queued before it is in the result, and nothing moves afterwards.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use tokio::time::{Instant, sleep, timeout};
use vote_domain::CampaignId;
use vote_domain::campaign::{CLOSE_AFTER, Progress};
use vote_messages::vote::{encode, frame};
use vote_queue::{BallotBox, ConsumerSettings, PublishError, Refusal, TopologyError};
use vote_store::audit::AuditActor;
use vote_store::closing::ClosingLease;
use vote_store::voids::{NewVoid, VoidOutcome};
use vote_worker::WorkerSettings;

use crate::engine::{Engine, QUIET, a_vote, on_each_engine, run};

/// Long enough for a close that nothing keeps waiting.
const LONG: Duration = Duration::from_secs(3);

on_each_engine! {
    async fn the_close_brings_in_everything_queued_before_it(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let votes: Vec<_> = (0..300).map(|n| a_vote(&head, n)).collect();
        engine.publish(campaign, &votes[..200]).await?;
        let workers = [engine.work(), engine.work(), engine.work()];
        engine.publish(campaign, &votes[200..]).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        engine.until(campaign, Progress::Final).await?;
        check_result(&engine, campaign, 300).await?;
        let gone = engine.queue.depth(&BallotBox::campaign(campaign.0)).await;
        assert_eq!(gone, Err(TopologyError::NoSuchBox));
        for worker in workers {
            worker.stop().await?;
        }
        Ok(())
    }

    async fn a_second_close_changes_nothing(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        engine.publish(campaign, &[a_vote(&head, 1)]).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until(campaign, Progress::Final).await?;
        let frozen = engine.store.frozen_result(campaign).await?;
        let now = engine.now().await?;
        let lease = engine
            .store
            .take_closing_lease(campaign, engine.ids.next(), now, now + TimeDelta::minutes(1))
            .await?;
        assert_eq!(lease, ClosingLease::Final);
        // A former closer that slept through it all repeats its last steps.
        engine.queue.unbind(&BallotBox::campaign(campaign.0)).await?;
        engine.queue.delete(&BallotBox::campaign(campaign.0)).await?;
        sleep(LONG).await;
        assert_eq!(engine.store.frozen_result(campaign).await?, frozen);
        worker.stop().await
    }

    async fn whoever_publishes_after_the_close_began_is_told_so(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let held = hold_a_message(&engine, campaign, frame(&[encode(&a_vote(&head, 1), "")])).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until(campaign, Progress::Closing).await?;
        sleep(Duration::from_millis(500)).await;
        let late = engine.publish(campaign, &[a_vote(&head, 2)]).await;
        let refused = late.err().and_then(|error| error.downcast::<PublishError>().ok());
        assert_eq!(refused, Some(PublishError::Refused(Refusal::Unroutable)));
        drop(held);
        engine.until(campaign, Progress::Final).await?;
        check_result(&engine, campaign, 1).await?;
        worker.stop().await
    }

    async fn whoever_holds_a_message_keeps_the_close_waiting(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let mut held = hold_a_message(&engine, campaign, frame(&[encode(&a_vote(&head, 1), "")])).await?;
        engine.publish(campaign, &[a_vote(&head, 2)]).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until(campaign, Progress::Closing).await?;
        sleep(LONG).await;
        assert_eq!(engine.head(campaign).await?.progress, Progress::Closing);
        held.stop().await;
        engine.until(campaign, Progress::Final).await?;
        check_result(&engine, campaign, 2).await?;
        worker.stop().await
    }

    async fn what_reaches_the_box_a_moment_late_is_brought_in(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let ballot_box = BallotBox::campaign(campaign.0);
        engine.end(campaign, CLOSE_AFTER).await?;
        let close_quiet = Duration::from_secs(5);
        let worker = run(engine.worker(WorkerSettings { close_quiet, ..engine.settings() }));
        let mut n_accepted = 0;
        while engine.publish(campaign, &[a_vote(&head, n_accepted)]).await.is_ok() {
            n_accepted += 1;
            sleep(Duration::from_millis(20)).await;
        }
        // Unbound, and empty for longer than any worker needs.
        sleep(QUIET).await;
        // Stands for a leader that was away and stores only now what it was given before.
        engine.queue.declare(&ballot_box).await?;
        engine.publish(campaign, &[a_vote(&head, n_accepted)]).await?;
        engine.until(campaign, Progress::Final).await?;
        check_result(&engine, campaign, n_accepted as u64 + 1).await?;
        worker.stop().await
    }

    async fn a_dead_letter_keeps_the_close_waiting_until_somebody_decides(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        engine.publish(campaign, &[a_vote(&head, 1)]).await?;
        let nonsense = [bytes::Bytes::from_static(b"\xff\xffno vote")];
        engine.publish_bodies(&BallotBox::campaign(campaign.0), nonsense).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until_settled(campaign, 1).await?;
        waits_until_decided(&engine, campaign, "malformed").await?;
        check_result(&engine, campaign, 1).await?;
        worker.stop().await
    }

    async fn what_the_broker_gave_up_on_keeps_the_close_waiting_too(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let poison = frame(&[encode(&a_vote(&head, 1), "")]);
        give_up_on(&engine, campaign, poison).await?;
        engine.publish(campaign, &[a_vote(&head, 2)]).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until_settled(campaign, 1).await?;
        waits_until_decided(&engine, campaign, "undeliverable").await?;
        check_result(&engine, campaign, 1).await?;
        worker.stop().await
    }

    async fn whoever_holds_what_the_broker_gave_up_on_keeps_the_close_waiting(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        give_up_on(&engine, campaign, frame(&[encode(&a_vote(&head, 1), "")])).await?;
        let other = engine.another_queue().await?;
        let mut holder = other.consumer(&BallotBox::dead(), &ConsumerSettings::default());
        timeout(LONG, holder.recv()).await?.context("no message")?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until(campaign, Progress::Closing).await?;
        sleep(LONG).await;
        assert_eq!(engine.head(campaign).await?.progress, Progress::Closing);
        holder.stop().await;
        waits_until_decided(&engine, campaign, "undeliverable").await?;
        worker.stop().await
    }

    async fn a_vote_voided_while_it_was_queued_is_not_in_the_result(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let votes = [a_vote(&head, 1), a_vote(&head, 2)];
        engine.publish(campaign, &votes).await?;
        let now = engine.now().await?;
        let void = NewVoid {
            void_id: engine.ids.next(),
            reason: "bought".to_owned(),
            forfeit: false,
            by: AuditActor::System,
            position: now.timestamp_micros(),
        };
        let voided = engine.store.void_vote(campaign, votes[0].vote_id, &void, now).await?;
        assert_eq!(voided, VoidOutcome::Waiting);
        engine.end(campaign, CLOSE_AFTER).await?;
        let worker = engine.work();
        engine.until(campaign, Progress::Final).await?;
        assert_eq!(engine.n_settled(campaign).await?, 2);
        check_result(&engine, campaign, 1).await?;
        worker.stop().await
    }

    async fn a_closer_told_to_stop_hands_over_at_once(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let body = frame(&[encode(&a_vote(&head, 1), "")]);
        let mut held = hold_a_message(&engine, campaign, body).await?;
        engine.end(campaign, CLOSE_AFTER).await?;
        let first = engine.work();
        engine.until(campaign, Progress::Closing).await?;
        sleep(QUIET).await;
        first.stop().await?;
        held.stop().await;
        let second = engine.work();
        // Sooner than a lease runs out that nobody gives back.
        let finished = timeout(Duration::from_secs(10), engine.until(campaign, Progress::Final));
        finished.await??;
        check_result(&engine, campaign, 1).await?;
        second.stop().await
    }

    async fn a_campaign_whose_end_moved_later_is_not_closed(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let worker = engine.work();
        // Over, but not for long enough.
        engine.end(campaign, CLOSE_AFTER - TimeDelta::milliseconds(2_500)).await?;
        sleep(Duration::from_millis(1_200)).await;
        assert_eq!(engine.head(campaign).await?.progress, Progress::Running);
        engine.end(campaign, TimeDelta::hours(-1)).await?;
        sleep(LONG + QUIET).await;
        assert_eq!(engine.head(campaign).await?.progress, Progress::Running);
        engine.publish(campaign, &[a_vote(&head, 1)]).await?;
        engine.until_settled(campaign, 1).await?;
        worker.stop().await
    }

    async fn campaigns_that_end_together_are_closed_together(engine: Engine) -> Result<()> {
        let mut campaigns = Vec::new();
        for _ in 0..6 {
            let head = engine.campaign().await?;
            let votes: Vec<_> = (0..20).map(|n| a_vote(&head, n)).collect();
            engine.publish(head.terms.campaign, &votes).await?;
            campaigns.push(head.terms.campaign);
        }
        let workers = [engine.work(), engine.work()];
        for campaign in &campaigns {
            engine.end(*campaign, CLOSE_AFTER).await?;
        }
        for campaign in campaigns {
            engine.until(campaign, Progress::Final).await?;
            check_result(&engine, campaign, 20).await?;
        }
        for worker in workers {
            worker.stop().await?;
        }
        Ok(())
    }
}

/// Checks that `n` votes are in the frozen result, and that the ledger says the same.
pub(crate) async fn check_result(engine: &Engine, campaign: CampaignId, n: u64) -> Result<()> {
    let (facts, frozen) = engine.store.recompute_result(campaign).await?;
    let frozen = frozen.context("no result")?;
    ensure!(
        frozen.n_votes == n,
        "{} votes in the result",
        frozen.n_votes
    );
    ensure!(frozen.digest == facts.digest(), "another digest");
    ensure!(frozen.canonical == facts.canonical());
    Ok(())
}

/// Publishes `body` and takes it, as a worker that goes no further.
pub(crate) async fn hold_a_message(
    engine: &Engine,
    campaign: CampaignId,
    body: bytes::Bytes,
) -> Result<vote_queue::Consumer> {
    let ballot_box = BallotBox::campaign(campaign.0);
    engine.publish_bodies(&ballot_box, [body]).await?;
    let other = engine.another_queue().await?;
    let settings = ConsumerSettings { prefetch: 1 };
    let mut consumer = other.consumer(&ballot_box, &settings);
    timeout(LONG, consumer.recv())
        .await?
        .context("no message")?;
    Ok(consumer)
}

/// Hands `body` back until the broker gives up on it.
pub(crate) async fn give_up_on(
    engine: &Engine,
    campaign: CampaignId,
    body: bytes::Bytes,
) -> Result<()> {
    let ballot_box = BallotBox::campaign(campaign.0);
    engine.publish_bodies(&ballot_box, [body]).await?;
    let other = engine.another_queue().await?;
    let mut consumer = other.consumer(&ballot_box, &ConsumerSettings::default());
    let began = Instant::now();
    while engine
        .queue
        .depth(&BallotBox::dead())
        .await
        .map_or(0, |depth| depth.n_ready)
        == 0
    {
        ensure!(
            began.elapsed() < Duration::from_secs(20),
            "it is not given up"
        );
        if let Ok(Some(delivery)) = timeout(Duration::from_millis(100), consumer.recv()).await {
            consumer.release(&[delivery.tag]).await;
        }
    }
    consumer.stop().await;
    Ok(())
}

/// Waits for the letter, sees that the close waits for it, decides, and waits for the end.
async fn waits_until_decided(engine: &Engine, campaign: CampaignId, reason: &str) -> Result<()> {
    engine.until(campaign, Progress::Closing).await?;
    sleep(LONG).await;
    ensure!(engine.head(campaign).await?.progress == Progress::Closing);
    let name = BallotBox::campaign(campaign.0).name().to_owned();
    let letters = engine.store.open_dead_letters(Some(&name), 10).await?;
    ensure!(
        letters.len() == 1 && letters[0].reason == reason,
        "{letters:?}"
    );
    let sql = format!(
        "UPDATE dead_letters SET resolved_at = '2026-01-01 00:00:00.000000', \
         resolution = 'dropped' WHERE ballot_box = '{name}'"
    );
    engine.store.execute_raw(&sql).await?;
    engine.until(campaign, Progress::Final).await
}

/// On RabbitMQ alone: the embedded queue makes that box whenever it is opened.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_box_of_dead_letters_is_gone_the_close_waits_for_it() -> Result<()> {
    let engine = Engine::real("box_of_dead_letters_gone").await?;
    let head = engine.campaign().await?;
    let campaign = head.terms.campaign;
    engine.publish(campaign, &[a_vote(&head, 1)]).await?;
    engine.queue.delete(&BallotBox::dead()).await?;
    engine.end(campaign, CLOSE_AFTER).await?;
    let worker = engine.work();
    engine.until(campaign, Progress::Closing).await?;
    sleep(LONG).await;
    assert_eq!(engine.head(campaign).await?.progress, Progress::Closing);
    // Whoever declares a box declares that one, too.
    engine.queue.declare(&BallotBox::reviews()).await?;
    engine.until(campaign, Progress::Final).await?;
    check_result(&engine, campaign, 1).await?;
    worker.stop().await
}
