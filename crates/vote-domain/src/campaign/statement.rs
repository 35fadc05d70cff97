//! A voter's statement: every ticket that came and went, with the running balance.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{CampaignVote, Lot, Source, Terms};
use crate::{LotId, RejectReason, VoteId, VoterId};

/// A vote that took tickets, or was meant to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The vote.
    pub vote: CampaignVote,
    /// What became of it.
    pub end: PostedEnd,
}

/// What became of a vote, as far as its tickets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostedEnd {
    /// Not settled yet, or counted: its tickets are spent.
    Spent,
    /// Refused when it settled; in SQL it never took its tickets.
    Rejected(RejectReason),
    /// Voided at this time, and its tickets returned.
    Returned(DateTime<Utc>),
    /// Voided, and its tickets lost.
    Forfeited,
}

/// Why tickets came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A lot was granted.
    Granted {
        /// The lot.
        lot: LotId,
        /// Where it comes from.
        source: Source,
    },
    /// A vote took them.
    Spent {
        /// The vote.
        vote: VoteId,
    },
    /// A vote gave them back to their lots.
    Returned {
        /// The vote.
        vote: VoteId,
        /// Why it was rejected; voided if `None`.
        reason: Option<RejectReason>,
    },
    /// What was left of a lot expired.
    Expired {
        /// The lot.
        lot: LotId,
    },
}

/// A line of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub kind: Kind,
    /// How many came; went, if below 0.
    pub tickets: i64,
    /// What the voter had afterwards.
    pub balance: i64,
}

/// What happens at one moment, in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Expiry(LotId),
    Grant(LotId),
    Return(usize),
    Spending(usize),
}

/// The statement of `voter` up to `now`, oldest line first.
///
/// `lots` are all lots of the voter in SQL, spent and expired ones included; free lots
/// that were never drawn on follow from the terms. The last balance is that of the
/// voter's [wallet](super::Wallet) at `now`.
#[must_use]
pub fn statement(
    terms: &Terms,
    voter: VoterId,
    lots: &[(LotId, Lot)],
    votes: &[Posted],
    now: DateTime<Utc>,
) -> Vec<Entry> {
    let mut all: BTreeMap<LotId, Lot> = terms
        .free_days(now)
        .filter_map(|day| Some((terms.free_lot_id(voter, day), terms.free_lot(day)?)))
        .collect();
    all.extend(lots.iter().copied());

    let mut steps: Vec<(DateTime<Utc>, Step)> = Vec::new();
    for (lot_id, lot) in &all {
        steps.push((lot.granted_at, Step::Grant(*lot_id)));
        let expires_at = terms.expires_at(lot.granted_at);
        if expires_at <= now {
            steps.push((expires_at, Step::Expiry(*lot_id)));
        }
    }
    for (n, posted) in votes.iter().enumerate() {
        steps.push((posted.vote.seq.at(), Step::Spending(n)));
        if let PostedEnd::Returned(at) = posted.end {
            // Never before it was spent, whatever the clocks say.
            let spent_at = posted.vote.seq.at() + TimeDelta::microseconds(1);
            steps.push((at.max(spent_at), Step::Return(n)));
        }
    }
    steps.sort_by_key(|(at, step)| (*at, *step));

    let mut writer = Writer {
        terms,
        now,
        lacking: lacking(&all, votes),
        left: BTreeMap::new(),
        balance: 0,
        entries: Vec::new(),
    };
    for (at, step) in steps {
        match step {
            Step::Grant(lot_id) => writer.grant(at, lot_id, &all[&lot_id]),
            Step::Expiry(lot_id) => writer.expire(at, lot_id),
            Step::Spending(n) => writer.spend(at, n, &votes[n]),
            Step::Return(n) => writer.give_back(at, &votes[n].vote, &all),
        }
    }
    writer.entries
}

/// Tickets that votes in flight draw on lots which do not have them, by vote and lot: so
/// it is only between the loss of a voter's state and the rejection of those votes. The
/// last votes lack them, and until then take what there is, as in the wallet.
fn lacking(lots: &BTreeMap<LotId, Lot>, votes: &[Posted]) -> BTreeMap<(usize, LotId), i64> {
    let mut over: BTreeMap<LotId, i64> = BTreeMap::new();
    for posted in votes {
        if matches!(posted.end, PostedEnd::Spent | PostedEnd::Forfeited) {
            for draw in &posted.vote.draws {
                let had = lots.get(&draw.lot).map_or(0, |lot| i64::from(lot.tickets));
                *over.entry(draw.lot).or_insert(-had) += i64::from(draw.tickets);
            }
        }
    }
    over.retain(|_, tickets| *tickets > 0);
    if over.is_empty() {
        return BTreeMap::new();
    }
    let mut spent: Vec<_> = (0..)
        .zip(votes)
        .filter(|(_, posted)| posted.end == PostedEnd::Spent)
        .collect();
    spent.sort_unstable_by_key(|(_, posted)| std::cmp::Reverse(posted.vote.seq));
    let mut lacking = BTreeMap::new();
    for (n, posted) in spent {
        for draw in &posted.vote.draws {
            if let Some(over) = over.get_mut(&draw.lot) {
                let lacks = (*over).min(draw.tickets.into());
                *over -= lacks;
                lacking.insert((n, draw.lot), lacks);
            }
        }
    }
    lacking
}

struct Writer<'t> {
    terms: &'t Terms,
    now: DateTime<Utc>,
    /// What votes do not find in their lots.
    lacking: BTreeMap<(usize, LotId), i64>,
    /// Tickets left in each lot.
    left: BTreeMap<LotId, i64>,
    balance: i64,
    entries: Vec<Entry>,
}

impl Writer<'_> {
    fn write(&mut self, at: DateTime<Utc>, kind: Kind, tickets: i64) {
        self.balance += tickets;
        self.entries.push(Entry {
            at,
            kind,
            tickets,
            balance: self.balance,
        });
    }

    fn grant(&mut self, at: DateTime<Utc>, lot_id: LotId, lot: &Lot) {
        *self.left.entry(lot_id).or_default() += i64::from(lot.tickets);
        let kind = Kind::Granted {
            lot: lot_id,
            source: lot.source,
        };
        self.write(at, kind, lot.tickets.into());
    }

    fn expire(&mut self, at: DateTime<Utc>, lot_id: LotId) {
        let left = self.left.entry(lot_id).or_default();
        // Below 0 it is owed by a vote that is about to be rejected, or whose tickets
        // come back further on: where a voter's state was lost.
        if *left > 0 {
            let tickets = -std::mem::take(left);
            self.write(at, Kind::Expired { lot: lot_id }, tickets);
        }
    }

    fn spend(&mut self, at: DateTime<Utc>, n: usize, posted: &Posted) {
        let vote = posted.vote.vote_id;
        if let PostedEnd::Rejected(reason) = posted.end {
            let tickets = i64::from(posted.vote.ballot.tickets);
            self.write(at, Kind::Spent { vote }, -tickets);
            let reason = Some(reason);
            self.write(at, Kind::Returned { vote, reason }, tickets);
            return;
        }
        let mut taken = 0;
        for draw in &posted.vote.draws {
            let lacks = self.lacking.get(&(n, draw.lot)).copied();
            let tickets = i64::from(draw.tickets) - lacks.unwrap_or_default();
            *self.left.entry(draw.lot).or_default() -= tickets;
            taken += tickets;
        }
        if taken > 0 {
            self.write(at, Kind::Spent { vote }, -taken);
        }
    }

    /// Tickets return to the lots they came from; what has expired meanwhile expires.
    fn give_back(&mut self, at: DateTime<Utc>, vote: &CampaignVote, lots: &BTreeMap<LotId, Lot>) {
        let kind = Kind::Returned {
            vote: vote.vote_id,
            reason: None,
        };
        self.write(at, kind, vote.ballot.tickets.into());
        for draw in &vote.draws {
            *self.left.entry(draw.lot).or_default() += i64::from(draw.tickets);
            let lot = lots.get(&draw.lot);
            // A void stamped by a clock that is ahead brings no expiry forward.
            let expired_by = at.min(self.now);
            if lot.is_some_and(|lot| self.terms.expires_at(lot.granted_at) <= expired_by) {
                self.expire(at, draw.lot);
            }
        }
    }
}
