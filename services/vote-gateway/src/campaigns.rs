//! Campaign votes: a booth for each campaign, and what else touches a voter's tickets.
//!
//! A vote goes through the booth like any other ([`product`] says what differs); a
//! [wallet](wallet) and a [statement](statement) show what a voter has and had;
//! [`grants`] and [`voids`] change it in SQL and tell the voter's state.

mod answer;
mod facts;
mod grants;
pub(crate) mod problem;
mod product;
pub(crate) mod routes;
mod statement;
mod status;
#[cfg(test)]
mod tests;
mod voids;
mod wallet;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vote_cache::{Cache, VoterStates};
use vote_domain::CampaignId;
use vote_domain::campaign::{Facts, Stage};
use vote_queue::{BallotBox, Queue};
use vote_store::Store;

pub use product::CampaignRefusal;
pub(crate) use status::CampaignVoteStatus;

use crate::booth::{Booth, Office};
use crate::error::Unavailable;
use crate::pressure::BoxWatch;
use crate::way::Way;
use facts::CampaignFacts;
use grants::Grants;
use product::{Campaign, Sources};
use status::Unfinished;

/// The campaigns of a gateway. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Campaigns {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    queue: Queue,
    office: Office,
    sources: Sources,
    grants: Grants,
    /// Campaigns whose votes may be in flight, read a moment ago.
    unfinished: Unfinished,
    booths: Arc<Mutex<HashMap<CampaignId, Booth<Campaign>>>>,
}

impl Campaigns {
    pub(crate) fn new(store: &Store, cache: &Cache, queue: &Queue, office: &Office) -> Self {
        let facts = CampaignFacts::new(store, office.settings.facts_max_age);
        Self {
            grants: Grants::new(store, cache),
            unfinished: Unfinished::new(store, office.settings.facts_max_age),
            sources: Sources::new(store, facts),
            store: store.clone(),
            cache: cache.clone(),
            queue: queue.clone(),
            office: office.clone(),
            booths: Arc::default(),
        }
    }

    /// The facts of `campaign`; `None` if there is none.
    pub(crate) async fn facts(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<Arc<Facts>>, Unavailable> {
        self.sources.facts.get(campaign).await
    }

    /// The booth of a campaign that there is.
    pub(crate) fn booth(&self, facts: &Facts) -> Booth<Campaign> {
        let campaign = facts.terms.campaign;
        if is_drained(facts) {
            self.lock().remove(&campaign);
            return self.shut(campaign);
        }
        let mut booths = self.lock();
        if let Some(booth) = booths.get(&campaign) {
            return booth.clone();
        }
        let booth = self.open(campaign);
        booths.insert(campaign, booth.clone());
        drop(booths);
        // Campaigns come and go: when one comes, those that have gone are let go of.
        let campaigns = self.clone();
        self.office
            .runtime
            .spawn(async move { campaigns.close_booths().await });
        booth
    }

    /// Lets go of the booths of campaigns that are over.
    async fn close_booths(&self) {
        let open: Vec<CampaignId> = self.lock().keys().copied().collect();
        for campaign in open {
            if let Ok(Some(facts)) = self.facts(campaign).await
                && is_drained(&facts)
            {
                self.lock().remove(&campaign);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CampaignId, Booth<Campaign>>> {
        self.booths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, campaign: CampaignId) -> Booth<Campaign> {
        let ballot_box = BallotBox::campaign(campaign.0);
        let watch = self.office.pressure.watch(&ballot_box);
        let way = Way::new(&self.queue, ballot_box, &self.office.settings.publisher);
        self.at(campaign, way, watch)
    }

    /// The booth of a campaign that is over: it shows what was, answers again what was
    /// answered before, and costs the broker nothing.
    fn shut(&self, campaign: CampaignId) -> Booth<Campaign> {
        let ballot_box = BallotBox::campaign(campaign.0);
        // Of its own: the box is gone, and nobody is to look into it.
        let watch = Arc::new(BoxWatch::new(ballot_box.clone()));
        self.at(campaign, Way::shut(ballot_box), watch)
    }

    fn at(&self, campaign: CampaignId, way: Way, watch: Arc<BoxWatch>) -> Booth<Campaign> {
        Booth {
            product: Campaign::new(campaign, self.sources.clone()),
            states: VoterStates::of_campaign(self.cache.clone(), self.office.ids.clone(), campaign),
            way,
            office: self.office.clone(),
            watch,
        }
    }

    /// Takes no more votes and waits until each that was begun is answered.
    pub(crate) async fn drain(&self) {
        let open: Vec<_> = self.lock().values().cloned().collect();
        for booth in open {
            booth.way.drain().await;
        }
    }
}

/// Whether nothing of a campaign can move any more.
fn is_drained(facts: &Facts) -> bool {
    facts.terms.stage(facts.progress, facts.terms.ends_at) > Stage::Closing
}
