//! What may be thrown away, and when: rows that no invariant needs any more.
//!
//! Ledgers, lots, days and voids are not among them: balances, statements and every check
//! of [`verify`](crate::verify) are computed from them.

use chrono::{DateTime, Utc};

use crate::run::{read, write};
use crate::{Store, StoreError};

/// The most rows deleted in one transaction.
pub const PURGED_MAX: usize = 500;

/// Rows that may be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge {
    /// Refresh tokens, by when they expired, spent or not. Until then a spent one must be
    /// known, for using it again ends its session.
    RefreshTokens,
    /// Sessions without any token, by when they were last refreshed.
    Sessions,
    /// Dead letters that an operator dealt with, by when.
    DeadLetters,
}

impl Purge {
    /// Every kind, in the order to go by: sessions go after their tokens.
    pub const ALL: [Self; 3] = [Self::RefreshTokens, Self::Sessions, Self::DeadLetters];

    /// The table.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::RefreshTokens => "refresh_tokens",
            Self::Sessions => "sessions",
            Self::DeadLetters => "dead_letters",
        }
    }
}

/// Some rows that may go, by key; hand it back to go on behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeSlice {
    /// Their keys, in order.
    pub(crate) keys: Vec<Vec<u8>>,
}

impl PurgeSlice {
    /// How many there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.keys.len()
    }
}

impl Store {
    /// Finds the next rows, behind `after`, that have been of no use since before `cutoff`:
    /// at most [`PURGED_MAX`], none when there are no more. Nothing is locked.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn purgeable(
        &self,
        of: Purge,
        cutoff: DateTime<Utc>,
        after: &PurgeSlice,
    ) -> Result<PurgeSlice, StoreError> {
        let after = after.keys.last().map_or(&[][..], |key| key);
        let keys = match of {
            Purge::RefreshTokens => read!(self, retention::refresh_tokens(cutoff, after))?,
            Purge::Sessions => read!(self, retention::sessions(cutoff, after))?,
            Purge::DeadLetters => read!(self, retention::dead_letters(cutoff, after))?,
        };
        Ok(PurgeSlice { keys })
    }

    /// Deletes those of `slice` that are still of no use, in one transaction; answers how
    /// many. Doing it again deletes nothing more.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was deleted then.
    pub async fn purge(
        &self,
        of: Purge,
        cutoff: DateTime<Utc>,
        slice: &PurgeSlice,
    ) -> Result<usize, StoreError> {
        let keys = &slice.keys;
        match of {
            Purge::RefreshTokens => write!(self, retention::delete_refresh_tokens(cutoff, keys)),
            Purge::Sessions => write!(self, retention::delete_sessions(cutoff, keys)),
            Purge::DeadLetters => write!(self, retention::delete_dead_letters(cutoff, keys)),
        }
    }
}
