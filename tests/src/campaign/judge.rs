//! The judge of a campaign: which promises do the books break?
//!
//! Everything is computed anew from the ledger, by rules written down here once more;
//! nothing of Tally's own code is asked.

mod origins;
mod rejections;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::books::{CampaignBooks, VoteRow};
use super::history::{Asked, CampaignHistory};

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CampaignPromise {
    /// A vote answered 202 is in the ledger, as asked for, and counts.
    NothingIsLost,
    /// Nothing is in the ledger that nobody asked for, and one vote at most under one key.
    NothingIsAdded,
    /// An admitted vote is rejected only where Redis lost what it knew, and only as far as
    /// others took its tickets.
    RejectionsAreDue,
    /// No vote is accepted, or stamped, at or after the end.
    NothingAfterTheEnd,
    /// Tallies by hour, day, in all and by fan equal the ledger.
    TalliesAreTrue,
    /// No lot is over-spent; what lots say is spent was drawn by votes.
    TicketsAreConserved,
    /// No voter spends more on a channel and day than its limit.
    LimitsHold,
    /// The result is what the ledger says, and its digest verifies.
    ResultIsTrue,
    /// What is shown over HTTP is what the ledger says.
    ShownIsTrue,
    /// Wallets and statements are what lots and ledger say.
    WalletsAreTrue,
    /// After the result nothing moves, and the box is gone.
    ClosedStaysClosed,
    /// Nothing is left among the dead letters.
    NoDeadLetters,
    /// Every answer is one that the contract knows, and comes in time.
    AnswersAreClear,
}

impl CampaignPromise {
    /// The number among the promises of the design.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::NothingIsLost | Self::NoDeadLetters => 1,
            Self::NothingIsAdded => 2,
            Self::LimitsHold | Self::RejectionsAreDue => 3,
            Self::TicketsAreConserved | Self::WalletsAreTrue => 4,
            Self::TalliesAreTrue | Self::ShownIsTrue => 6,
            Self::NothingAfterTheEnd | Self::ResultIsTrue | Self::ClosedStaysClosed => 7,
            Self::AnswersAreClear => 8,
        }
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CampaignViolation {
    /// Which.
    pub promise: CampaignPromise,
    /// By what.
    pub detail: String,
}

impl CampaignViolation {
    pub(crate) fn new(promise: CampaignPromise, detail: impl Into<String>) -> Self {
        Self {
            promise,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for CampaignViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.promise, self.detail)
    }
}

/// What has happened to the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It is final, and Redis was there all the time: no admitted vote was rejected.
    Final,
    /// It is final, and Redis lost its data, then for the first time: votes that were too many
    /// are rejected from then on.
    FinalAfterLoss(DateTime<Utc>),
    /// It runs, and the same happened.
    RunningAfterLoss(DateTime<Utc>),
}

impl Closing {
    /// Whether the campaign has a result.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Final | Self::FinalAfterLoss(_) => true,
            Self::RunningAfterLoss(_) => false,
        }
    }

    /// When Redis first lost its data, if it ever did.
    fn lost_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Final => None,
            Self::FinalAfterLoss(lost_at) | Self::RunningAfterLoss(lost_at) => Some(lost_at),
        }
    }
}

/// Judges `books` by what clients asked for and were told.
#[must_use]
pub fn judge(
    books: &CampaignBooks,
    history: &CampaignHistory,
    closing: Closing,
) -> Vec<CampaignViolation> {
    let mut court = Court {
        books,
        violations: Vec::new(),
    };
    court.judge_acceptance(history);
    court.judge_origins(history);
    court.judge_rejections(closing);
    court.judge_times(history);
    court.judge_tallies();
    court.judge_tickets();
    court.judge_limits();
    if closing.is_final() {
        court.judge_result();
    }
    for (reason, detail) in &books.dead_letters {
        court.blame(
            CampaignPromise::NoDeadLetters,
            format!("{reason}: {detail}"),
        );
    }
    for unexpected in &history.unexpected {
        court.blame(CampaignPromise::AnswersAreClear, unexpected.clone());
    }
    court.violations
}

/// What a voter's draws on lots come to.
type Sums<K> = BTreeMap<K, i64>;

struct Court<'b> {
    books: &'b CampaignBooks,
    violations: Vec<CampaignViolation>,
}

impl Court<'_> {
    fn blame(&mut self, promise: CampaignPromise, detail: impl Into<String>) {
        self.violations
            .push(CampaignViolation::new(promise, detail));
    }

    fn counted(&self) -> impl Iterator<Item = &VoteRow> {
        self.books.votes.iter().filter(|vote| vote.counts())
    }

    /// The most tickets a day on `channel`, if there is a most.
    fn limit_of(&self, channel: i64) -> Option<i64> {
        let at = usize::try_from(channel).ok()?;
        self.books.channels.get(at)?.1
    }

    fn describe(&self, vote: &VoteRow) -> Asked {
        let at = |no: i64| usize::try_from(no).unwrap_or(usize::MAX);
        (
            (self.books.voters.get(&vote.voter))
                .cloned()
                .unwrap_or_default(),
            (self.books.options.get(at(vote.option)))
                .cloned()
                .unwrap_or_default(),
            (self.books.channels.get(at(vote.channel)))
                .map(|(key, _)| key.clone())
                .unwrap_or_default(),
            vote.tickets,
        )
    }

    fn judge_acceptance(&mut self, history: &CampaignHistory) {
        let ledger: HashMap<Uuid, &VoteRow> =
            (self.books.votes.iter()).map(|v| (v.vote_id, v)).collect();
        for accepted in &history.accepted {
            let Some(vote) = ledger.get(&accepted.vote_id) else {
                let detail = format!("{accepted:?} is not in the ledger");
                self.blame(CampaignPromise::NothingIsLost, detail);
                continue;
            };
            let found = self.describe(vote);
            if found != accepted.asked() {
                let detail = format!("{accepted:?} is in the ledger as {found:?}");
                self.blame(CampaignPromise::NothingIsLost, detail);
            }
        }
    }

    fn judge_times(&mut self, history: &CampaignHistory) {
        let window = self.books.starts_at..self.books.ends_at;
        for vote in &self.books.votes {
            if !window.contains(&vote.seq) {
                let detail = format!("{vote:?} was stamped outside {window:?}");
                self.blame(CampaignPromise::NothingAfterTheEnd, detail);
            }
        }
        for accepted in &history.accepted {
            if accepted.asked_at.timestamp_micros() >= window.end {
                let detail = format!("{accepted:?} was asked for after the end");
                self.blame(CampaignPromise::NothingAfterTheEnd, detail);
            }
        }
    }

    fn judge_tallies(&mut self) {
        let micros_of_hour = 3_600_000_000;
        let mut hours = Sums::new();
        let mut days = Sums::new();
        let mut totals = Sums::new();
        let mut n_votes = Sums::new();
        let mut fans = Sums::new();
        for vote in self.counted() {
            let place = (vote.option, vote.channel);
            let hour = vote.seq.div_euclid(micros_of_hour);
            *hours.entry((hour, place)).or_default() += vote.tickets;
            *days.entry((hour.div_euclid(24), place)).or_default() += vote.tickets;
            *totals.entry(place).or_default() += vote.tickets;
            *n_votes.entry(place).or_default() += 1;
            *fans.entry((vote.option, vote.voter)).or_default() += vote.tickets;
        }
        let books = self.books;
        let rows = |rows: &[(i64, i64, i64, i64)]| -> Sums<(i64, (i64, i64))> {
            rows.iter()
                .map(|(at, option, channel, n)| ((*at, (*option, *channel)), *n))
                .collect()
        };
        self.compare("tallies by hour", &hours, &rows(&books.hours));
        self.compare("tallies by day", &days, &rows(&books.days));
        let found = books.totals.iter().map(|(o, c, n, _)| ((*o, *c), *n));
        self.compare("totals", &totals, &found.collect());
        let found = books.totals.iter().map(|(o, c, _, n)| ((*o, *c), *n));
        self.compare("numbers of votes", &n_votes, &found.collect());
        let found = books.fans.iter().map(|(o, v, n)| ((*o, *v), *n));
        self.compare("fans", &fans, &found.collect());
    }

    /// Rows that say 0 may be missing.
    fn compare<K: Ord + fmt::Debug>(&mut self, what: &str, due: &Sums<K>, found: &Sums<K>) {
        let keys: BTreeSet<&K> = due.keys().chain(found.keys()).collect();
        for key in keys {
            let at = |sums: &Sums<K>| sums.get(key).copied().unwrap_or_default();
            if at(due) != at(found) {
                let detail = format!(
                    "{what} at {key:?}: {} by the ledger, {} in the table",
                    at(due),
                    at(found)
                );
                self.blame(CampaignPromise::TalliesAreTrue, detail);
            }
        }
    }

    fn judge_tickets(&mut self) {
        let promise = CampaignPromise::TicketsAreConserved;
        let mut spent: Sums<(Uuid, Uuid)> = Sums::new();
        for vote in &self.books.votes {
            let drawn: i64 = vote.draws.iter().map(|(_, n)| n).sum();
            if drawn != vote.tickets {
                self.blame(promise, format!("{vote:?} draws {drawn} tickets"));
            }
            if vote.spends() {
                for (lot, n) in &vote.draws {
                    *spent.entry((vote.voter, *lot)).or_default() += n;
                }
            }
        }
        let grants: HashMap<Uuid, (Uuid, i64)> = (self.books.grants.iter())
            .map(|(grant, voter, n)| (*grant, (*voter, *n)))
            .collect();
        let mut granted = BTreeSet::new();
        for lot in &self.books.lots {
            let drawn = spent.remove(&(lot.voter, lot.lot_id)).unwrap_or_default();
            if drawn != lot.spent || !(0..=lot.tickets).contains(&lot.spent) {
                self.blame(promise, format!("{drawn} tickets were drawn from {lot:?}"));
            }
            let due = match lot.grant_id {
                Some(grant) => {
                    granted.insert(grant);
                    grants.get(&grant).copied()
                }
                None => Some((lot.voter, self.books.free_daily_tickets)),
            };
            if due != Some((lot.voter, lot.tickets)) {
                self.blame(promise, format!("{due:?} were granted for {lot:?}"));
            }
        }
        for (place, drawn) in spent {
            self.blame(promise, format!("{drawn} tickets of no lot: {place:?}"));
        }
        for (grant, ..) in &self.books.grants {
            if !granted.contains(grant) {
                self.blame(promise, format!("the grant {grant} has no lot"));
            }
        }
    }

    fn judge_limits(&mut self) {
        let promise = CampaignPromise::LimitsHold;
        for vote in &self.books.votes {
            let limit = self.limit_of(vote.channel);
            if vote.limit != limit {
                self.blame(promise, format!("{vote:?} was not held to {limit:?}"));
            }
        }
        let mut used: Sums<(Uuid, i64, String)> = Sums::new();
        for vote in self
            .counted()
            .filter(|vote| self.limit_of(vote.channel).is_some())
        {
            let place = (vote.voter, vote.channel, vote.day.clone());
            *used.entry(place).or_default() += vote.tickets;
        }
        let over: Vec<String> = used
            .iter()
            .filter(|((_, channel, _), n)| self.limit_of(*channel).is_some_and(|limit| **n > limit))
            .map(|(place, n)| format!("{n} tickets at {place:?}"))
            .collect();
        for detail in over {
            self.blame(promise, detail);
        }
        let found: Sums<(Uuid, i64, String)> = (self.books.uses.iter())
            .map(|(voter, channel, day, n)| ((*voter, *channel, day.clone()), *n))
            .collect();
        // A voided vote stays used.
        if self.books.votes.iter().all(|vote| !vote.voided) && found != used {
            let detail = format!("uses are {found:?} instead of {used:?}");
            self.blame(promise, detail);
        }
    }

    fn judge_result(&mut self) {
        let promise = CampaignPromise::ResultIsTrue;
        if self.books.progress != "final" {
            let detail = format!("the campaign is {}", self.books.progress);
            self.blame(promise, detail);
        }
        let Some((canonical, digest, n_votes)) = self.books.result.clone() else {
            self.blame(promise, "there is no result");
            return;
        };
        if sha256(&canonical) != digest {
            self.blame(
                promise,
                format!("{digest} is not the digest of {canonical}"),
            );
        }
        let n_counted = self.counted().count();
        if i64::try_from(n_counted) != Ok(n_votes) {
            let detail = format!("{n_votes} votes in the result, {n_counted} in the ledger");
            self.blame(promise, detail);
        }
        let head = format!("votes {n_votes}\n");
        if !canonical.contains(&head) {
            self.blame(promise, format!("{canonical} does not say {head}"));
        }
        let mut due = BTreeMap::new();
        for option in &self.books.options {
            for (channel, _) in &self.books.channels {
                due.insert((option.clone(), channel.clone()), 0);
            }
        }
        for vote in self.counted() {
            let (_, option, channel, tickets) = self.describe(vote);
            *due.entry((option, channel)).or_default() += tickets;
        }
        let due: Vec<String> = due
            .iter()
            .map(|((option, channel), n)| format!("option {option} {channel} {n}"))
            .collect();
        let found: Vec<&str> = (canonical.lines())
            .filter(|line| line.starts_with("option "))
            .collect();
        if found != due {
            let detail = format!("the result says {found:?} instead of {due:?}");
            self.blame(promise, detail);
        }
    }
}

/// SHA-256 of `text`, in lower-case hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
