//! Settling campaign votes: from a batch to rows, in one transaction.

use chrono::{DateTime, Utc};
use vote_domain::campaign::{CampaignVote, Touched};
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, Outcome, VoteId, VoterId};

use crate::run::write_once;
use crate::{Store, StoreError};

/// What settling a batch did, for those who must be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledCampaignBatch {
    /// The votes that came to their end now; the others of the batch had before.
    pub outcomes: Vec<(VoteId, Outcome)>,
    /// Every voter of the batch, with the lots and uses that its votes touch, as they
    /// are now.
    pub voters: Vec<(VoterId, Settled<Touched>)>,
}

impl Store {
    /// Settles `votes`, all of `campaign`, in one transaction at `now`; settling any of
    /// them again changes nothing but the voters' versions. Once the campaign is drained,
    /// a vote that the ledger does not know is rejected.
    ///
    /// Afterwards [`Store::apply_campaign_marks`] is due: a void may have come in between.
    ///
    /// # Errors
    /// Nothing was written, unless [`StoreError::Unavailable`] hides a commit that went
    /// through. Try again as long as [`StoreError::is_transient`], and after
    /// [`StoreError::Duplicate`], for another was first; anything else is the fault of a
    /// vote in the batch, or of all if there is no such campaign.
    pub async fn settle_campaign(
        &self,
        campaign: CampaignId,
        votes: &[CampaignVote],
        now: DateTime<Utc>,
    ) -> Result<SettledCampaignBatch, StoreError> {
        write_once!(self, campaign_settle::settle(campaign, votes, now))
    }
}
