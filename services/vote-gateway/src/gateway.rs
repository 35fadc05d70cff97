//! The gateway's parts, put together.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use vote_cache::{Cache, VoterStates};
use vote_domain::campaign::{Ballot, Entry, Wallet};
use vote_domain::review::QuotaPolicy;
use vote_domain::{CampaignId, Ids, Voter};
use vote_queue::{BallotBox, PublisherSettings, Queue};
use vote_store::Store;

use crate::booth::{Booth, Office};
use crate::campaigns::{CampaignRefusal, Campaigns};
use crate::cast::{Accepted, Cast};
use crate::confirmed::Confirmed;
use crate::epoch::Epoch;
use crate::error::{CastError, Unavailable};
use crate::heartbeat::Heartbeats;
use crate::pressure::{Pressure, PressureSettings};
use crate::reviews::Reviews;
use crate::steps::Steps;
use crate::way::Way;

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
    /// Oldest the facts about a review or a campaign may be.
    pub facts_max_age: Duration,
    /// How long counters are kept once voids have changed them.
    pub counter_ttl: Duration,
    /// Beyond what ballots are shed.
    pub pressure: PressureSettings,
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
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) office: Office,
    pub(crate) reviews: Booth<Reviews>,
    pub(crate) campaigns: Campaigns,
    pub(crate) epoch: Epoch,
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
        let office = Office {
            id,
            confirmed: Confirmed::new(),
            heartbeats: Heartbeats::start(cache.clone(), id),
            runtime: Handle::current(),
            pressure: Pressure::start(settings.pressure.clone(), &queue, &cache),
            settings: Arc::new(settings),
            ids: ids.clone(),
            steps: Steps::new(),
        };
        let settings = &office.settings;
        let reviews = Booth {
            product: Reviews::new(&store, settings),
            states: VoterStates::of_reviews(cache.clone(), ids.clone()),
            way: Way::new(&queue, BallotBox::reviews(), &settings.publisher),
            watch: office.pressure.watch(&BallotBox::reviews()),
            office: office.clone(),
        };
        Self {
            campaigns: Campaigns::new(&store, &cache, &queue, &office),
            epoch: Epoch::new(store.clone(), cache.clone(), ids),
            reviews,
            office,
            store,
            cache,
            queue,
        }
    }

    /// Casts a ballot on a review; once it returns a vote, that vote is durable.
    ///
    /// Runs to its end even if whoever waits for it goes away.
    ///
    /// # Errors
    /// [`CastError`]; unless it carries a vote's id, nothing was cast.
    pub async fn cast(&self, cast: Cast) -> Result<Accepted, CastError> {
        self.reviews.cast(cast).await
    }

    /// Casts a ballot in a campaign, as its route does; once it returns a vote, that vote is
    /// durable. Answers with the balance.
    ///
    /// Runs to its end even if whoever waits for it goes away.
    ///
    /// # Errors
    /// [`CastError`]; unless it carries a vote's id, nothing was cast.
    pub async fn cast_in_campaign(
        &self,
        campaign: CampaignId,
        cast: Cast<Voter, Ballot>,
    ) -> Result<Accepted<u64>, CastError<CampaignRefusal>> {
        let facts = self.campaigns.facts(campaign).await?;
        let facts = facts.ok_or(CastError::Refused(CampaignRefusal::NotFound))?;
        self.campaigns.booth(&facts).cast(cast).await
    }

    /// What `voter` holds in `campaign` now, votes in flight subtracted; `None` where there
    /// is no such campaign.
    ///
    /// # Errors
    /// [`Unavailable`] if the voter's state or SQL cannot be asked.
    pub async fn wallet(
        &self,
        campaign: CampaignId,
        voter: &Voter,
    ) -> Result<Option<Wallet>, Unavailable> {
        match self.campaigns.facts(campaign).await? {
            Some(facts) => Ok(Some(self.campaigns.wallet(&facts, voter).await?)),
            None => Ok(None),
        }
    }

    /// Every ticket of `voter` in `campaign` that came or went, oldest first; `None` where
    /// there is no such campaign.
    ///
    /// # Errors
    /// [`Unavailable`] if the voter's state or SQL cannot be asked.
    pub async fn statement(
        &self,
        campaign: CampaignId,
        voter: &Voter,
    ) -> Result<Option<Vec<Entry>>, Unavailable> {
        match self.campaigns.facts(campaign).await? {
            Some(facts) => {
                let statement = self.campaigns.statement(&facts, voter).await?;
                Ok(Some(statement.entries))
            }
            None => Ok(None),
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
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        self.epoch.check(now).await?;
        Ok(())
    }

    /// Takes no more votes and waits until each that was begun is answered.
    pub async fn drain(&self) {
        tokio::join!(self.reviews.way.drain(), self.campaigns.drain());
        self.office.heartbeats.stop();
    }
}
