//! A close that is given up anywhere, as a process that dies gives it up.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use vote_cache::Cache;
use vote_domain::campaign::{
    Ballot, CampaignOption, CampaignVote, Channel, ChannelNo, Draw, OptionNo, Plan, Terms,
    TicketExpiry,
};
use vote_domain::{CampaignId, Clock, Ids, Seq, UserId, Voter};
use vote_messages::vote::{encode, frame};
use vote_queue::{EmbeddedSettings, PublisherSettings, Queue, TopologyError};
use vote_store::Store;
use vote_store::audit::{Act, AuditActor};
use vote_store::dead_letters::{LetterKind, NewDeadLetter, ReplayOutcome};

use super::*;
use crate::worker::{Worker, WorkerParts, WorkerSettings};

const N_VOTES: u64 = 60;

/// Everything a worker needs, and a campaign that is over with votes in its box.
struct Scene {
    parts: WorkerParts,
    campaign: CampaignId,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn set() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ids = Ids::seeded(7);
        let now = DateTime::from_timestamp(1_769_000_400, 0).context("a time")?;
        let clock = Clock::manual(now);
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        store.migrate().await?;
        let queue = Queue::embedded(EmbeddedSettings::at(folder.path().join("votes"))).await?;
        let parts = WorkerParts {
            cache: Cache::memory(clock.clone(), 0, ids.clone()),
            store,
            queue,
            clock,
            ids,
        };
        let campaign = parts.ids.next();
        let scene = Self {
            parts,
            campaign,
            _folder: folder,
        };
        scene.fill(now).await?;
        scene
            .parts
            .clock
            .set(now + TimeDelta::hours(2) + TimeDelta::seconds(3));
        Ok(scene)
    }

    async fn fill(&self, now: DateTime<Utc>) -> Result<()> {
        let WorkerParts {
            store, queue, ids, ..
        } = &self.parts;
        let ballot_box = BallotBox::campaign(self.campaign.0);
        queue.declare(&ballot_box).await?;
        let plan = plan(now);
        let act = Act {
            audit_id: ids.next(),
            at: now,
            actor: AuditActor::System,
        };
        store.create_campaign(self.campaign, &plan, &act).await?;
        let mut heads = store.campaign_heads(&[self.campaign]).await?;
        let terms = heads.remove(&self.campaign).context("a head")?.terms;
        let publisher = queue.publisher(&ballot_box, &PublisherSettings::default(), |votes| {
            frame(votes)
        });
        for _ in 0..N_VOTES {
            let body = encode(&a_vote(ids, &terms, now), "");
            publisher.reserve()?.publish(body, soon(), None).await?;
        }
        Ok(())
    }

    /// Keeps one more vote as a dead letter of the box, as a worker of a former version does.
    async fn keep_a_letter(&self) -> Result<DeadLetter> {
        let WorkerParts {
            store, clock, ids, ..
        } = &self.parts;
        let mut heads = store.campaign_heads(&[self.campaign]).await?;
        let terms = heads.remove(&self.campaign).context("a head")?.terms;
        let letter = NewDeadLetter {
            ballot_box: BallotBox::campaign(self.campaign.0).name().to_owned(),
            kind: LetterKind::Vote,
            bytes: encode(&a_vote(ids, &terms, terms.starts_at), "").to_vec(),
            reason: "unsupported_version",
            detail: "a test".to_owned(),
        };
        store.keep_dead_letters(&[letter], clock.now()).await?;
        let mut letters = store.open_dead_letters(None, 1).await?;
        letters.pop().context("no letter")
    }

    /// Replays `letter`, as a gateway does.
    async fn replay(&self, letter: &DeadLetter) -> Result<()> {
        let WorkerParts {
            store,
            queue,
            clock,
            ids,
            ..
        } = &self.parts;
        let ballot_box = BallotBox::campaign(self.campaign.0);
        let message = frame(&[letter.bytes.clone().into()]);
        queue.put_back(&ballot_box, message, soon()).await?;
        let act = Act {
            audit_id: ids.next(),
            at: clock.now(),
            actor: AuditActor::System,
        };
        let noted = store.note_replay(letter.id, letter.n_arrivals, &act);
        ensure!(noted.await? == ReplayOutcome::Noted);
        Ok(())
    }

    /// A worker of another process.
    fn worker(&self) -> Worker {
        let settings = WorkerSettings {
            batch_votes_max: 10,
            prefetch: 4,
            close_quiet: Duration::from_millis(20),
            ..WorkerSettings::default()
        };
        Worker::new(self.parts.clone(), settings)
    }

    async fn check(&self, n_votes: u64) -> Result<()> {
        let (facts, frozen) = self.parts.store.recompute_result(self.campaign).await?;
        let frozen = frozen.context("no result")?;
        ensure!(frozen.digest == facts.digest());
        ensure!(frozen.n_votes == n_votes, "{} votes", frozen.n_votes);
        let ballot_box = BallotBox::campaign(self.campaign.0);
        let depth = self.parts.queue.depth(&ballot_box).await;
        ensure!(depth == Err(TopologyError::NoSuchBox));
        Ok(())
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// A vote of somebody new for one free ticket, admitted at `at`.
fn a_vote(ids: &Ids, terms: &Terms, at: DateTime<Utc>) -> CampaignVote {
    let (voter, day) = (Voter::member(ids.next::<UserId>()), terms.day(at));
    CampaignVote {
        vote_id: ids.next(),
        campaign: terms.campaign,
        ballot: Ballot {
            option: OptionNo(0),
            channel: ChannelNo(0),
            tickets: 1,
        },
        seq: Seq(at.timestamp_micros()),
        day,
        limit: None,
        draws: vec![Draw {
            lot: terms.free_lot_id(voter.voter_id(), day),
            free_day: Some(day),
            tickets: 1,
        }],
        voter,
    }
}

fn plan(now: DateTime<Utc>) -> Plan {
    Plan {
        name: "Best soup".to_owned(),
        starts_at: now - TimeDelta::hours(1),
        ends_at: now + TimeDelta::hours(2),
        zone: chrono_tz::Tz::UTC,
        free_daily_tickets: 1,
        expiry: TicketExpiry::CampaignEnd,
        tickets_per_vote_max: 1,
        channels: vec![Channel {
            key: "app".to_owned(),
            name: "App".to_owned(),
            daily_ticket_limit: None,
            voter_kinds: None,
        }],
        options: vec![CampaignOption {
            key: "leek".to_owned(),
            name: "Leek".to_owned(),
            subject: None,
        }],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_given_up_anywhere_is_taken_up_by_another() -> Result<()> {
    let scene = Scene::set().await?;
    let never = CancellationToken::new();
    let mut n_given_up = 0;
    // Each gets a little further than the one before.
    for patience_ms in 0..2_000 {
        let close = scene.worker().at_campaign(scene.campaign);
        let close = close.close(Holder::default(), never.clone());
        match timeout(Duration::from_millis(patience_ms), close).await {
            Ok(closed) => {
                assert_eq!(closed, Closed::Final);
                break;
            }
            Err(_) => n_given_up += 1,
        }
        // The lease of the dead runs out.
        let clock = &scene.parts.clock;
        clock.set(clock.now() + TimeDelta::seconds(31));
    }
    assert!(n_given_up > 10, "given up {n_given_up} times");
    scene.check(N_VOTES).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_want_to_close_one_does() -> Result<()> {
    let scene = Scene::set().await?;
    let never = CancellationToken::new();
    let closes: Vec<_> = (0..8)
        .map(|_| {
            let close = scene.worker().at_campaign(scene.campaign);
            tokio::spawn(close.close(Holder::default(), never.clone()))
        })
        .collect();
    let mut n_final = 0;
    for close in closes {
        match close.await? {
            Closed::Final => n_final += 1,
            Closed::HeldBy(_) => {}
            Closed::LeftOff => anyhow::bail!("left off"),
        }
    }
    assert_eq!(n_final, 1);
    scene.check(N_VOTES).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_another_took_ends_the_close_at_once() -> Result<()> {
    let scene = Scene::set().await?;
    let WorkerParts {
        store, clock, ids, ..
    } = &scene.parts;
    // It waits for a message that somebody else holds.
    let ballot_box = BallotBox::campaign(scene.campaign.0);
    let mut stranger = scene
        .parts
        .queue
        .consumer(&ballot_box, &vote_queue::ConsumerSettings { prefetch: 1 });
    stranger.recv().await.context("a message")?;
    let close = scene.worker().at_campaign(scene.campaign);
    let close = tokio::spawn(close.close(Holder::default(), CancellationToken::new()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let now = clock.now() + TimeDelta::seconds(31);
    clock.set(now);
    let until = now + TimeDelta::minutes(1);
    let taken = store.take_closing_lease(scene.campaign, ids.next(), now, until);
    assert_eq!(taken.await?, ClosingLease::Taken);
    // It notices when it would extend its own.
    let closed = timeout(Duration::from_secs(15), close).await??;
    assert_eq!(closed, Closed::LeftOff);
    // Its consumer is given up, and goes in a moment.
    let gone = async {
        while scene.parts.queue.depth(&ballot_box).await?.n_consumers > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::Ok(())
    };
    timeout(Duration::from_secs(5), gone).await?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_replayed_at_any_moment_of_the_close_is_in_the_result() -> Result<()> {
    // From the first delivery until long after the box was first found empty.
    for pause_ms in (0..600).step_by(75) {
        let scene = Scene::set().await?;
        let letter = scene.keep_a_letter().await?;
        let close = scene.worker().at_campaign(scene.campaign);
        let close = tokio::spawn(close.close(Holder::default(), CancellationToken::new()));
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        scene.replay(&letter).await?;
        let closed = timeout(Duration::from_secs(60), close).await??;
        assert_eq!(closed, Closed::Final, "{pause_ms} ms");
        scene.check(N_VOTES + 1).await?;
    }
    Ok(())
}
