//! The gateway's parts, put together.

use std::collections::HashMap;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vote_cache::{Cache, VoterStates};
use vote_domain::Ids;
use vote_domain::review::QuotaPolicy;
use vote_messages::vote;
use vote_queue::{BallotBox, Publisher, PublisherSettings, Queue};
use vote_store::Store;

use crate::coalesce::Coalesced;
use crate::confirmed::Confirmed;
use crate::epoch::Epoch;
use crate::error::Unavailable;
use crate::facts::Facts;
use crate::heartbeat::Heartbeats;
use crate::voters::Voters;

/// What the gateway is held to.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Votes per member and day, and where days begin.
    pub policy: QuotaPolicy,
    /// The longest from a vote's admission to its answer.
    pub accept_timeout: Duration,
    /// How votes gather and leave.
    pub publisher: PublisherSettings,
    /// Oldest a voter's base may be before SQL is asked again.
    pub base_max_age: Duration,
    /// Oldest the facts about a review may be.
    pub facts_max_age: Duration,
}

/// The outside systems a gateway works with.
#[derive(Clone)]
pub struct GatewayParts {
    /// SQL.
    pub store: Store,
    /// Voter states.
    pub cache: Cache,
    /// The queue.
    pub queue: Queue,
    /// Where ids come from.
    pub ids: Ids,
}

/// Admits votes and enqueues them. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    /// This process, as its votes in flight name it.
    pub(crate) id: Uuid,
    pub(crate) settings: std::sync::Arc<GatewaySettings>,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) ids: Ids,
    pub(crate) publisher: Publisher,
    pub(crate) voters: Voters,
    pub(crate) facts: Facts,
    /// What was asked under a vote id that the ledger knows.
    pub(crate) ballots: Coalesced<vote_domain::VoteId, vote_domain::review::Ballot>,
    pub(crate) confirmed: Confirmed,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) epoch: Epoch,
    /// Where votes are cast: a client that hangs up must not cancel one half-way.
    pub(crate) runtime: Handle,
}

impl Gateway {
    /// Puts the parts together. Call it within the tokio runtime that is to do the work;
    /// connections are made when first used.
    #[must_use]
    pub fn new(parts: GatewayParts, settings: GatewaySettings) -> Self {
        let GatewayParts {
            store,
            cache,
            queue,
            ids,
        } = parts;
        let id = ids.next();
        let states = VoterStates::of_reviews(cache.clone(), ids.clone());
        let publisher = queue.publisher(&BallotBox::reviews(), &settings.publisher, vote::frame);
        let ballots = Coalesced::new({
            let store = store.clone();
            move |votes| {
                let store = store.clone();
                async move {
                    let found = store.ledger_ballots(&votes).await?;
                    Ok(found.into_iter().collect::<HashMap<_, _>>())
                }
            }
        });
        Self {
            id,
            publisher,
            voters: Voters::new(&store, states, settings.base_max_age),
            facts: Facts::new(&store, settings.facts_max_age),
            ballots,
            confirmed: Confirmed::new(),
            heartbeats: Heartbeats::start(cache.clone(), id),
            epoch: Epoch::new(store.clone(), cache.clone(), ids.clone()),
            store,
            cache,
            ids,
            settings: std::sync::Arc::new(settings),
            runtime: Handle::current(),
        }
    }

    /// Notes which incarnation of the voter states is in use, so that a later loss of
    /// them is noticed; tries until it can, or `stop` is cancelled.
    pub async fn note_epoch(&self, stop: CancellationToken) {
        let noted = async {
            loop {
                match self.try_note_epoch().await {
                    Ok(()) => return,
                    Err(error) => tracing::debug!(%error, "epoch not noted yet"),
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        stop.run_until_cancelled(noted).await;
    }

    async fn try_note_epoch(&self) -> Result<(), Unavailable> {
        let now = self.voters.read(vote_domain::UserId(self.id)).await?.now;
        self.epoch.check(now).await?;
        Ok(())
    }

    /// Takes no more votes and waits until each that was begun is answered.
    pub async fn drain(&self) {
        self.publisher.drain().await;
        self.heartbeats.stop();
    }
}
