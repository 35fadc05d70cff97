//! What must hold of votes on reviews, told from rows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;
use vote_domain::review::{
    CounterChange, Mark, Marks, ReviewVote, Rows, StandingRow, VoterMark, merge, void,
};
use vote_domain::{Outcome, RejectReason, ReviewId, UserId, VoteId};

use super::{Check, Findings, LOST, Mend, id};

/// A row of the ledger, and what a void made of it since.
pub(crate) struct LedgerRow {
    pub(crate) vote: ReviewVote,
    /// What the ledger keeps of its end.
    pub(crate) reason: Option<String>,
    /// Whether the day's vote is lost, if the vote was voided.
    pub(crate) void: Option<bool>,
}

impl LedgerRow {
    fn counts(&self) -> bool {
        self.reason.is_none() && self.void.is_none()
    }

    /// Its end, as the rules know it; the ledger's own words where they do not.
    fn end(&self) -> Result<Outcome, String> {
        match (Outcome::of_reason(self.reason.as_deref()), self.void) {
            (Ok(Outcome::Counted | Outcome::Voided), Some(_)) => Ok(Outcome::Voided),
            (Ok(Outcome::Voided), None) => Err("voided, without a row in review_voids".to_owned()),
            (Ok(Outcome::Rejected(reason)), Some(_)) => {
                Err(format!("rejected as {reason}, and in review_voids"))
            }
            (Ok(outcome), None) => Ok(outcome),
            (Err(error), _) => Err(error.to_string()),
        }
    }
}

/// A voter's row, and all that belongs to it.
#[derive(Default)]
pub(crate) struct VoterRows {
    /// The last sequence number, and how many votes stand.
    pub(crate) row: Option<(i64, i64)>,
    /// What is used of each day, and its limit.
    pub(crate) days: BTreeMap<NaiveDate, (i64, i64)>,
    pub(crate) standings: BTreeMap<ReviewId, StandingRow>,
    pub(crate) marks: Vec<(ReviewId, VoterMark)>,
    pub(crate) ledger: Vec<LedgerRow>,
}

impl VoterRows {
    /// Computes everything anew and compares.
    pub(crate) fn check(
        mut self,
        voter: UserId,
        authors: &HashMap<ReviewId, UserId>,
        findings: &mut Findings,
    ) {
        findings.look(Check::ReviewVotes, self.ledger.len());
        findings.look(Check::ReviewStandings, self.standings.len());
        findings.look(Check::ReviewDays, self.days.len());
        findings.look(Check::ReviewVoters, 1);
        self.check_row(voter, findings);
        let known: HashSet<VoteId> = self.ledger.iter().map(|row| row.vote.vote_id).collect();
        let due = self.settle_anew(voter, authors, findings);
        self.check_standings(voter, &due, &known, findings);
        self.check_days(voter, &due, findings);
    }

    fn check_row(&self, voter: UserId, findings: &mut Findings) {
        let name = format!("review_voters (voter_id={voter})");
        let Some((last_seq, n_standings)) = self.row else {
            let due = "a row for the voter of these votes";
            let lost = Mend::Not(LOST);
            findings.find(Check::ReviewVoters, name, due, "no row", lost);
            return;
        };
        // Dropping a dead letter writes the ledger alone.
        let is_dropped =
            |row: &&LedgerRow| row.reason.as_deref() == Some(RejectReason::Dropped.as_str());
        let all = self.ledger.iter().map(|row| row.vote.seq.0).max();
        let settled = self.ledger.iter().filter(|row| !is_dropped(row));
        let settled = settled.map(|row| row.vote.seq.0).max();
        let (least, most) = (settled.unwrap_or_default(), all.unwrap_or_default());
        if last_seq < least || last_seq > most {
            let why = "a row of the ledger is gone, or this one was changed: compare with a backup";
            let due = format!("last_seq {most}, of the ledger's last vote");
            let found = format!("last_seq {last_seq}");
            findings.find(
                Check::ReviewVoters,
                name.clone(),
                due,
                found,
                Mend::Not(why),
            );
        }
        let n_found = i64::try_from(self.standings.len()).unwrap_or(i64::MAX);
        if n_standings != n_found {
            let due = format!("n_standings {n_found}");
            let found = format!("n_standings {n_standings}");
            findings.find(Check::ReviewVoters, name, due, found, Mend::Recount);
        }
    }

    /// Settles what was not rejected once more: nothing may end otherwise.
    fn settle_anew(
        &mut self,
        voter: UserId,
        authors: &HashMap<ReviewId, UserId>,
        findings: &mut Findings,
    ) -> Rows {
        let mut ends: HashMap<VoteId, Outcome> = HashMap::new();
        let mut marks = Marks::default();
        for (review, mark) in &self.marks {
            let of_review = marks.voters.entry((voter, *review)).or_default();
            of_review.push(*mark);
        }
        let mut votes = Vec::new();
        for row in std::mem::take(&mut self.ledger) {
            let vote_id = row.vote.vote_id;
            match row.end() {
                Ok(Outcome::Rejected(_)) => continue,
                Ok(outcome) => ends.insert(vote_id, outcome),
                Err(found) => {
                    let why = "the ledger is never rewritten: compare with a backup";
                    let due = "an end that the rules know";
                    findings.find(
                        Check::ReviewVotes,
                        vote_name(vote_id),
                        due,
                        found,
                        Mend::Not(why),
                    );
                    continue;
                }
            };
            if let Some(forfeit) = row.void {
                // The void that was carried out was the first one.
                let mark = Mark {
                    position: i64::MIN,
                    void_id: Uuid::nil(),
                    forfeit,
                };
                marks.votes.insert((vote_id, row.vote.review), mark);
            }
            votes.push(row.vote);
        }
        // Sums and limits do not depend on the order if the highest limit comes first.
        votes.sort_by_key(|vote| (Reverse(vote.limit), vote.seq, vote.vote_id));
        let mut rows = Rows {
            authors: authors.clone(),
            marks,
            ..Rows::default()
        };
        let settlement = merge(&mut rows, votes);
        for entry in settlement.entries {
            let vote_id = entry.vote.vote_id;
            let found = ends.get(&vote_id).copied();
            if found != Some(entry.outcome) {
                findings.find(
                    Check::ReviewVotes,
                    vote_name(vote_id),
                    end_text(Some(entry.outcome)),
                    end_text(found),
                    Mend::Not(
                        "the ledger is never rewritten: compare it, the review and the voids \
                         with a backup; a vote that must not count can be voided",
                    ),
                );
            }
        }
        rows
    }

    fn check_standings(
        &self,
        voter: UserId,
        due: &Rows,
        known: &HashSet<VoteId>,
        findings: &mut Findings,
    ) {
        let due: BTreeMap<ReviewId, StandingRow> = due
            .standings
            .iter()
            .map(|((_, review), row)| (*review, *row))
            .collect();
        let reviews: BTreeSet<_> = due.keys().chain(self.standings.keys()).collect();
        for review in reviews {
            let (due, found) = (due.get(review), self.standings.get(review));
            if due == found {
                continue;
            }
            let is_missed = found.is_some_and(|row| !known.contains(&row.standing.vote_id));
            let mend = if is_missed {
                Mend::Not("the ledger's row of the vote that stands is gone: restore a backup")
            } else {
                Mend::Not(
                    "the row or the ledger was touched, SQL cannot tell which: compare both \
                     with a backup",
                )
            };
            findings.find(
                Check::ReviewStandings,
                format!("review_standings (voter_id={voter}, review_id={review})"),
                standing_text(due),
                standing_text(found),
                mend,
            );
        }
    }

    fn check_days(&self, voter: UserId, due: &Rows, findings: &mut Findings) {
        let due: BTreeMap<NaiveDate, (i64, i64)> = due
            .days
            .iter()
            .map(|((_, day), used)| (*day, (used.used.into(), used.limit.into())))
            .collect();
        let days: BTreeSet<_> = due.keys().chain(self.days.keys()).collect();
        for day in days {
            let (due, found) = (due.get(day), self.days.get(day));
            if due == found {
                continue;
            }
            let text = |row: Option<&(i64, i64)>| match row {
                Some((used, limit)) => format!("used {used} of {limit}"),
                None => "no row".to_owned(),
            };
            findings.find(
                Check::ReviewDays,
                format!("review_voter_days (voter_id={voter}, day={day})"),
                text(due),
                text(found),
                Mend::Not(
                    "the row or the ledger was touched, SQL cannot tell which: compare both \
                     with a backup",
                ),
            );
        }
    }
}

fn vote_name(vote: VoteId) -> String {
    format!("review_votes (vote_id={vote})")
}

pub(super) fn end_text(end: Option<Outcome>) -> String {
    match end {
        None => "nothing".to_owned(),
        Some(Outcome::Counted) => "counted".to_owned(),
        Some(Outcome::Voided) => "voided".to_owned(),
        Some(Outcome::Rejected(reason)) => format!("rejected as {reason}"),
    }
}

fn standing_text(row: Option<&StandingRow>) -> String {
    let Some(StandingRow { standing, ever_up }) = row else {
        return "no row".to_owned();
    };
    let side = match standing.direction {
        Some(vote_domain::review::Direction::Up) => "up",
        Some(vote_domain::review::Direction::Down) => "down",
        None => "taken back",
    };
    let ever = if *ever_up { ", ever up" } else { "" };
    format!(
        "vote {} with seq {}, {side}{ever}",
        standing.vote_id, standing.seq
    )
}

/// What the ledger adds up to, by review. Rows come in the order of reviews, then voters.
#[derive(Default)]
pub(crate) struct ReviewSums {
    pair: Option<(UserId, ReviewId)>,
    counted: Vec<ReviewVote>,
    sums: BTreeMap<ReviewId, CounterChange>,
}

impl ReviewSums {
    pub(crate) fn push(&mut self, row: LedgerRow) {
        if !row.counts() {
            return;
        }
        let pair = (row.vote.voter, row.vote.review);
        if self.pair != Some(pair) {
            self.close_pair();
            self.pair = Some(pair);
        }
        self.counted.push(row.vote);
    }

    fn close_pair(&mut self) {
        // Voiding under no mark says what stands.
        let (settlement, _) = void(&mut Rows::default(), &self.counted);
        self.counted.clear();
        for (review, change) in settlement.counters {
            let sum = self.sums.entry(review).or_default();
            sum.up += change.up;
            sum.down += change.down;
            sum.ever_up += change.ever_up;
        }
    }

    pub(crate) fn finish(mut self) -> BTreeMap<ReviewId, CounterChange> {
        self.close_pair();
        self.sums
    }
}

/// A row of `review_counters`.
pub(crate) struct CounterRow {
    pub(crate) counts: CounterChange,
    pub(crate) is_rewarded: bool,
    /// Whether there is such a review.
    pub(crate) is_there: bool,
    /// Whether there is a reward for it.
    pub(crate) has_reward: bool,
}

/// Compares counters with what the ledger adds up to.
pub(crate) fn check_counters(
    found: &BTreeMap<ReviewId, CounterRow>,
    due: &BTreeMap<ReviewId, CounterChange>,
    rewards: super::RewardsDue,
    findings: &mut Findings,
) {
    findings.look(Check::ReviewCounters, found.len());
    findings.look(Check::Rewards, found.len());
    let reviews: BTreeSet<_> = due.keys().chain(found.keys()).collect();
    for review in reviews {
        let row = found.get(review);
        let name = || format!("review_counters (review_id={review})");
        let due = due.get(review).copied().unwrap_or_default();
        let counts = row.map(|row| row.counts).unwrap_or_default();
        if counts != due {
            findings.find(
                Check::ReviewCounters,
                name(),
                counts_text(due),
                counts_text(counts),
                Mend::Recount,
            );
        }
        let Some(row) = row else { continue };
        if !row.is_there {
            let lost = Mend::Not(LOST);
            findings.find(Check::Orphans, name(), "a row in reviews", "none", lost);
        }
        if row.is_rewarded != row.has_reward {
            let text = |there| if there { "a reward" } else { "no reward" };
            let mend = if row.has_reward {
                Mend::Recount
            } else {
                Mend::Not("credit is money: compare with a backup before touching either")
            };
            findings.find(
                Check::Rewards,
                name(),
                format!("{} as in rewards", text(row.has_reward)),
                format!("{} in reward_sent_at", text(row.is_rewarded)),
                mend,
            );
        }
        if let super::RewardsDue::From(up_votes) = rewards
            && due.ever_up >= i64::from(up_votes)
            && !row.has_reward
        {
            findings.find(
                Check::Rewards,
                name(),
                format!("a reward: {} members ever voted it up", due.ever_up),
                "no reward",
                Mend::Not("it is paid with the review's next vote that changes a counter"),
            );
        }
    }
}

pub(crate) fn counts_text(counts: CounterChange) -> String {
    let CounterChange { up, down, ever_up } = counts;
    format!("{up} up, {down} down, {ever_up} ever up")
}

/// Compares what users have with what they were given.
pub(crate) fn check_credit(user: UserId, given: i64, credit: i64, findings: &mut Findings) {
    if given != credit {
        findings.find(
            Check::Rewards,
            format!("users (user_id={})", id(user.0)),
            format!("credit {given}, the sum of rewards"),
            format!("credit {credit}"),
            Mend::Not("credit is money: compare with a backup before touching it"),
        );
    }
}
