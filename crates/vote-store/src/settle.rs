//! Settling votes: from a batch to rows, in one transaction.

use chrono::{DateTime, Utc};
use vote_domain::Outcome;
pub use vote_domain::review::Counts;
use vote_domain::review::{ReviewVote, Touched};
use vote_domain::voter_state::Settled;
use vote_domain::{ReviewId, UserId, VoteId};

use std::collections::HashMap;

use crate::run::{read, write_once};
use crate::{Store, StoreError};

/// When an author is rewarded for a review, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardPolicy {
    /// Members who must ever have voted the review up.
    pub up_votes: u32,
    /// Credit that the author gets, once.
    pub credit: u32,
}

/// What settling a batch did, for those who must be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledBatch {
    /// The votes that came to their end now; the others of the batch had before.
    pub outcomes: Vec<(VoteId, Outcome)>,
    /// Every voter of the batch, as they are now.
    pub voters: Vec<(UserId, Settled<Touched>)>,
    /// Every review of the batch that has counters, as they are now.
    pub counters: Vec<(ReviewId, Counts)>,
    /// Reviews whose authors were rewarded now.
    pub rewarded: Vec<ReviewId>,
}

impl Store {
    /// Settles `votes` in one transaction at `now`; settling any of them again changes
    /// nothing but the voters' versions.
    ///
    /// # Errors
    /// Nothing was written, unless [`StoreError::Unavailable`] hides a commit that went
    /// through. Try again as long as [`StoreError::is_transient`]; anything else is the
    /// fault of a vote in the batch.
    pub async fn settle(
        &self,
        votes: &[ReviewVote],
        reward: RewardPolicy,
        now: DateTime<Utc>,
    ) -> Result<SettledBatch, StoreError> {
        write_once!(self, settle::settle(votes, reward, now))
    }

    /// Reads what the votes on `reviews` come to; a review never voted on is left out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn counts(
        &self,
        reviews: &[ReviewId],
    ) -> Result<HashMap<ReviewId, Counts>, StoreError> {
        read!(self, review_rows::counts(reviews))
    }
}
