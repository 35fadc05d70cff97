//! Where the votes of the ledger come from: each from one request, and those of one key from
//! one.

use super::{Court, Promise};
use crate::chaos::history::{Accepted, Doubt, History};
use crate::chaos::intents::Intents;

/// The box of votes on reviews.
pub(super) const BOX: &str = "votes.reviews";

impl Court<'_> {
    pub(super) fn nothing_is_added(&mut self, history: &History) {
        let told = history.accepted.iter().map(Accepted::intent);
        let open = history.in_doubt.iter().map(Doubt::intent);
        let mut intents = Intents::at(BOX);
        for intent in told.chain(open) {
            intents.note(intent);
        }
        for vote in &self.books.ledger {
            let ballot = (vote.voter, vote.review, vote.direction);
            if let Err(detail) = intents.claim(vote.vote_id, &ballot) {
                self.find(Promise::NothingIsAdded, detail);
            }
        }
    }
}
