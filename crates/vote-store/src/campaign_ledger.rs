//! The ledger of campaign votes: every vote that came to its end, and what voids made of
//! it since.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vote_domain::campaign::{Ballot, Lot, Posted};
use vote_domain::{CampaignId, GrantId, LotId, Outcome, Seq, VoteId, VoterId};

use crate::run::{read, read_snapshot};
use crate::{Store, StoreError};

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerCampaignVote {
    /// The vote.
    pub vote_id: VoteId,
    /// Where it was cast.
    pub campaign: CampaignId,
    /// Who cast it.
    pub voter: VoterId,
    /// What was asked.
    pub ballot: Ballot,
    /// The option's key; none for a vote rejected for naming no option.
    pub option: Option<String>,
    /// The channel's key; none for a vote rejected for naming no channel.
    pub channel: Option<String>,
    /// Its place among the voter's votes; its time is when the vote was admitted.
    pub seq: Seq,
    /// Its end, voids included.
    pub outcome: Outcome,
    /// Whether a voided vote's tickets are lost to the voter.
    pub forfeited: bool,
    /// When it settled.
    pub settled_at: DateTime<Utc>,
    /// When it was voided, if it was: when it settled, if under a void made before.
    pub voided_at: Option<DateTime<Utc>>,
    /// Why it was voided, if it was.
    pub void_reason: Option<String>,
}

/// All that a voter's [statement](vote_domain::campaign::statement) needs, as of one
/// moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementRows {
    /// All lots in SQL, spent and expired ones included.
    pub lots: Vec<(LotId, Lot)>,
    /// All votes in the ledger, in the order of their admission.
    pub votes: Vec<Posted>,
    /// Why tickets were granted.
    pub grant_reasons: HashMap<GrantId, String>,
    /// The voter row's version; 0 if there is none.
    pub version: u64,
}

impl Store {
    /// Reads what was asked under those of `votes` that the ledger knows, without the rest.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaign_ballots(
        &self,
        votes: &[VoteId],
    ) -> Result<Vec<(VoteId, CampaignId, Ballot)>, StoreError> {
        read!(self, campaign_ledger::ballots(votes))
    }

    /// Reads those of `votes` that the ledger knows.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaign_ledger_votes(
        &self,
        votes: &[VoteId],
    ) -> Result<Vec<LedgerCampaignVote>, StoreError> {
        read_snapshot!(self, campaign_ledger::by_ids(votes))
    }

    /// Reads what the statement of `voter` in `campaign` is made of. The draws of the votes
    /// do not say which lots are free ones; the lots do.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn statement_rows(
        &self,
        campaign: CampaignId,
        voter: VoterId,
    ) -> Result<StatementRows, StoreError> {
        read_snapshot!(self, campaign_ledger::statement_rows(campaign, voter))
    }
}
