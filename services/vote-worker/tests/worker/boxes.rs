//! Which boxes a worker serves, and what it finds in them.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http_kit::Meter;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vote_domain::review::{Direction, ReviewVote};
use vote_domain::{ReviewId, Seq, UserId, VoteId};
use vote_messages::vote::{encode, frame};
use vote_queue::BallotBox;
use vote_worker::WorkerSettings;

use crate::engine::{Engine, a_vote, on_each_engine, run};

/// Within this a campaign that is there must be served.
const DISCOVERED: Duration = Duration::from_secs(2);

on_each_engine! {
    async fn a_campaign_that_opens_is_served_within_two_seconds(engine: Engine) -> Result<()> {
        let worker = engine.work();
        sleep(Duration::from_millis(300)).await;
        let head = engine.campaign().await?;
        let opened = Instant::now();
        engine.publish(head.terms.campaign, &[a_vote(&head, 1)]).await?;
        engine.until_settled(head.terms.campaign, 1).await?;
        assert!(opened.elapsed() < DISCOVERED, "{:?}", opened.elapsed());
        worker.stop().await
    }

    async fn a_batch_that_no_more_messages_can_join_waits_for_none(engine: Engine) -> Result<()> {
        let head = engine.campaign().await?;
        let messages = (0..17).map(|n| frame(&[encode(&a_vote(&head, n), "")]));
        let ballot_box = BallotBox::campaign(head.terms.campaign.0);
        engine.publish_bodies(&ballot_box, messages).await?;
        // The first message of a worker that begins is settled alone.
        let linger = Duration::from_secs(2);
        let settings = WorkerSettings { batch_linger: linger, prefetch: 4, ..engine.settings() };
        let worker = run(engine.worker(settings));
        let began = Instant::now();
        engine.until_settled(head.terms.campaign, 17).await?;
        assert!(began.elapsed() < 3 * linger, "{:?}", began.elapsed());
        worker.stop().await
    }

    async fn each_counted_vote_is_timed_once(engine: Engine) -> Result<()> {
        let meter = Meter::install()?;
        let head = engine.campaign().await?;
        let campaign = head.terms.campaign;
        let votes: Vec<_> = (1..=3).map(|n| a_vote(&head, n)).collect();
        engine.publish(campaign, &votes).await?;
        let worker = engine.work();
        engine.until_settled(campaign, 3).await?;
        // What comes again was timed before.
        engine.publish(campaign, &votes[..1]).await?;
        engine.publish(campaign, &[a_vote(&head, 4)]).await?;
        engine.until_settled(campaign, 4).await?;
        worker.stop().await?;
        let ballot_box = BallotBox::campaign(campaign.0);
        let timed = format!("tally_vote_counted_seconds_count{{box=\"{}\"}} 4", ballot_box.name());
        assert!(meter.render().contains(&timed), "{}", meter.render());
        Ok(())
    }

    async fn a_worker_serves_the_boxes_it_was_told_to_and_no_others(engine: Engine) -> Result<()> {
        let (mine, other) = (engine.campaign().await?, engine.campaign().await?);
        let only = |boxes: &str| -> Result<WorkerSettings> {
            Ok(WorkerSettings { boxes: boxes.parse()?, ..engine.settings() })
        };
        for head in [&mine, &other] {
            engine.publish(head.terms.campaign, &[a_vote(head, 1)]).await?;
        }
        let settings = only(&mine.terms.campaign.to_string())?;
        let one = run(engine.worker(settings));
        engine.until_settled(mine.terms.campaign, 1).await?;
        sleep(DISCOVERED).await;
        assert_eq!(engine.n_settled(other.terms.campaign).await?, 0);
        for ballot_box in [BallotBox::campaign(other.terms.campaign.0), BallotBox::reviews()] {
            let depth = engine.queue.depth(&ballot_box).await?;
            assert_eq!(depth.n_consumers, 0, "{ballot_box}");
        }

        let rest = run(engine.worker(only("campaigns")?));
        engine.until_settled(other.terms.campaign, 1).await?;
        assert_eq!(engine.queue.depth(&BallotBox::reviews()).await?.n_consumers, 0);
        one.stop().await?;
        rest.stop().await
    }

    async fn a_vote_in_a_box_that_is_not_its_own_is_kept_and_its_neighbours_count(engine: Engine) -> Result<()> {
        let (here, there) = (engine.campaign().await?, engine.campaign().await?);
        let strangers = [encode(&a_vote(&there, 1), ""), encode(&on_review(), "")];
        let [of_campaign, of_review] = strangers.clone();
        let body = frame(&[of_campaign.clone(), encode(&a_vote(&here, 2), ""), of_review]);
        let here_box = BallotBox::campaign(here.terms.campaign.0);
        engine.publish_bodies(&here_box, [body]).await?;
        engine.publish_bodies(&BallotBox::reviews(), [frame(&[of_campaign])]).await?;
        let worker = engine.work();
        engine.until_settled(here.terms.campaign, 1).await?;
        let kept = letters(&engine, &here_box, 2).await?;
        assert!(strangers.iter().all(|vote| kept.contains(vote)));
        assert_eq!(letters(&engine, &BallotBox::reviews(), 1).await?, strangers[..1]);
        assert_eq!(engine.n_settled(there.terms.campaign).await?, 0);
        worker.stop().await
    }

    async fn draining_brings_in_every_campaigns_box(engine: Engine) -> Result<()> {
        let heads = [engine.campaign().await?, engine.campaign().await?];
        for head in &heads {
            let votes: Vec<_> = (0..40).map(|n| a_vote(head, n)).collect();
            engine.publish(head.terms.campaign, &votes).await?;
        }
        let worker = engine.worker(engine.settings());
        worker.drain(&CancellationToken::new()).await?;
        for head in &heads {
            assert_eq!(engine.n_settled(head.terms.campaign).await?, 40);
        }
        Ok(())
    }
}

/// What is kept of `ballot_box` as foreign, once there are `n`.
async fn letters(engine: &Engine, ballot_box: &BallotBox, n: usize) -> Result<Vec<Bytes>> {
    for _ in 0..500 {
        let letters = engine
            .store
            .open_dead_letters(Some(ballot_box.name()), 100)
            .await?;
        if letters.len() == n {
            assert!(letters.iter().all(|letter| letter.reason == "foreign"));
            return Ok(letters
                .into_iter()
                .map(|letter| letter.bytes.into())
                .collect());
        }
        sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("letters not kept in time")
}

fn on_review() -> ReviewVote {
    ReviewVote {
        vote_id: VoteId(Uuid::from_u128(1)),
        voter: UserId(Uuid::from_u128(2)),
        review: ReviewId(Uuid::from_u128(3)),
        direction: Some(Direction::Up),
        seq: Seq(1_774_600_000_000_000),
        day: Default::default(),
        cost: 1,
        limit: 3,
    }
}
