//! What SQL says of a campaign's voters: the base that admission starts from.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vote_domain::campaign::{Ballot, Base};
use vote_domain::{CampaignId, VoteId, VoterId};

use crate::run::read_snapshot;
use crate::{Store, StoreError};

/// What SQL says of some voters of a campaign, all at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignBases {
    /// A base for every voter asked for; `loaded_at` is left to whoever asked.
    pub bases: HashMap<VoterId, Base>,
    /// Those of the votes asked for that the ledger knows, and what was asked under them.
    pub known: HashMap<VoteId, Ballot>,
}

impl Store {
    /// Reads the bases of `voters` in `campaign` as they are to be at `now`, and which of
    /// `votes` have come to their end: each named with its voter, one of `voters`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn load_campaign_bases(
        &self,
        campaign: CampaignId,
        voters: &[VoterId],
        votes: &[(VoterId, VoteId)],
        now: DateTime<Utc>,
    ) -> Result<CampaignBases, StoreError> {
        read_snapshot!(self, wallets::load_bases(campaign, voters, votes, now))
    }
}
