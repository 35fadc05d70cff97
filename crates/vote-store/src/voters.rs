//! What SQL says of a voter: the base that admission starts from.

use std::collections::HashMap;

use chrono::NaiveDate;
use vote_domain::review::{Ballot, Base, Standing};
use vote_domain::{ReviewId, UserId, VoteId};

use crate::run::{read, read_snapshot};
use crate::{Store, StoreError};

/// What SQL says of some voters, all at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bases {
    /// A base for every voter asked for; `loaded_at` is left to whoever asked.
    pub bases: HashMap<UserId, Base>,
    /// Those of the votes asked for that the ledger knows, and what was asked under them.
    pub known: HashMap<VoteId, Ballot>,
}

impl Store {
    /// Reads the bases of `voters`, with the votes used since the day `since`, and which of
    /// `votes` have come to their end: each named with its voter, one of `voters`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn load_bases(
        &self,
        voters: &[UserId],
        votes: &[(UserId, VoteId)],
        since: NaiveDate,
    ) -> Result<Bases, StoreError> {
        read_snapshot!(self, voters::load_bases(voters, votes, since))
    }

    /// Reads what stands for each (voter, review), for voters whose base is not complete.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn standings(
        &self,
        pairs: &[(UserId, ReviewId)],
    ) -> Result<HashMap<(UserId, ReviewId), Standing>, StoreError> {
        read!(self, voters::standings(pairs))
    }

    /// Reads the authors of those of `reviews` that are there to be voted on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn review_authors(
        &self,
        reviews: &[ReviewId],
    ) -> Result<HashMap<ReviewId, UserId>, StoreError> {
        read!(self, voters::review_authors(reviews))
    }
}
