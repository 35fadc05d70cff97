//! Votes in one campaign: a box for each.

use chrono::{DateTime, Utc};
use vote_cache::{CacheError, VoterStates};
use vote_domain::campaign::{Base, CampaignVote};
use vote_domain::{CampaignId, VoteId, VoterId};
use vote_queue::BallotBox;
use vote_store::{Store, StoreError};

use crate::product::{Loaded, Product, Settlement, Told};

/// The box of one campaign.
#[derive(Clone)]
pub(crate) struct Campaign {
    pub(crate) campaign: CampaignId,
    pub(crate) store: Store,
    pub(crate) states: VoterStates<Base>,
}

impl Product for Campaign {
    type Base = Base;
    /// None: boards are snapshots, read from SQL.
    type Counters = ();

    fn ballot_box(&self) -> BallotBox {
        BallotBox::campaign(self.campaign.0)
    }

    fn takes(&self, vote: &CampaignVote) -> bool {
        vote.campaign == self.campaign
    }

    async fn settle(
        &self,
        votes: Vec<CampaignVote>,
        now: DateTime<Utc>,
    ) -> Result<Settlement<Self>, StoreError> {
        let store = &self.store;
        let settled = store.settle_campaign(self.campaign, &votes, now).await?;
        Ok(Settlement {
            outcomes: settled.outcomes,
            voters: settled.voters,
            counters: (),
        })
    }

    /// Voids that were ordered while their votes were under way.
    async fn follow_up(&self, now: DateTime<Utc>) -> Result<Told<Self>, StoreError> {
        self.store.apply_campaign_marks(self.campaign, now).await
    }

    fn states(&self) -> &VoterStates<Base> {
        &self.states
    }

    async fn put_counters(&self, (): &()) -> Result<(), CacheError> {
        Ok(())
    }

    async fn load(
        &self,
        voters: &[VoterId],
        votes: &[(VoterId, VoteId)],
        now: DateTime<Utc>,
    ) -> Result<Loaded<Base>, StoreError> {
        let store = &self.store;
        let loaded = store
            .load_campaign_bases(self.campaign, voters, votes, now)
            .await?;
        Ok(Loaded {
            bases: loaded.bases,
            known: loaded.known.into_keys().collect(),
        })
    }
}
