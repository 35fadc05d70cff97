//! Tickets that were granted together.

use chrono::{DateTime, NaiveDate, Utc};

use crate::GrantId;

/// Where a lot comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The free tickets of a local day.
    FreeDaily(NaiveDate),
    /// An operator or a partner granted it.
    Grant(GrantId),
}

impl Source {
    /// The name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreeDaily(_) => "free_daily",
            Self::Grant(_) => "grant",
        }
    }
}

/// Tickets that were granted together. When they expire follows from when they were
/// granted, see [`Terms::expires_at`](super::Terms::expires_at).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Where it comes from.
    pub source: Source,
    /// How many there were.
    pub tickets: u32,
    /// How many were spent, forfeited ones included.
    pub spent: u32,
    /// When they were granted.
    pub granted_at: DateTime<Utc>,
}

impl Lot {
    /// How many are left, expired or not.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.tickets.saturating_sub(self.spent)
    }
}
