//! What is known of a voter between SQL and the queue.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::{Ballot, DayUse, Direction, ReviewVote, Seq};
use crate::{ReviewId, VoteId};

/// The most standing votes a [`Base`] carries; beyond that, one is read when needed.
pub const STANDINGS_MAX: usize = 256;

/// The most days a [`Base`] carries: today, and what clock and zone may make of it.
const DAYS_MAX: usize = 3;

/// How long a vote in flight is left alone before it is sent again; doubled at each send.
const RESEND_AFTER: TimeDelta = TimeDelta::seconds(30);

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
    /// The voter row's version in SQL: one higher with each transaction that settles
    /// votes of the voter; 0 for a voter without any.
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

    /// Drops the oldest entries beyond what a base carries.
    pub fn trim(&mut self) {
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

/// A vote that was admitted and of which SQL has not told the end yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The vote.
    pub vote: ReviewVote,
    /// The message it travels in, sent again to the byte where needed.
    pub message: Vec<u8>,
    /// The gateway process that sent it last.
    pub gateway: Uuid,
    /// When it was sent last.
    pub sent_at: DateTime<Utc>,
    /// How often it was sent.
    pub n_sends: u32,
    /// Whether its gateway could not learn if the broker has it.
    pub unknown: bool,
}

impl InFlight {
    /// Whether nobody can be trusted to have brought this vote to the broker, so that it
    /// must be sent again: its fate is unknown, its gateway is gone, or it has been
    /// under way for longer than settling takes. Sending again is always safe.
    #[must_use]
    pub fn is_due_for_resend(&self, now: DateTime<Utc>, gateway_is_alive: bool) -> bool {
        let patience = RESEND_AFTER * (1 << self.n_sends.saturating_sub(1).min(6));
        self.unknown || !gateway_is_alive || now >= self.sent_at + patience
    }
}

/// The answer to an idempotency key under which nothing new was cast, because the
/// direction already stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The vote the key would have made.
    pub key: VoteId,
    /// What was asked under the key.
    pub ballot: Ballot,
    /// The vote that was answered.
    pub answer: VoteId,
}

/// The most answers kept for repeated keys.
const REMEMBERED_MAX: usize = 8;

/// All that is known of a voter: what SQL said, and the votes in flight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoterState {
    /// What SQL said.
    pub base: Base,
    /// Votes whose end SQL has not told yet, in the order of their admission.
    pub in_flight: Vec<InFlight>,
    /// Keys answered with a vote that stood already, oldest first.
    pub remembered: Vec<Remembered>,
}

/// What settling left of one voter, as the worker tells it after its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The voter row's version after the commit.
    pub version: u64,
    /// The highest sequence number settled.
    pub last_seq: Seq,
    /// The days that settling touched, as they are now.
    pub days: Vec<(NaiveDate, DayUse)>,
    /// The standings that settling touched, as they are now.
    pub standings: Vec<(ReviewId, Standing)>,
    /// The votes that SQL now knows.
    pub votes: Vec<VoteId>,
}

/// What became of [`VoterState::fold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The state holds what was settled.
    Done,
    /// The base lacks an earlier settlement: load it whole. The state is as it was.
    BaseTooOld,
}

impl VoterState {
    /// The highest sequence number given out.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        self.in_flight
            .iter()
            .map(|sent| sent.vote.seq)
            .fold(self.base.last_seq, Seq::max)
    }

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

    /// The vote in flight called `vote_id`.
    #[must_use]
    pub fn in_flight(&self, vote_id: VoteId) -> Option<&InFlight> {
        self.in_flight
            .iter()
            .find(|sent| sent.vote.vote_id == vote_id)
    }

    /// Adds what SQL says of `review`, for a base that does not carry all standings.
    pub fn learn(&mut self, review: ReviewId, standing: Standing) {
        let known = self.base.standings.entry(review).or_insert(standing);
        if standing.over(known) {
            *known = standing;
        }
    }

    /// Keeps the answer to a key under which nothing new was cast.
    pub fn remember(&mut self, answer: Remembered) {
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.remove(0);
        }
        self.remembered.push(answer);
    }

    /// Takes a base read from SQL together with the ids, among those in flight, that SQL
    /// knew at that moment. An older base never replaces a newer one.
    pub fn refresh(&mut self, base: Base, known: &HashSet<VoteId>) {
        if base.version >= self.base.version {
            self.base = base;
            self.base.trim();
        }
        self.in_flight
            .retain(|sent| !known.contains(&sent.vote.vote_id));
    }

    /// Takes what a worker settled. Doing so again changes nothing.
    pub fn fold(&mut self, settled: &Settled, now: DateTime<Utc>) -> Fold {
        if self.base.version + 1 < settled.version {
            return Fold::BaseTooOld;
        }
        if self.base.version < settled.version {
            self.base.version = settled.version;
            self.base.loaded_at = now;
            self.base.last_seq = self.base.last_seq.max(settled.last_seq);
            self.base.days.extend(settled.days.iter().copied());
            self.base
                .standings
                .extend(settled.standings.iter().copied());
            self.base.trim();
        }
        self.in_flight
            .retain(|sent| !settled.votes.contains(&sent.vote.vote_id));
        Fold::Done
    }
}
