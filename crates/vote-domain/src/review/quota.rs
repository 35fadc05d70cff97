//! How many votes a day a member has.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::time::{end_of_day, local_day};

/// The site's rule for review votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaPolicy {
    /// Votes per member and local day.
    pub votes_per_day: u32,
    /// Where days begin and end.
    pub zone: Tz,
}

impl QuotaPolicy {
    /// The local day of `at`.
    #[must_use]
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        local_day(self.zone, at)
    }

    /// What is left on `day` after `used` votes.
    #[must_use]
    pub fn quota(&self, day: NaiveDate, used: u32) -> Quota {
        Quota {
            limit: self.votes_per_day,
            used,
            remaining: self.votes_per_day.saturating_sub(used),
            resets_at: end_of_day(self.zone, day),
        }
    }
}

/// A member's votes of one day, as shown to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Votes per day.
    pub limit: u32,
    /// Used so far, votes in flight included.
    pub used: u32,
    /// Left today.
    pub remaining: u32,
    /// When the next day begins.
    pub resets_at: DateTime<Utc>,
}

/// The votes used on one day, as SQL keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayUse {
    /// Sum of the costs of counted votes.
    pub used: u32,
    /// The highest limit any vote of the day was held to: where the policy changed within
    /// the day, settling order must not matter.
    pub limit: u32,
}
