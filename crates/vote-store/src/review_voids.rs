//! Taking votes on reviews out of the count, before and after they settled.
//!
//! A void of one vote that the ledger does not know leaves a mark, and so does every void
//! of a voter. What settles later under a mark is voided as it settles. A voter's mark is
//! written under the voter's lock, so that each vote settles either before it, and is
//! there to be voided, or after it, and sees it. The mark of a vote, whose voter nobody
//! knows yet, may commit after settling looked for marks and before the vote commits.
//! Therefore both look again once they have committed: [`Store::void_review_vote`] for the
//! vote, and whoever settles, with [`Store::apply_review_marks`], for the mark. One of
//! them sees the other.

use chrono::{DateTime, Utc};
use vote_domain::review::{Counts, Touched};
use vote_domain::voter_state::Settled;
use vote_domain::{RejectReason, ReviewId, Seq, UserId, VoteId};

use crate::run::{read, write};
use crate::voids::NewVoid;
use crate::{Store, StoreError};

/// What became of a void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewVoidOutcome {
    /// It is carried out.
    Done(VoidedReviewVotes),
    /// The ledger does not know the vote; it will be voided when it settles.
    Waiting,
    /// The votes of this voter were voided before.
    AlreadyVoided(UserId),
    /// The vote was rejected: there is nothing to void.
    NotCounted(RejectReason),
    /// The vote was cast on another review.
    OfAnotherReview,
    /// There is no such review, or not any more.
    NoSuchReview,
}

/// Votes of one voter on one review that one transaction voided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidedReviewVotes {
    /// Who cast them.
    pub voter: UserId,
    /// The votes that were voided now; there may be none.
    pub votes: Vec<VoteId>,
    /// What to tell the voter's state.
    pub settled: Settled<Touched>,
    /// What the review's votes come to now, if it was ever voted on.
    pub counts: Option<(ReviewId, Counts)>,
}

impl Store {
    /// Voids `vote` on `review`, or leaves a mark for it if the ledger does not know it,
    /// with an audit record. What stands for the voter is then the latest vote of theirs
    /// that counts. A reward that was paid stays paid. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written but perhaps the mark, unless
    /// [`StoreError::Unavailable`] hides a commit that went through.
    pub async fn void_review_vote(
        &self,
        review: ReviewId,
        vote: VoteId,
        void: &NewVoid,
        now: DateTime<Utc>,
    ) -> Result<ReviewVoidOutcome, StoreError> {
        let first = write!(self, review_voids::void_vote(review, vote, void, now));
        let outcome = match first {
            // Somebody else's mark came first; it is there at the next try.
            Err(StoreError::Duplicate(_)) => {
                write!(self, review_voids::void_vote(review, vote, void, now))
            }
            outcome => outcome,
        }?;
        if outcome != ReviewVoidOutcome::Waiting {
            return Ok(outcome);
        }
        write!(self, review_voids::apply_vote_mark(vote, review, now))
    }

    /// Voids all votes of `voter` on `review` up to `up_to`, those too that have yet to
    /// settle, with an audit record. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written, unless [`StoreError::Unavailable`] hides a
    /// commit that went through.
    pub async fn void_review_voter(
        &self,
        review: ReviewId,
        voter: UserId,
        up_to: Seq,
        void: &NewVoid,
        now: DateTime<Utc>,
    ) -> Result<ReviewVoidOutcome, StoreError> {
        write!(
            self,
            review_voids::void_voter(review, voter, up_to, void, now)
        )
    }

    /// Voids votes that settled past their marks, as settling calls for after each commit:
    /// what to tell, in this order. Where there is nothing to do, which is nearly always,
    /// it is one read of an empty table.
    ///
    /// # Errors
    /// [`StoreError`]; part of it may be done. Safe to repeat.
    pub async fn apply_review_marks(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<VoidedReviewVotes>, StoreError> {
        let mut done = Vec::new();
        loop {
            let due = read!(self, review_voids::due())?;
            if due.is_empty() {
                return Ok(done);
            }
            for (vote, review) in due {
                let outcome = write!(self, review_voids::apply_vote_mark(vote, review, now))?;
                if let ReviewVoidOutcome::Done(voided) = outcome {
                    done.push(voided);
                }
            }
        }
    }
}
