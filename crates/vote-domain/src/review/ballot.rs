//! What a voter wants ([`Ballot`]) and what was admitted ([`ReviewVote`]).

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{ReviewId, UserId, VoteId};

/// The side a vote takes. A vote without a direction takes back the one that stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// For the review.
    Up,
    /// Against it.
    Down,
}

/// What a voter asks for: to vote a review up or down, or (`None`) to take the vote back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ballot {
    /// The review voted on.
    pub review: ReviewId,
    /// The side taken; `None` takes back the vote that stands.
    pub direction: Option<Direction>,
}

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

/// A vote as admitted: with all that settling needs, so that no later change of policy,
/// zone or clock can alter what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewVote {
    /// Names the vote, from its admission on.
    pub vote_id: VoteId,
    /// Who cast it.
    pub voter: UserId,
    /// The review voted on.
    pub review: ReviewId,
    /// The side taken; `None` takes back what stood.
    pub direction: Option<Direction>,
    /// Its place among the voter's votes.
    pub seq: Seq,
    /// The voter's local day it counts towards.
    pub day: NaiveDate,
    /// How many of the day's votes it uses: 1, or 0 for a take-back.
    pub cost: u32,
    /// The daily limit it was held to.
    pub limit: u32,
}

impl ReviewVote {
    /// The ballot it was cast with.
    #[must_use]
    pub fn ballot(&self) -> Ballot {
        Ballot {
            review: self.review,
            direction: self.direction,
        }
    }
}
