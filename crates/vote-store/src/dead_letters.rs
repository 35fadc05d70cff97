//! What could not be settled, kept to the byte until an operator decides.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::run::{read, write};
use crate::{Store, StoreError};

/// What the bytes of a dead letter are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// One encoded vote.
    Vote,
    /// A whole message of the queue.
    Message,
}

impl LetterKind {
    /// The name in SQL and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vote => "vote",
            Self::Message => "message",
        }
    }
}

/// Something to be kept because it cannot be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// The ballot box it came from.
    pub ballot_box: String,
    /// What `bytes` are.
    pub kind: LetterKind,
    /// It, as it arrived.
    pub bytes: Vec<u8>,
    /// Why, in one word: `malformed`, `unsupported_version`, `refused`, `undeliverable`.
    pub reason: &'static str,
    /// Why, in full; cut at 1,000 characters.
    pub detail: String,
}

/// A dead letter as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// A digest of box and bytes: the same thing arriving again is the same letter.
    pub id: Uuid,
    /// The ballot box it came from.
    pub ballot_box: String,
    /// `vote` or `message`.
    pub kind: String,
    /// It, as it arrived.
    pub bytes: Vec<u8>,
    /// Why, in one word.
    pub reason: String,
    /// Why, in full.
    pub detail: String,
    /// How often it arrived.
    pub n_arrivals: u64,
    /// When it first did.
    pub created_at: DateTime<Utc>,
    /// When an operator decided.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Keeps `letters`; keeping one again only counts its arrival.
    ///
    /// # Errors
    /// [`StoreError`]; none is kept then.
    pub async fn keep_dead_letters(
        &self,
        letters: &[NewDeadLetter],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        write!(self, dead_letters::keep(letters, now))
    }

    /// Reads up to `limit` letters of `ballot_box` (of all boxes if `None`) that no
    /// operator has decided on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn open_dead_letters(
        &self,
        ballot_box: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        read!(self, dead_letters::open(ballot_box, limit))
    }

    /// Finds out whether SQL takes writes at all, by writing the row called `name`.
    ///
    /// # Errors
    /// [`StoreError`] if it does not.
    pub async fn write_canary(&self, name: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        write!(self, dead_letters::write_canary(name, now))
    }

    /// Finds out whether SQL answers.
    ///
    /// # Errors
    /// [`StoreError`] if it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        read!(self, dead_letters::ping())
    }
}
