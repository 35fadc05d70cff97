//! What is known of a voter between SQL and the queue.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{DayUse, Direction, ReviewVote};
use crate::voter_state::{self, Settled};
use crate::{ReviewId, Seq, VoteId};

/// The most standing votes a [`Base`] carries; beyond that, one is read when needed.
pub const STANDINGS_MAX: usize = 256;

/// The most days a [`Base`] carries: today, and what clock and zone may make of it.
const DAYS_MAX: usize = 3;

/// The vote that stands for a voter on a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its place among the voter's votes; the highest stands.
    pub seq: Seq,
    /// The vote.
    pub vote_id: VoteId,
    /// The side taken; `None` is the tombstone that a take-back leaves.
    pub direction: Option<Direction>,
}

impl Standing {
    /// The standing that `vote` makes if none is higher.
    #[must_use]
    pub fn of(vote: &ReviewVote) -> Self {
        Self {
            seq: vote.seq,
            vote_id: vote.vote_id,
            direction: vote.direction,
        }
    }

    /// Whether this one stands over `other`: the higher sequence number, then, where a
    /// loss of the voter's state let two votes share one, the higher id.
    #[must_use]
    pub fn over(&self, other: &Self) -> bool {
        (self.seq, self.vote_id) > (other.seq, other.vote_id)
    }
}

/// What SQL said of a voter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The voter row's version in SQL: one higher with each transaction that settles or
    /// voids votes of the voter; 0 for a voter without any.
    pub version: u64,
    /// When SQL was asked, or a worker last told.
    pub loaded_at: DateTime<Utc>,
    /// The highest sequence number settled.
    pub last_seq: Seq,
    /// Votes used, by local day; the latest days only.
    pub days: BTreeMap<NaiveDate, DayUse>,
    /// Votes that stand, tombstones included; all of them if `complete`.
    pub standings: BTreeMap<ReviewId, Standing>,
    /// Whether a review without an entry in `standings` certainly has none in SQL.
    pub complete: bool,
}

impl Base {
    /// The first day whose votes a base read at `now` must carry, wherever days begin.
    #[must_use]
    pub fn first_day(now: DateTime<Utc>) -> NaiveDate {
        (now - TimeDelta::days(2)).date_naive()
    }
}

/// What settling changed of a base, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Days on which votes were used.
    pub days: Vec<(NaiveDate, DayUse)>,
    /// Reviews that were voted on, and what stands there; nothing after voids.
    pub standings: Vec<(ReviewId, Option<Standing>)>,
}

impl voter_state::Base for Base {
    type Vote = ReviewVote;
    type Touched = Touched;

    fn version(&self) -> u64 {
        self.version
    }

    fn last_seq(&self) -> Seq {
        self.last_seq
    }

    fn loaded_at(&self) -> DateTime<Utc> {
        self.loaded_at
    }

    fn set_loaded_at(&mut self, at: DateTime<Utc>) {
        self.loaded_at = at;
    }

    fn take(&mut self, settled: &Settled<Touched>) {
        self.version = settled.version;
        self.last_seq = self.last_seq.max(settled.last_seq);
        self.days.extend(settled.touched.days.iter().copied());
        for (review, standing) in &settled.touched.standings {
            match standing {
                Some(standing) => self.standings.insert(*review, *standing),
                None => self.standings.remove(review),
            };
        }
    }

    fn trim(&mut self, _now: DateTime<Utc>) {
        while self.days.len() > DAYS_MAX {
            self.days.pop_first();
        }
        if self.standings.len() > STANDINGS_MAX {
            let mut by_age: Vec<_> = self.standings.iter().map(|(id, s)| (s.seq, *id)).collect();
            by_age.sort_unstable();
            for (_, review) in &by_age[..by_age.len() - STANDINGS_MAX] {
                self.standings.remove(review);
            }
            self.complete = false;
        }
    }
}

/// All that is known of a voter on reviews.
pub type VoterState = voter_state::VoterState<Base>;

impl VoterState {
    /// Votes used on `day`, those in flight included.
    #[must_use]
    pub fn used_on(&self, day: NaiveDate) -> u32 {
        let settled = self.base.days.get(&day).map_or(0, |day| day.used);
        let in_flight = self.in_flight.iter().map(|sent| &sent.vote);
        settled
            + in_flight
                .filter(|vote| vote.day == day)
                .map(|vote| vote.cost)
                .sum::<u32>()
    }

    /// Whether the vote that stands on `review` follows from this state alone.
    #[must_use]
    pub fn knows(&self, review: ReviewId) -> bool {
        self.base.complete || self.base.standings.contains_key(&review)
    }

    /// The vote that stands on `review`, those in flight included.
    #[must_use]
    pub fn standing(&self, review: ReviewId) -> Option<Standing> {
        let in_flight = self.in_flight.iter().map(|sent| &sent.vote);
        in_flight
            .filter(|vote| vote.review == review)
            .map(Standing::of)
            .chain(self.base.standings.get(&review).copied())
            .reduce(|a, b| if b.over(&a) { b } else { a })
    }

    /// Adds what SQL says of `review`, for a base that does not carry all standings.
    pub fn learn(&mut self, review: ReviewId, standing: Standing) {
        let known = self.base.standings.entry(review).or_insert(standing);
        if standing.over(known) {
            *known = standing;
        }
    }
}
