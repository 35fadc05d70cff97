//! What was answered under an idempotency key before.

use vote_domain::VoteId;
use vote_domain::review::{Ballot, ReviewVote, VoterState};
use vote_domain::voter_state::{InFlight, Vote as _};

use crate::error::CastError;
use crate::gateway::Gateway;

/// What a key stands for.
pub(crate) enum Repeat {
    /// Nothing yet.
    New,
    /// A vote that SQL knows, or that stood already when the key was used.
    Answered(VoteId),
    /// A vote in flight; somebody must vouch for it before it is answered.
    InFlight(Box<InFlight<ReviewVote>>),
}

impl Gateway {
    /// What `key` (the vote id that an idempotency key names) was used for.
    ///
    /// The voter's state knows recent uses, the ledger all that made votes.
    ///
    /// # Errors
    /// [`CastError::KeyReused`] if it stands for another ballot.
    pub(crate) async fn repeat(
        &self,
        state: &VoterState,
        key: VoteId,
        ballot: Ballot,
    ) -> Result<Repeat, CastError> {
        let (asked, repeat) = if let Some(sent) = state.in_flight(key) {
            (sent.vote.ballot(), Repeat::InFlight(Box::new(sent.clone())))
        } else if let Some(kept) = state.remembered.iter().find(|kept| kept.key == key) {
            (kept.ballot, Repeat::Answered(kept.answer))
        } else if let Some(asked) = self.ballots.get(key).await? {
            (asked, Repeat::Answered(key))
        } else {
            return Ok(Repeat::New);
        };
        if asked == ballot {
            Ok(repeat)
        } else {
            Err(CastError::KeyReused)
        }
    }
}
