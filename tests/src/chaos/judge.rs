//! The judge: which promises do the books break?
//!
//! Everything is computed anew from the ledger, by rules written down here once more;
//! nothing of Tally's own code is asked.

mod origins;
mod rejections;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::books::{Books, Ledger};
use super::history::{Accepted, History};

/// What a run must hold to.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Votes a day, by member.
    pub limits: HashMap<Uuid, i64>,
    /// Members who must ever have voted a review up before its author is rewarded.
    pub reward_up_votes: i64,
    /// What the author is given then.
    pub reward_credit: i64,
    /// When Redis first lost what it knew; `None` if it never did.
    pub lost_at: Option<DateTime<Utc>>,
}

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// A vote answered 202 reaches exactly one end, and says what was asked for.
    NothingIsLost,
    /// A vote of unknown fate is sent again at its voter's next request.
    NothingIsStranded,
    /// No vote counts twice.
    NothingCountsTwice,
    /// Nothing is in the ledger that nobody asked for, and one vote at most under one key.
    NothingIsAdded,
    /// An admitted vote is rejected only where Redis lost what it knew, and only as far as
    /// others took its place.
    RejectionsAreDue,
    /// The standing vote is the last counted one, one for each voter and review.
    OneStands,
    /// Counters equal the ledger.
    CountersAreTrue,
    /// Nobody has more votes a day than the limit.
    QuotaHolds,
    /// Nobody votes on their own review.
    NoSelfVotes,
    /// Each reward is paid once, and only when it is due.
    RewardsAreExact,
    /// Nothing is left among the dead letters.
    NoDeadLetters,
    /// What is shown is what SQL holds.
    ShownIsTrue,
    /// Every answer is one that the contract knows, and comes in time.
    AnswersAreClear,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// By what.
    pub detail: String,
}

impl Promise {
    /// The number among the promises of the design.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::NothingIsLost | Self::NoDeadLetters => 1,
            Self::NothingCountsTwice | Self::NothingIsAdded => 2,
            Self::OneStands | Self::QuotaHolds | Self::NoSelfVotes | Self::RejectionsAreDue => 3,
            Self::NothingIsStranded => 5,
            Self::CountersAreTrue | Self::RewardsAreExact | Self::ShownIsTrue => 6,
            Self::AnswersAreClear => 8,
        }
    }
}

impl Violation {
    pub(crate) fn new(promise: Promise, detail: impl Into<String>) -> Self {
        Self {
            promise,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.promise, self.detail)
    }
}

/// Judges `books` by what clients asked for and were told, and by `rules`.
#[must_use]
pub fn judge(books: &Books, history: &History, rules: &Rules) -> Vec<Violation> {
    let mut court = Court {
        books,
        rules,
        violations: Vec::new(),
    };
    court.nothing_is_lost(&history.accepted);
    court.nothing_is_added(history);
    court.nothing_counts_twice();
    court.rejections_are_due();
    court.standings_and_counters();
    court.quota_holds();
    court.no_self_votes();
    court.rewards();
    court.no_dead_letters();
    court.violations.sort();
    court.violations
}

struct Court<'a> {
    books: &'a Books,
    rules: &'a Rules,
    violations: Vec<Violation>,
}

/// What stands for a voter on a review, computed anew.
#[derive(Clone, Copy)]
struct Standing<'a> {
    last: &'a Ledger,
    ever_up: bool,
}

impl<'a> Court<'a> {
    fn find(&mut self, promise: Promise, detail: impl Into<String>) {
        self.violations.push(Violation::new(promise, detail));
    }

    fn counted(&self) -> impl Iterator<Item = &'a Ledger> + use<'a> {
        self.books
            .ledger
            .iter()
            .filter(|vote| vote.reason.is_none())
    }

    fn nothing_is_lost(&mut self, accepted: &[Accepted]) {
        let ledger: HashMap<Uuid, &Ledger> = self
            .books
            .ledger
            .iter()
            .map(|vote| (vote.vote_id, vote))
            .collect();
        for told in accepted {
            let Some(vote) = ledger.get(&told.vote_id) else {
                self.find(
                    Promise::NothingIsLost,
                    format!("vote {} was accepted and is in no ledger", told.vote_id),
                );
                continue;
            };
            let asked = (told.voter, told.review, told.direction.number());
            if (vote.voter, vote.review, vote.direction) != asked {
                self.find(
                    Promise::NothingIsLost,
                    format!("vote {} is not what was asked for: {vote:?}", told.vote_id),
                );
            }
        }
    }

    fn nothing_counts_twice(&mut self) {
        let mut seen = HashSet::new();
        for vote in &self.books.ledger {
            if !seen.insert(vote.vote_id) {
                self.find(
                    Promise::NothingCountsTwice,
                    format!("vote {} is in the ledger twice", vote.vote_id),
                );
            }
        }
        for vote in self.counted() {
            if vote.cost != i64::from(vote.direction != 0) {
                self.find(
                    Promise::QuotaHolds,
                    format!(
                        "vote {} of direction {} cost {}",
                        vote.vote_id, vote.direction, vote.cost
                    ),
                );
            }
        }
    }

    /// The last counted vote of each voter on each review.
    fn standings(&self) -> BTreeMap<(Uuid, Uuid), Standing<'a>> {
        let mut standings = BTreeMap::<_, Standing<'a>>::new();
        for vote in self.counted() {
            let is_up = vote.direction == 1;
            standings
                .entry((vote.voter, vote.review))
                .and_modify(|standing| {
                    if (vote.seq, vote.vote_id) > (standing.last.seq, standing.last.vote_id) {
                        standing.last = vote;
                    }
                    standing.ever_up |= is_up;
                })
                .or_insert(Standing {
                    last: vote,
                    ever_up: is_up,
                });
        }
        standings
    }

    fn standings_and_counters(&mut self) {
        let standings = self.standings();
        let mut kept = HashMap::new();
        for row in &self.books.standings {
            if kept.insert((row.voter, row.review), row).is_some() {
                self.find(
                    Promise::OneStands,
                    format!("{} has two votes that stand on {}", row.voter, row.review),
                );
            }
        }
        for (key, standing) in &standings {
            let expected = (
                standing.last.vote_id,
                standing.last.direction,
                standing.ever_up,
            );
            let found = kept
                .remove(key)
                .map(|row| (row.vote_id, row.direction, row.ever_up));
            if found != Some(expected) {
                self.find(
                    Promise::OneStands,
                    format!(
                        "on {} for {} stands {found:?}, not {expected:?}",
                        key.1, key.0
                    ),
                );
            }
        }
        for (voter, review) in kept.into_keys() {
            self.find(
                Promise::OneStands,
                format!("{voter} has a vote standing on {review} and none in the ledger"),
            );
        }

        let mut counts = BTreeMap::<Uuid, (i64, i64, i64)>::new();
        for ((_, review), standing) in &standings {
            let (up, down, ever_up) = counts.entry(*review).or_default();
            *up += i64::from(standing.last.direction == 1);
            *down += i64::from(standing.last.direction == -1);
            *ever_up += i64::from(standing.ever_up);
        }
        let mut kept: BTreeMap<Uuid, (i64, i64, i64)> = BTreeMap::new();
        for row in &self.books.counters {
            kept.insert(row.review, (row.up, row.down, row.ever_up));
        }
        let reviews: HashSet<Uuid> = counts.keys().chain(kept.keys()).copied().collect();
        for review in reviews {
            let expected = counts.get(&review).copied().unwrap_or_default();
            let found = kept.get(&review).copied().unwrap_or_default();
            if found != expected {
                self.find(
                    Promise::CountersAreTrue,
                    format!("{review} counts {found:?} (up, down, ever up), not {expected:?}"),
                );
            }
        }
    }

    /// What counted votes cost, by voter and day.
    fn used(&self) -> BTreeMap<(Uuid, &'a str), i64> {
        let mut used = BTreeMap::new();
        for vote in self.counted().filter(|vote| vote.cost > 0) {
            *used.entry((vote.voter, &*vote.day)).or_default() += vote.cost;
        }
        used
    }

    /// The votes a day that `voter` has.
    fn limit_of(&self, voter: Uuid) -> i64 {
        self.rules.limits.get(&voter).copied().unwrap_or_default()
    }

    fn quota_holds(&mut self) {
        for vote in &self.books.ledger {
            let limit = self.limit_of(vote.voter);
            if vote.limit != limit {
                let detail = format!("{vote:?} was held to {}, not to {limit}", vote.limit);
                self.find(Promise::QuotaHolds, detail);
            }
        }
        let used = self.used();
        let kept: BTreeMap<(Uuid, &str), i64> = self
            .books
            .days
            .iter()
            .map(|row| ((row.voter, row.day.as_str()), row.used))
            .collect();
        for ((voter, day), used) in &used {
            let limit = self.limit_of(*voter);
            if *used > limit {
                self.find(
                    Promise::QuotaHolds,
                    format!("{voter} used {used} votes on {day}, and has {limit}"),
                );
            }
        }
        let days: HashSet<_> = used.keys().chain(kept.keys()).copied().collect();
        for day in days {
            let expected = used.get(&day).copied().unwrap_or_default();
            let found = kept.get(&day).copied().unwrap_or_default();
            if found != expected {
                self.find(
                    Promise::QuotaHolds,
                    format!(
                        "{} used {expected} votes on {}, noted are {found}",
                        day.0, day.1
                    ),
                );
            }
        }
    }

    fn no_self_votes(&mut self) {
        let authors: HashMap<Uuid, Uuid> = self.books.authors.iter().copied().collect();
        for vote in self.counted() {
            match authors.get(&vote.review) {
                Some(author) if *author != vote.voter => {}
                Some(_) => self.find(
                    Promise::NoSelfVotes,
                    format!("vote {} is on the voter's own review", vote.vote_id),
                ),
                None => self.find(
                    Promise::NoSelfVotes,
                    format!("vote {} is on a review that is not there", vote.vote_id),
                ),
            }
        }
    }

    fn rewards(&mut self) {
        let authors: HashMap<Uuid, Uuid> = self.books.authors.iter().copied().collect();
        let mut ever_up = BTreeMap::<Uuid, i64>::new();
        for ((_, review), standing) in self.standings() {
            *ever_up.entry(review).or_default() += i64::from(standing.ever_up);
        }
        let due: HashSet<Uuid> = ever_up
            .into_iter()
            .filter(|(_, n)| *n >= self.rules.reward_up_votes)
            .map(|(review, _)| review)
            .collect();
        let mut paid = HashSet::new();
        let mut credits = HashMap::<Uuid, i64>::new();
        for reward in &self.books.rewards {
            *credits.entry(reward.user).or_default() += reward.credit;
            let review = reward.review;
            if !paid.insert(review) {
                self.find(
                    Promise::RewardsAreExact,
                    format!("{review} was rewarded twice"),
                );
            }
            if !due.contains(&review) {
                self.find(
                    Promise::RewardsAreExact,
                    format!("{review} was rewarded undeserved"),
                );
            }
            if authors.get(&review) != Some(&reward.user) {
                self.find(
                    Promise::RewardsAreExact,
                    format!("{review} rewarded somebody else"),
                );
            }
            if reward.credit != self.rules.reward_credit {
                self.find(
                    Promise::RewardsAreExact,
                    format!("{review} was rewarded by {}", reward.credit),
                );
            }
        }
        for review in due.difference(&paid) {
            self.find(
                Promise::RewardsAreExact,
                format!("{review} was not rewarded"),
            );
        }
        for row in &self.books.counters {
            if row.is_rewarded != paid.contains(&row.review) {
                self.find(
                    Promise::RewardsAreExact,
                    format!(
                        "{} and its reward disagree on whether it was sent",
                        row.review
                    ),
                );
            }
        }
        for (user, credit) in &self.books.credits {
            let expected = credits.get(user).copied().unwrap_or_default();
            if *credit != expected {
                self.find(
                    Promise::RewardsAreExact,
                    format!("{user} has credit {credit}, and was given {expected}"),
                );
            }
        }
    }

    fn no_dead_letters(&mut self) {
        for (reason, detail) in &self.books.dead_letters {
            self.find(Promise::NoDeadLetters, format!("{reason}: {detail}"));
        }
    }
}

#[cfg(test)]
#[path = "judge/tests.rs"]
mod tests;
