//! The order of one voter's votes.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The order of one voter's votes: microseconds of the Unix epoch, raised where needed
/// so that each vote of a voter has a higher one than the last.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub i64);

impl Seq {
    /// The sequence number of a vote stamped at `now` by a voter whose last one was `last`.
    #[must_use]
    pub fn after(last: Self, now: DateTime<Utc>) -> Self {
        Self(now.timestamp_micros().max(last.0 + 1))
    }

    /// The stamped time.
    #[must_use]
    pub fn at(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
