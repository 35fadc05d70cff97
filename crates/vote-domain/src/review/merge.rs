//! How votes settle.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::{DayUse, Direction, ReviewVote, Standing};
use crate::{Outcome, RejectReason, ReviewId, UserId, VoteId};

/// What SQL holds of everything a batch of votes touches, locked by the voters' rows.
/// [`merge`] changes it to what SQL must hold afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Votes that are in the ledger already, whatever their end.
    pub known: HashSet<VoteId>,
    /// Authors of the reviews that exist.
    pub authors: HashMap<ReviewId, UserId>,
    /// Votes used, by voter and day.
    pub days: BTreeMap<(UserId, NaiveDate), DayUse>,
    /// Votes that stand, by voter and review.
    pub standings: BTreeMap<(UserId, ReviewId), StandingRow>,
}

/// What stands for a voter on a review, as SQL keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingRow {
    /// The vote that stands.
    pub standing: Standing,
    /// Whether any counted vote of the voter on the review was ever up; rewards look at
    /// this, so that the order of settling cannot matter to them.
    pub ever_up: bool,
}

/// A row for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The vote.
    pub vote: ReviewVote,
    /// Its end.
    pub outcome: Outcome,
}

/// By how much a review's counters change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterChange {
    /// Standing up votes.
    pub up: i64,
    /// Standing down votes.
    pub down: i64,
    /// Voters who ever voted up; never falls.
    pub ever_up: i64,
}

impl CounterChange {
    fn add(&mut self, direction: Option<Direction>, by: i64) {
        match direction {
            Some(Direction::Up) => self.up += by,
            Some(Direction::Down) => self.down += by,
            None => {}
        }
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a batch of votes changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// New rows of the ledger, one for each vote it did not know.
    pub entries: Vec<LedgerEntry>,
    /// Counters that change, in key order.
    pub counters: BTreeMap<ReviewId, CounterChange>,
    /// Keys of [`Rows::days`] that changed.
    pub days: BTreeSet<(UserId, NaiveDate)>,
    /// Keys of [`Rows::standings`] that changed.
    pub standings: BTreeSet<(UserId, ReviewId)>,
    /// How many keys of [`Rows::standings`] are new, by voter.
    pub new_standings: BTreeMap<UserId, u32>,
}

/// Settles `votes` against `rows`.
///
/// Commutative and idempotent on every history that [`admit`](super::admit) produced:
/// any order, repetition and split of the same votes ends in the same rows. Costs are
/// added up and checked against the limits stamped on the votes themselves; the highest
/// sequence number stands; a take-back leaves a tombstone.
pub fn merge(rows: &mut Rows, votes: impl IntoIterator<Item = ReviewVote>) -> Settlement {
    let mut settlement = Settlement::default();
    for vote in votes {
        if !rows.known.insert(vote.vote_id) {
            continue;
        }
        let outcome = match check(rows, &vote) {
            Ok(()) => {
                count(rows, &vote, &mut settlement);
                Outcome::Counted
            }
            Err(reason) => Outcome::Rejected(reason),
        };
        settlement.entries.push(LedgerEntry { vote, outcome });
    }
    settlement.counters.retain(|_, change| !change.is_nothing());
    settlement
}

fn check(rows: &Rows, vote: &ReviewVote) -> Result<(), RejectReason> {
    match rows.authors.get(&vote.review) {
        None => return Err(RejectReason::ReviewNotFound),
        Some(author) if *author == vote.voter => return Err(RejectReason::SelfVote),
        Some(_) => {}
    }
    let day = rows
        .days
        .get(&(vote.voter, vote.day))
        .copied()
        .unwrap_or_default();
    if vote.cost > 0 && day.used + vote.cost > day.limit.max(vote.limit) {
        return Err(RejectReason::DailyQuotaUsed);
    }
    Ok(())
}

fn count(rows: &mut Rows, vote: &ReviewVote, settlement: &mut Settlement) {
    if vote.cost > 0 {
        let key = (vote.voter, vote.day);
        let day = rows.days.entry(key).or_default();
        day.used += vote.cost;
        day.limit = day.limit.max(vote.limit);
        settlement.days.insert(key);
    }

    let key = (vote.voter, vote.review);
    let change = settlement.counters.entry(vote.review).or_default();
    let arrived = Standing::of(vote);
    let is_up = vote.direction == Some(Direction::Up);
    let row = match rows.standings.get_mut(&key) {
        Some(row) => {
            if arrived.over(&row.standing) {
                change.add(row.standing.direction, -1);
                change.add(arrived.direction, 1);
                row.standing = arrived;
            }
            row
        }
        None => {
            change.add(arrived.direction, 1);
            *settlement.new_standings.entry(vote.voter).or_default() += 1;
            rows.standings.entry(key).or_insert(StandingRow {
                standing: arrived,
                ever_up: false,
            })
        }
    };
    if is_up && !row.ever_up {
        row.ever_up = true;
        change.ever_up += 1;
    }
    settlement.standings.insert(key);
}
