//! Dead letters: what no worker could settle, and what operators decide on it.
//!
//! A letter is [replayed](replay), which publishes the same bytes to its box again, or
//! [given up](give_up), which enters its votes as rejected. Neither can lose a vote or count
//! one twice: the ledger knows each id once.

mod answer;
mod contents;
mod give_up;
mod replay;
pub(crate) mod routes;

use http_kit::Problem;
use uuid::Uuid;
use vote_domain::UserId;
use vote_store::audit::{Act, AuditActor};
use vote_store::dead_letters::DeadLetter;

use crate::error::Unavailable;
use crate::gateway::Gateway;

pub use give_up::{DropError, Dropped};
pub use replay::ReplayError;

impl Gateway {
    /// The letter `id`.
    async fn letter(&self, id: Uuid) -> Result<Option<DeadLetter>, Unavailable> {
        Ok(self.store.dead_letter(id).await?)
    }

    /// A decision that `by` takes now.
    async fn act(&self, by: UserId) -> Result<Act, Unavailable> {
        let now = self.cache.now().await;
        Ok(Act {
            audit_id: self.office.ids.next(),
            at: now.map_err(|error| Unavailable::of("voter states", error))?,
            actor: AuditActor::User(by),
        })
    }
}

/// 404 for a letter that nobody kept.
fn letter_not_found() -> Problem {
    Problem::not_found("dead_letter_not_found", "There is no such dead letter.")
}
