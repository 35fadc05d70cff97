//! The worker's parts, put together, and what it runs.

use std::sync::Arc;
use std::time::Duration;

use bootstrap::settings::Boxes;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use vote_cache::{Cache, VoterStates};
use vote_domain::campaign::Progress;
use vote_domain::{CampaignId, Clock, Ids};
use vote_queue::{ConsumerSettings, Queue, TopologyError};
use vote_store::settle::RewardPolicy;
use vote_store::{Store, StoreError};

use crate::box_worker::BoxWorker;
use crate::campaign::Campaign;
use crate::discovery::Discovery;
use crate::lag::Noted;
use crate::reviews::Reviews;
use crate::trouble::Trouble;

/// How a worker settles.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Which boxes it serves.
    pub boxes: Boxes,
    /// Most votes settled in one transaction.
    pub batch_votes_max: usize,
    /// Longest the first vote waits for its batch.
    pub batch_linger: Duration,
    /// Consumers of the box of review votes.
    pub consumers: usize,
    /// Consumers of each campaign's box.
    pub campaign_consumers: usize,
    /// Messages handed to a consumer ahead of their acknowledgement.
    pub prefetch: u16,
    /// When an author is rewarded.
    pub reward: RewardPolicy,
    /// How long counters are kept beside SQL.
    pub counter_ttl: Duration,
    /// How long a box must stay empty before its campaign is closed: longer than a
    /// gateway may take from admitting a vote to its `202`.
    pub close_quiet: Duration,
}

impl Default for WorkerSettings {
    /// What the settings are where nothing is set.
    fn default() -> Self {
        Self::from_settings(&bootstrap::Settings::default())
    }
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
    /// By which closing leases know it.
    pub(crate) id: Uuid,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: Arc<WorkerSettings>,
    pub(crate) trouble: Trouble,
    pub(crate) noted: Noted,
    /// Held while the broker's dead letters are moved.
    pub(crate) sweeping: Arc<Mutex<()>>,
}

/// Why boxes could not be drained.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// A box cannot be looked into.
    #[error(transparent)]
    Queue(#[from] TopologyError),
    /// SQL did not say which campaigns there are.
    #[error(transparent)]
    Store(#[from] StoreError),
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
            id: ids.next(),
            store,
            cache,
            queue,
            clock,
            ids,
            settings: Arc::new(settings),
            trouble: Trouble::default(),
            noted: Noted::default(),
            sweeping: Arc::default(),
        }
    }

    /// By which closing leases, logs and metrics know this worker.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Settles what arrives, and closes campaigns that are over, until `stop` is cancelled;
    /// then finishes the batches in hand, acknowledges them, and hands back the rest.
    pub async fn run(&self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        if self.settings.boxes.has_reviews() {
            for _ in 0..self.settings.consumers.max(1) {
                tasks.spawn(self.at_reviews().serve(stop.clone()));
            }
        }
        if self.settings.boxes.has_campaigns() {
            let discovery = Discovery::new(self.clone(), tasks.clone(), stop.clone());
            tasks.spawn(discovery.run());
        }
        tasks.spawn(self.clone().look_for_dead(stop));
        tasks.close();
        tasks.wait().await;
    }

    /// Settles what is in the boxes, until they are empty; for a process that is their only
    /// worker and must know that nothing is under way.
    ///
    /// # Errors
    /// [`DrainError`]; what was settled stays settled.
    pub async fn drain(&self, stop: &CancellationToken) -> Result<(), DrainError> {
        self.at_reviews().drain(stop).await?;
        for head in self.store.unfinished_campaigns().await? {
            // Once drained, a box is empty and may be gone.
            if head.progress >= Progress::Drained {
                continue;
            }
            match self.at_campaign(head.terms.campaign).drain(stop).await {
                // Nobody could vote yet.
                Ok(()) | Err(TopologyError::NoSuchBox) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Why votes are not being settled now, if they are not.
    ///
    /// # Errors
    /// The boxes and the reasons, in one line.
    pub fn check(&self) -> Result<(), String> {
        self.trouble.check()
    }

    pub(crate) fn at_reviews(&self) -> BoxWorker<Reviews> {
        let product = Reviews {
            store: self.store.clone(),
            cache: self.cache.clone(),
            states: VoterStates::of_reviews(self.cache.clone(), self.ids.clone()),
            reward: self.settings.reward,
            counter_ttl: self.settings.counter_ttl,
        };
        BoxWorker::new(self.clone(), product)
    }

    pub(crate) fn at_campaign(&self, campaign: CampaignId) -> BoxWorker<Campaign> {
        let (cache, ids) = (self.cache.clone(), self.ids.clone());
        let product = Campaign {
            campaign,
            store: self.store.clone(),
            states: VoterStates::of_campaign(cache, ids, campaign),
        };
        BoxWorker::new(self.clone(), product)
    }

    pub(crate) fn consumer_settings(&self) -> ConsumerSettings {
        ConsumerSettings {
            prefetch: self.settings.prefetch,
        }
    }
}
