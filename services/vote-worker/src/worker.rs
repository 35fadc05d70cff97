//! The worker's parts, put together, and its loop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vote_cache::{Cache, VoterStates};
use vote_domain::{Clock, Ids};
use vote_queue::{BallotBox, Consumer, ConsumerSettings, Queue, TopologyError};
use vote_store::Store;
use vote_store::settle::RewardPolicy;

use crate::collect::{collect, gather};
use crate::undeliverable;

/// How long a box must give nothing before it is looked into.
const DRAIN_WAIT: Duration = Duration::from_millis(20);

/// How a worker settles.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Most votes settled in one transaction.
    pub batch_votes_max: usize,
    /// Longest the first vote waits for its batch.
    pub batch_linger: Duration,
    /// Consumers of each ballot box.
    pub consumers: usize,
    /// Messages handed to a consumer ahead of their acknowledgement.
    pub prefetch: u16,
    /// When an author is rewarded.
    pub reward: RewardPolicy,
    /// How long counters are kept beside SQL.
    pub counter_ttl: Duration,
}

/// The outside systems a worker works with.
#[derive(Clone)]
pub struct WorkerParts {
    /// SQL.
    pub store: Store,
    /// Voter states and counters.
    pub cache: Cache,
    /// The queue.
    pub queue: Queue,
    /// Stamps what settles.
    pub clock: Clock,
    /// Where tokens and jitter come from.
    pub ids: Ids,
}

/// Settles votes. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) states: VoterStates,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: Arc<WorkerSettings>,
    /// Why settling is held up; `None` while it is not.
    pub(crate) trouble: watch::Sender<Option<String>>,
}

impl Worker {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: WorkerParts, settings: WorkerSettings) -> Self {
        let WorkerParts {
            store,
            cache,
            queue,
            clock,
            ids,
        } = parts;
        Self {
            states: VoterStates::of_reviews(cache.clone(), ids.clone()),
            store,
            cache,
            queue,
            clock,
            ids,
            settings: Arc::new(settings),
            trouble: watch::channel(None).0,
        }
    }

    /// Settles what arrives until `stop` is cancelled; then finishes the batches in hand,
    /// acknowledges them, and hands back the rest.
    pub async fn run(&self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let settings = ConsumerSettings {
            prefetch: self.settings.prefetch,
        };
        for _ in 0..self.settings.consumers.max(1) {
            let consumer = self.queue.consumer(&BallotBox::reviews(), &settings);
            tasks.spawn(self.clone().serve(consumer, stop.clone()));
        }
        let dead = self.queue.consumer(&BallotBox::dead(), &settings);
        tasks.spawn(undeliverable::serve(self.clone(), dead, stop));
        tasks.close();
        tasks.wait().await;
    }

    async fn serve(self, mut consumer: Consumer, stop: CancellationToken) {
        let (votes_max, linger) = (self.settings.batch_votes_max, self.settings.batch_linger);
        let ballot_box = consumer.ballot_box().clone();
        while let Some(Some(batch)) = stop
            .run_until_cancelled(collect(&mut consumer, votes_max, linger))
            .await
        {
            if !self.settle(&ballot_box, &batch, &stop).await {
                break;
            }
            consumer.ack(&batch.tags).await;
        }
        consumer.stop().await;
    }

    /// Settles what is in the box of review votes, until it is empty; for a process that
    /// is the box's only worker and must know that nothing is under way.
    ///
    /// # Errors
    /// [`TopologyError`] where the box cannot be looked into.
    pub async fn drain(&self, stop: &CancellationToken) -> Result<(), TopologyError> {
        let ballot_box = BallotBox::reviews();
        let settings = ConsumerSettings {
            prefetch: self.settings.prefetch,
        };
        let mut consumer = self.queue.consumer(&ballot_box, &settings);
        loop {
            let first = match tokio::time::timeout(DRAIN_WAIT, consumer.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => break,
                Err(_) if self.queue.depth(&ballot_box).await?.n_ready > 0 => continue,
                // Nothing waits, but something may have come while it was asked.
                Err(_) => match consumer.try_recv() {
                    Some(first) => first,
                    None => break,
                },
            };
            let votes_max = self.settings.batch_votes_max;
            let batch = gather(first, &mut consumer, votes_max, Duration::ZERO).await;
            if !self.settle(&ballot_box, &batch, stop).await {
                break;
            }
            consumer.ack(&batch.tags).await;
        }
        consumer.stop().await;
        Ok(())
    }

    /// Why votes are not being settled now, if they are not.
    ///
    /// # Errors
    /// The reason, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        match &*self.trouble.borrow() {
            None => Ok(()),
            Some(reason) => Err(reason.clone()),
        }
    }
}
