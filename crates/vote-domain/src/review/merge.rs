//! How votes settle.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::{DayUse, Direction, Mark, Marks, ReviewVote, Standing};
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
    /// Voids that the votes may lie under.
    pub marks: Marks,
}

impl Rows {
    /// Writes down what stands under `key` now, nothing if `row` is none.
    pub(super) fn stand(
        &mut self,
        key: (UserId, ReviewId),
        row: Option<StandingRow>,
        settlement: &mut Settlement,
    ) {
        let before = match row {
            Some(row) => self.standings.insert(key, row),
            None => self.standings.remove(&key),
        };
        if before == row {
            return;
        }
        let n_rows = i64::from(row.is_some()) - i64::from(before.is_some());
        if n_rows != 0 {
            *settlement.n_standings.entry(key.0).or_default() += n_rows;
        }
        settlement.standings.insert(key);
        let change = settlement.counters.entry(key.1).or_default();
        change.add(before, -1);
        change.add(row, 1);
    }

    /// Uses `vote`'s part of its day.
    fn use_day(&mut self, vote: &ReviewVote, settlement: &mut Settlement) {
        self.change_day(vote, settlement, |used| used.saturating_add(vote.cost));
    }

    /// Returns what `vote` used of its day.
    pub(super) fn give_back(&mut self, vote: &ReviewVote, settlement: &mut Settlement) {
        self.change_day(vote, settlement, |used| used.saturating_sub(vote.cost));
    }

    /// Notes that `vote` was held to its day's limit, of which it uses nothing.
    fn note_day(&mut self, vote: &ReviewVote, settlement: &mut Settlement) {
        self.change_day(vote, settlement, |used| used);
    }

    fn change_day(
        &mut self,
        vote: &ReviewVote,
        settlement: &mut Settlement,
        change: impl Fn(u32) -> u32,
    ) {
        if vote.cost > 0 {
            let key = (vote.voter, vote.day);
            let day = self.days.entry(key).or_default();
            day.used = change(day.used);
            day.limit = day.limit.max(vote.limit);
            settlement.days.insert(key);
        }
    }
}

/// What stands for a voter on a review, as SQL keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingRow {
    /// The vote that stands.
    pub standing: Standing,
    /// Whether any counted vote of the voter on the review was ever up, voided ones aside;
    /// rewards look at this, so that the order of settling cannot matter to them.
    pub ever_up: bool,
}

/// A row for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The vote.
    pub vote: ReviewVote,
    /// Its end.
    pub outcome: Outcome,
    /// The void it came under, where it is voided.
    pub void: Option<Mark>,
}

/// By how much a review's counters change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterChange {
    /// Standing up votes.
    pub up: i64,
    /// Standing down votes.
    pub down: i64,
    /// Voters who ever voted up; falls only where votes are voided.
    pub ever_up: i64,
}

impl CounterChange {
    /// Adds what a voter's row counts for, `by` times.
    fn add(&mut self, row: Option<StandingRow>, by: i64) {
        let Some(StandingRow { standing, ever_up }) = row else {
            return;
        };
        match standing.direction {
            Some(Direction::Up) => self.up += by,
            Some(Direction::Down) => self.down += by,
            None => {}
        }
        self.ever_up += i64::from(ever_up) * by;
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
    /// How many more keys [`Rows::standings`] has, by voter.
    pub n_standings: BTreeMap<UserId, i64>,
}

/// Settles `votes` against `rows`.
///
/// Commutative and idempotent on every history that [`admit`](super::admit) produced:
/// any order, repetition and split of the same votes and [voids](super::void) ends in the
/// same rows. Costs are added up and checked against the limits stamped on the votes
/// themselves; the highest sequence number stands; a take-back leaves a tombstone.
pub fn merge(rows: &mut Rows, votes: impl IntoIterator<Item = ReviewVote>) -> Settlement {
    let mut settlement = Settlement::default();
    for vote in votes {
        if !rows.known.insert(vote.vote_id) {
            continue;
        }
        let (outcome, void) = end(rows, &vote, &mut settlement);
        settlement.entries.push(LedgerEntry {
            vote,
            outcome,
            void,
        });
    }
    settlement.counters.retain(|_, change| !change.is_nothing());
    settlement
}

/// Decides on `vote`, and does what follows from it.
fn end(rows: &mut Rows, vote: &ReviewVote, settlement: &mut Settlement) -> (Outcome, Option<Mark>) {
    if let Err(reason) = check_author(rows, vote) {
        return (Outcome::Rejected(reason), None);
    }
    let mark = rows.marks.of(vote);
    if let Some(mark) = mark.filter(|mark| !mark.forfeit) {
        // It needs no place on its day: that may be taken by another already.
        rows.note_day(vote, settlement);
        return (Outcome::Voided, Some(mark));
    }
    if let Err(reason) = check_day(rows, vote) {
        return (Outcome::Rejected(reason), None);
    }
    rows.use_day(vote, settlement);
    if mark.is_some() {
        return (Outcome::Voided, mark);
    }
    let key = (vote.voter, vote.review);
    let row = StandingRow::with(rows.standings.get(&key).copied(), vote);
    rows.stand(key, Some(row), settlement);
    (Outcome::Counted, None)
}

fn check_author(rows: &Rows, vote: &ReviewVote) -> Result<(), RejectReason> {
    match rows.authors.get(&vote.review) {
        None => Err(RejectReason::ReviewNotFound),
        Some(author) if *author == vote.voter => Err(RejectReason::SelfVote),
        Some(_) => Ok(()),
    }
}

fn check_day(rows: &Rows, vote: &ReviewVote) -> Result<(), RejectReason> {
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
