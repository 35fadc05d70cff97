//! What was answered under an idempotency key before.

use vote_domain::VoteId;
use vote_domain::voter_state::{InFlight, Vote as _, VoterState};

use crate::booth::Booth;
use crate::error::CastError;
use crate::product::{BallotOf, Product, VoteOf};

/// What a key stands for.
pub(crate) enum Repeat<V> {
    /// Nothing yet.
    New,
    /// A vote that SQL knows, or that stood already when the key was used.
    Answered(VoteId),
    /// A vote in flight; somebody must vouch for it before it is answered.
    InFlight(Box<InFlight<V>>),
}

impl<V: Clone> Repeat<V> {
    /// What is repeated where a vote is `sent` already.
    pub(crate) fn of(sent: Option<&InFlight<V>>) -> Self {
        sent.map_or(Self::New, |sent| Self::InFlight(Box::new(sent.clone())))
    }
}

/// What the ledger says of a vote, once it was asked: what was cast under its id, if
/// anything.
pub(crate) enum Ledger<Ballot> {
    NotAsked,
    Asked(Option<Ballot>),
}

impl<P: Product> Booth<P> {
    /// What `key` (the vote id that an idempotency key names) was used for.
    ///
    /// The voter's state knows recent uses, the ledger all that made votes: what that says
    /// is `settled`, or is read where it was not asked yet.
    ///
    /// # Errors
    /// [`CastError::KeyReused`] if it stands for another ballot.
    pub(crate) async fn repeat(
        &self,
        state: &VoterState<P::Base>,
        key: VoteId,
        ballot: BallotOf<P>,
        settled: Ledger<BallotOf<P>>,
    ) -> Result<Repeat<VoteOf<P>>, CastError<P::Refusal>> {
        let (asked, repeat) = if let Some(sent) = state.in_flight(key) {
            (sent.vote.ballot(), Repeat::InFlight(Box::new(sent.clone())))
        } else if let Some(kept) = state.remembered.iter().find(|kept| kept.key == key) {
            (kept.ballot, Repeat::Answered(kept.answer))
        } else {
            let settled = match settled {
                Ledger::Asked(settled) => settled,
                Ledger::NotAsked => self.product.settled_ballot(key).await?,
            };
            match settled {
                Some(asked) => (asked, Repeat::Answered(key)),
                None => return Ok(Repeat::New),
            }
        };
        if asked == ballot {
            Ok(repeat)
        } else {
            Err(CastError::KeyReused)
        }
    }
}
