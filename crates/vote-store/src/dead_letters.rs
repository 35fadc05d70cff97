//! What could not be settled, kept to the byte until an operator decides.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vote_domain::VoteId;
use vote_domain::campaign::CampaignVote;
use vote_domain::review::ReviewVote;

use crate::audit::Act;
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
    /// How it stands.
    pub state: LetterState,
    /// When an operator decided.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// How a dead letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// It waits for an operator.
    Open,
    /// It was sent to its box again. Should it end here once more, it is open again.
    Replayed,
    /// It was given up; the votes that could be read were rejected.
    Dropped,
}

impl LetterState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Replayed, Self::Dropped];

    /// The name in SQL and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Dropped => "dropped",
        }
    }
}

/// The text is no letter's state.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of open, replayed, dropped")]
pub struct UnknownLetterState(String);

impl FromStr for LetterState {
    type Err = UnknownLetterState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownLetterState(text.to_owned()))
    }
}

/// Which letters are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Only those of this box.
    pub ballot_box: Option<String>,
    /// Only those in this state.
    pub state: Option<LetterState>,
}

/// What noting a replay came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It is noted.
    Noted,
    /// Nothing is noted, for the letter arrived once more since it was read: what was
    /// replayed may have ended here again already. It stands as it did.
    ArrivedAgain,
    /// Nothing is noted: somebody dropped it meanwhile.
    Dropped,
    /// There is no such letter.
    NoSuchLetter,
}

/// The votes that can be read from a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterVotes {
    /// Those on reviews.
    pub reviews: Vec<ReviewVote>,
    /// Those in campaigns.
    pub campaigns: Vec<CampaignVote>,
}

/// A letter to be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterDrop {
    /// What can be read of it.
    pub votes: LetterVotes,
    /// Why; for the audit record.
    pub reason: String,
}

/// What dropping a letter came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DropOutcome {
    /// It is dropped.
    Done {
        /// The votes that were rejected now. The ledger knew the others, or they name a
        /// campaign that is drained or final, and whose ledger never moves again.
        rejected: Vec<VoteId>,
    },
    /// It was dropped before; nothing changed.
    AlreadyDropped,
    /// It was replayed, so that its votes may count; nothing changed.
    Replayed,
    /// There is no such letter.
    NoSuchLetter,
}

impl Store {
    /// Keeps `letters`. Keeping one again counts its arrival, and if it had been replayed,
    /// it is open again.
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

    /// Reads up to `limit` letters that `filter` lets pass, oldest first, from behind the
    /// one of this time and id on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn dead_letters(
        &self,
        filter: &LetterFilter,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        read!(self, dead_letters::page(filter, after, limit))
    }

    /// Reads one letter; `None` if there is no such.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn dead_letter(&self, id: Uuid) -> Result<Option<DeadLetter>, StoreError> {
        read!(self, dead_letters::one(id))
    }

    /// Notes, with an audit record, that a letter was replayed after it was read with
    /// `n_arrivals`. To be called once the broker has it; may be repeated.
    ///
    /// # Errors
    /// [`StoreError`]; the letter stands as it did, unless [`StoreError::Unavailable`] hides
    /// a commit that went through.
    pub async fn note_replay(
        &self,
        id: Uuid,
        n_arrivals: u64,
        act: &Act,
    ) -> Result<ReplayOutcome, StoreError> {
        write!(self, letter_decisions::note_replay(id, n_arrivals, act))
    }

    /// Drops a letter, with an audit record, and enters those of its votes that the ledger
    /// does not know as rejected, all in one transaction: each voter's row is locked, and
    /// gets a new version, as when votes settle. What names a campaign that is drained or
    /// final is left out. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written, unless [`StoreError::Unavailable`] hides a
    /// commit that went through.
    pub async fn drop_dead_letter(
        &self,
        id: Uuid,
        drop: &LetterDrop,
        act: &Act,
    ) -> Result<DropOutcome, StoreError> {
        write!(self, letter_decisions::drop_letter(id, drop, act))
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
