//! Why a vote was not accepted.

use std::sync::Arc;
use std::time::Duration;

use vote_cache::StateError;
use vote_domain::VoteId;
use vote_store::StoreError;

use crate::reviews::ReviewRefusal;

/// The code of a problem that only says that there is too much to do.
pub(crate) const OVERLOADED: &str = "overloaded";

/// Why a ballot made no accepted vote; by default one on a review.
#[derive(Debug, thiserror::Error)]
pub enum CastError<Refusal = ReviewRefusal> {
    /// The rules said no; nothing changed.
    #[error("{0}")]
    Refused(Refusal),
    /// The idempotency key stands for another ballot.
    #[error("the idempotency key was used for another ballot")]
    KeyReused,
    /// A part is missing or overloaded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Which part is missing, and what the client is told of a vote whose fate is open.
#[derive(Debug, thiserror::Error)]
#[error("{part}: {reason}")]
pub struct Unavailable {
    /// The part: `queue`, `voter states`, `database` or `gateway`.
    pub part: &'static str,
    /// The problem's code: `queue_unavailable`, or `overloaded` where there is only too much
    /// to do.
    pub code: &'static str,
    /// What is the matter with it.
    pub reason: String,
    /// The vote that may or may not reach the ledger: the ballot's by its key, and on a review
    /// also the one by which it stands. Without a key a ballot in a campaign is another vote.
    pub vote_id: Option<VoteId>,
    /// When to try again.
    pub retry_after: Duration,
}

impl Unavailable {
    /// `part` is missing, and nothing was cast.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "errors are handed over where they end"
    )]
    pub(crate) fn of(part: &'static str, reason: impl ToString) -> Self {
        Self {
            part,
            code: "queue_unavailable",
            reason: reason.to_string(),
            vote_id: None,
            retry_after: Duration::from_secs(1),
        }
    }

    /// There is more to do than can be done in good time, and nothing was cast.
    pub(crate) fn overloaded(reason: &str, retry_after: Duration) -> Self {
        Self {
            code: OVERLOADED,
            retry_after,
            ..Self::of("gateway", reason)
        }
    }

    /// The fate of `vote_id` is open.
    pub(crate) fn unknown(mut self, vote_id: VoteId) -> Self {
        self.vote_id = Some(vote_id);
        self
    }
}

impl From<StateError> for Unavailable {
    fn from(error: StateError) -> Self {
        Self::of("voter states", error)
    }
}

impl From<Arc<StoreError>> for Unavailable {
    fn from(error: Arc<StoreError>) -> Self {
        Self::of("database", error)
    }
}

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self::of("database", error)
    }
}

impl<R> From<StateError> for CastError<R> {
    fn from(error: StateError) -> Self {
        Unavailable::from(error).into()
    }
}
