//! What an auditor finds who knows the events alone, and adds up one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::VoterId;
use crate::testing::campaigns::{End, Event};

/// Which votes take tickets and use channels, as far as somebody knows.
pub(super) struct Spending<'r> {
    /// Votes whose tickets are gone from their lots.
    pub(super) spent: Vec<&'r CampaignVote>,
    /// Votes that use their channel's limit.
    pub(super) used: Vec<&'r CampaignVote>,
}

/// What SQL and the voters' states say together.
pub(super) fn spending(run: &Run) -> Spending<'_> {
    let ends = run.books.ends();
    let mut spending = Spending {
        spent: Vec::new(),
        used: Vec::new(),
    };
    for (vote, end) in run.books.votes() {
        match end {
            End::Counted => {
                spending.spent.push(vote);
                spending.used.push(vote);
            }
            End::Forfeited => spending.spent.push(vote),
            End::Rejected(_) | End::Returned => {}
        }
    }
    for sent in run.states.iter().flat_map(|state| &state.in_flight) {
        if !ends.contains_key(&sent.vote.vote_id) {
            spending.spent.push(&sent.vote);
            spending.used.push(&sent.vote);
        }
    }
    spending
}

/// Tickets of one lot, by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Where {
    pub(super) granted: i64,
    pub(super) remaining: i64,
    pub(super) spent: i64,
    pub(super) expired: i64,
}

/// Whether a lot is expired, by comparing dates.
fn is_expired(terms: &Terms, granted_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let days = (terms.day(now) - terms.day(granted_at.max(terms.starts_at))).num_days();
    let lasts = match terms.expiry {
        TicketExpiry::EndOfDay => days < 1,
        TicketExpiry::Days { days: n } => days < i64::from(n),
        TicketExpiry::CampaignEnd => true,
    };
    !lasts || now >= terms.ends_at
}

/// Every lot of a voter. `spent` may exceed what was granted only where states were lost;
/// what is in flight in excess of it will be rejected.
pub(super) fn lots(run: &Run, voter: VoterId) -> BTreeMap<LotId, Where> {
    let terms = &run.facts.terms;
    let mut lots: BTreeMap<LotId, (i64, DateTime<Utc>)> = BTreeMap::new();
    for event in &run.events {
        if let Event::Grant(grant) = event
            && grant.voter == voter
        {
            lots.insert(
                grant.lot_id,
                (grant.lot.tickets.into(), grant.lot.granted_at),
            );
        }
    }
    if run.now >= terms.starts_at {
        let last = run
            .now
            .min(terms.ends_at - chrono::TimeDelta::microseconds(1));
        for day in terms.day(terms.starts_at).iter_days() {
            if day > terms.day(last) {
                break;
            }
            let at = crate::time::start_of_day(terms.zone, day).max(terms.starts_at);
            let id = terms.free_lot_id(voter, day);
            lots.insert(id, (terms.free_daily_tickets.into(), at));
        }
    }
    let mut spent: BTreeMap<LotId, i64> = BTreeMap::new();
    for vote in spending(run).spent {
        for draw in &vote.draws {
            *spent.entry(draw.lot).or_default() += i64::from(draw.tickets);
        }
    }
    lots.into_iter()
        .map(|(id, (granted, granted_at))| {
            let spent = spent.get(&id).copied().unwrap_or_default().min(granted);
            let left = granted - spent;
            let expired = if is_expired(terms, granted_at, run.now) {
                left
            } else {
                0
            };
            let lot = Where {
                granted,
                remaining: left - expired,
                spent,
                expired,
            };
            (id, lot)
        })
        .filter(|(_, lot)| lot.granted > 0)
        .collect()
}

/// Tickets by option, channel and hour, and by option and voter, of what counts.
#[expect(clippy::type_complexity, reason = "the two types of a settlement")]
pub(super) fn recount(
    run: &campaigns::Books,
) -> (
    BTreeMap<(OptionNo, ChannelNo, Hour), i64>,
    BTreeMap<(OptionNo, VoterId), i64>,
) {
    let (mut tallies, mut fans) = (BTreeMap::new(), BTreeMap::new());
    for (vote, _) in run.votes().filter(|(_, end)| *end == End::Counted) {
        let Ballot {
            option,
            channel,
            tickets,
        } = vote.ballot;
        let hour = Hour::of(vote.seq.at());
        *tallies.entry((option, channel, hour)).or_default() += i64::from(tickets);
        *fans.entry((option, vote.voter.voter_id())).or_default() += i64::from(tickets);
    }
    (tallies, fans)
}

/// Checks that no lot was overspent, no channel overused, no ticket spent outside its
/// time, and that what is derived from the ledger equals it.
pub(super) fn check_books(facts: &Facts, books: &campaigns::Books) -> Result<(), TestCaseError> {
    let terms = &facts.terms;
    let (tallies, fans) = recount(books);
    prop_assert_eq!(&books.tallies, &tallies);
    prop_assert_eq!(&books.fans, &fans);

    let mut spent: BTreeMap<(VoterId, LotId), u32> = BTreeMap::new();
    let mut used: BTreeMap<_, u32> = BTreeMap::new();
    for (vote, end) in books.votes() {
        let voter = vote.voter.voter_id();
        if matches!(end, End::Counted | End::Forfeited) {
            prop_assert!(terms.admits_at(vote.seq.at()));
            let mut lots = BTreeSet::new();
            for draw in &vote.draws {
                *spent.entry((voter, draw.lot)).or_default() += draw.tickets;
                let lot = books.rows.lots.get(&(voter, draw.lot));
                let granted_at = lot.map(|lot| lot.granted_at).unwrap();
                prop_assert!(!is_expired(terms, granted_at, vote.seq.at()));
                prop_assert!(lots.insert(draw.lot));
            }
            let drawn: u32 = vote.draws.iter().map(|draw| draw.tickets).sum();
            prop_assert_eq!(drawn, vote.ballot.tickets);
        }
        if end == End::Counted && vote.limit.is_some() {
            let key = (voter, vote.ballot.channel, terms.day(vote.seq.at()));
            *used.entry(key).or_default() += vote.ballot.tickets;
        }
    }
    prop_assert_eq!(books.spent(), spent);
    prop_assert_eq!(books.used(), used);
    for lot in books.rows.lots.values() {
        prop_assert!(lot.spent <= lot.tickets);
    }
    for ((_, channel, day), used) in books.used() {
        let limit = facts.channels[channel.0 as usize].daily_ticket_limit;
        prop_assert!(used <= limit.unwrap(), "{} on {}", used, day);
    }
    Ok(())
}
