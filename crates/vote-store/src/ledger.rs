//! The ledger of review votes: every vote that came to its end.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use vote_domain::review::Ballot;
use vote_domain::{Outcome, Seq};
use vote_domain::{ReviewId, UserId, VoteId};

use crate::run::{read, read_snapshot};
use crate::{Store, StoreError};

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerVote {
    /// The vote.
    pub vote_id: VoteId,
    /// Who cast it.
    pub voter: UserId,
    /// What was asked.
    pub ballot: Ballot,
    /// Its place among the voter's votes; its time is when the vote was admitted.
    pub seq: Seq,
    /// The local day it counts towards.
    pub day: NaiveDate,
    /// How many of the day's votes it used; none if it was voided and they were returned.
    pub cost: u32,
    /// Its end; [`Outcome::Voided`] also for one that was counted before it was voided.
    pub outcome: Outcome,
    /// Why it was voided, in the words of whoever did.
    pub void_reason: Option<String>,
    /// The counted vote of the voter on the same review that came next, if one did; voided
    /// ones do not count.
    pub superseded_by: Option<VoteId>,
    /// When it settled.
    pub settled_at: DateTime<Utc>,
}

impl Store {
    /// Reads those of `votes` that the ledger knows.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ledger_votes(&self, votes: &[VoteId]) -> Result<Vec<LedgerVote>, StoreError> {
        read_snapshot!(self, ledger::by_ids(votes))
    }

    /// Reads what was asked under those of `votes` that the ledger knows, without the rest.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ledger_ballots(
        &self,
        votes: &[VoteId],
    ) -> Result<HashMap<VoteId, Ballot>, StoreError> {
        read!(self, ledger::ballots(votes))
    }

    /// Reads up to `limit` votes of `voter`, latest first, those before `before` if given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ledger_of_voter(
        &self,
        voter: UserId,
        before: Option<(Seq, VoteId)>,
        limit: u32,
    ) -> Result<Vec<LedgerVote>, StoreError> {
        read_snapshot!(self, ledger::by_voter(voter, before, limit))
    }

    /// Reads the directions that stand for `voter` on `reviews`; a review without a vote
    /// that stands is left out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn standing_directions(
        &self,
        voter: UserId,
        reviews: &[ReviewId],
    ) -> Result<Vec<(ReviewId, vote_domain::review::Direction)>, StoreError> {
        let pairs: Vec<_> = reviews.iter().map(|review| (voter, *review)).collect();
        let standings = self.standings(&pairs).await?;
        Ok(standings
            .into_iter()
            .filter_map(|((_, review), standing)| Some((review, standing.direction?)))
            .collect())
    }
}
