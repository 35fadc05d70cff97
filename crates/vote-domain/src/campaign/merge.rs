//! How campaign votes settle.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;

use super::{CampaignVote, ChannelNo, Hour, Lot, Marks, OptionNo, Terms};
use crate::review::DayUse;
use crate::{LotId, Outcome, RejectReason, VoteId, VoterId};

/// What SQL holds of everything a batch of votes of one campaign touches, locked by the
/// voters' rows. [`merge`] changes it to what SQL must hold afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The campaign's terms.
    pub terms: Terms,
    /// Votes that are in the ledger already, whatever their end.
    pub known: HashSet<VoteId>,
    /// Lots in SQL, by voter; a free lot is there once it was drawn on.
    pub lots: BTreeMap<(VoterId, LotId), Lot>,
    /// Tickets used on channels with a daily limit.
    pub uses: BTreeMap<(VoterId, ChannelNo, NaiveDate), DayUse>,
    /// Voids that wait for their votes.
    pub marks: Marks,
}

impl Rows {
    /// No rows yet, under `terms`.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            known: HashSet::new(),
            lots: BTreeMap::new(),
            uses: BTreeMap::new(),
            marks: Marks::default(),
        }
    }
}

/// A row for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The vote.
    pub vote: CampaignVote,
    /// Its end.
    pub outcome: Outcome,
    /// Whether a voided vote's tickets are lost to the voter.
    pub forfeited: bool,
}

/// What a batch of votes changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// New rows of the ledger, one for each vote it did not know.
    pub entries: Vec<LedgerEntry>,
    /// Keys of [`Rows::lots`] that changed.
    pub lots: BTreeSet<(VoterId, LotId)>,
    /// Keys of [`Rows::uses`] that changed.
    pub uses: BTreeSet<(VoterId, ChannelNo, NaiveDate)>,
    /// Tickets by option, channel and hour: by how much the tallies change.
    pub tallies: BTreeMap<(OptionNo, ChannelNo, Hour), i64>,
    /// Tickets by option and voter: by how much the fans change.
    pub fans: BTreeMap<(OptionNo, VoterId), i64>,
}

impl Settlement {
    /// Adds `vote` to the tallies, or with `by = -1` takes it out.
    pub(super) fn tally(&mut self, vote: &CampaignVote, by: i64) {
        let tickets = i64::from(vote.ballot.tickets) * by;
        let option = vote.ballot.option;
        let hour = (option, vote.ballot.channel, vote.hour());
        *self.tallies.entry(hour).or_default() += tickets;
        *self
            .fans
            .entry((option, vote.voter.voter_id()))
            .or_default() += tickets;
    }
}

/// Settles `votes`, all of the campaign of `rows`.
///
/// Commutative and idempotent on every history that [`admit`](super::admit) produced: any
/// order, repetition and split of the same votes and voids ends in the same rows. Tickets
/// are added up by lot and checked against what the lots had.
pub fn merge(rows: &mut Rows, votes: impl IntoIterator<Item = CampaignVote>) -> Settlement {
    let mut settlement = Settlement::default();
    for vote in votes {
        if !rows.known.insert(vote.vote_id) {
            continue;
        }
        let (outcome, forfeited) = match rows.marks.of(&vote) {
            // It needs nothing: its tickets may be spent again already.
            Some(mark) if !mark.forfeit => (Outcome::Voided, false),
            // It uses no channel, so that no channel's limit can refuse it.
            Some(_) => match check_names(rows, &vote).and_then(|()| check_draws(rows, &vote)) {
                Ok(()) => {
                    spend(rows, &vote, &mut settlement);
                    (Outcome::Voided, true)
                }
                Err(reason) => (Outcome::Rejected(reason), false),
            },
            None => match check(rows, &vote) {
                Ok(()) => {
                    spend(rows, &vote, &mut settlement);
                    use_channel(rows, &vote, &mut settlement);
                    settlement.tally(&vote, 1);
                    (Outcome::Counted, false)
                }
                Err(reason) => (Outcome::Rejected(reason), false),
            },
        };
        settlement.entries.push(LedgerEntry {
            vote,
            outcome,
            forfeited,
        });
    }
    settlement
}

fn check(rows: &Rows, vote: &CampaignVote) -> Result<(), RejectReason> {
    check_names(rows, vote)?;
    check_limit(rows, vote)?;
    check_draws(rows, vote)
}

/// Whether the campaign was open and has what the vote names.
fn check_names(rows: &Rows, vote: &CampaignVote) -> Result<(), RejectReason> {
    let terms = &rows.terms;
    if vote.campaign != terms.campaign || !terms.admits_at(vote.seq.at()) {
        return Err(RejectReason::CampaignNotOpen);
    }
    if vote.ballot.option.0 >= terms.n_options {
        return Err(RejectReason::OptionNotFound);
    }
    if vote.ballot.channel.0 >= terms.n_channels {
        return Err(RejectReason::ChannelNotFound);
    }
    Ok(())
}

/// Whether the channel's limit, as stamped, leaves room.
fn check_limit(rows: &Rows, vote: &CampaignVote) -> Result<(), RejectReason> {
    if let Some(limit) = vote.limit {
        let key = (vote.voter.voter_id(), vote.ballot.channel, vote.day);
        let day = rows.uses.get(&key).copied().unwrap_or_default();
        if day.used.saturating_add(vote.ballot.tickets) > day.limit.max(limit) {
            return Err(RejectReason::ChannelLimitReached);
        }
    }
    Ok(())
}

/// Whether the lots pay for it.
fn check_draws(rows: &Rows, vote: &CampaignVote) -> Result<(), RejectReason> {
    let (terms, at) = (&rows.terms, vote.seq.at());
    let drawn: u64 = vote.draws.iter().map(|draw| u64::from(draw.tickets)).sum();
    if drawn != u64::from(vote.ballot.tickets) || vote.ballot.tickets == 0 {
        return Err(RejectReason::InsufficientTickets);
    }
    let mut lots = HashSet::with_capacity(vote.draws.len());
    for draw in &vote.draws {
        let lot = lot(rows, vote.voter.voter_id(), draw.lot, draw.free_day);
        let pays = lot.is_some_and(|lot| {
            lot.remaining() >= draw.tickets && at < terms.expires_at(lot.granted_at)
        });
        if !pays || !lots.insert(draw.lot) {
            return Err(RejectReason::InsufficientTickets);
        }
    }
    Ok(())
}

/// The lot as it is: in SQL, or a free one that the terms give and nobody drew on yet.
fn lot(rows: &Rows, voter: VoterId, lot: LotId, free_day: Option<NaiveDate>) -> Option<Lot> {
    if let Some(lot) = rows.lots.get(&(voter, lot)) {
        return Some(*lot);
    }
    let day = free_day?;
    let is_its_own = rows.terms.free_lot_id(voter, day) == lot;
    rows.terms.free_lot(day).filter(|_| is_its_own)
}

fn spend(rows: &mut Rows, vote: &CampaignVote, settlement: &mut Settlement) {
    let voter = vote.voter.voter_id();
    for draw in &vote.draws {
        if let Some(mut lot) = lot(rows, voter, draw.lot, draw.free_day) {
            lot.spent = lot.spent.saturating_add(draw.tickets);
            rows.lots.insert((voter, draw.lot), lot);
            settlement.lots.insert((voter, draw.lot));
        }
    }
}

fn use_channel(rows: &mut Rows, vote: &CampaignVote, settlement: &mut Settlement) {
    if let Some(limit) = vote.limit {
        let key = (vote.voter.voter_id(), vote.ballot.channel, vote.day);
        let day = rows.uses.entry(key).or_default();
        day.used = day.used.saturating_add(vote.ballot.tickets);
        day.limit = day.limit.max(limit);
        settlement.uses.insert(key);
    }
}
