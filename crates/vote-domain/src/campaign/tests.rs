mod admission;
mod audit;
mod boards;
mod clocks;
mod days;
mod folding;
mod order;
mod reach;
mod statements;
mod voids;
mod wallets;

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Berlin;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::testing::campaigns::{self, Grant, Run};
use crate::voter_state::InFlight;
use crate::{CampaignId, GrantId, LotId, UserId, VoteId, Voter};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn campaign() -> CampaignId {
    CampaignId(Uuid::from_u128(5))
}

fn any_facts() -> impl Strategy<Value = Facts> {
    campaigns::facts(campaign())
}

fn voter() -> Voter {
    Voter::member(UserId(Uuid::from_u128(1)))
}

fn vote_id(n: u128) -> VoteId {
    VoteId(Uuid::from_u128(n))
}

fn lot_id(n: u128) -> LotId {
    LotId(Uuid::from_u128(n))
}

/// Ten days in Berlin, over the spring change; two options; a channel for all, one of at
/// most five tickets a day, and one that is the jury's.
fn facts() -> Facts {
    let channel = |key: &str, daily_ticket_limit, kinds: Option<&str>| Channel {
        key: key.to_owned(),
        name: key.to_owned(),
        daily_ticket_limit,
        voter_kinds: kinds.map(|kind| vec![kind.parse().unwrap()]),
    };
    Facts {
        terms: Terms {
            campaign: campaign(),
            starts_at: utc("2026-03-25T12:00:00Z"),
            ends_at: utc("2026-04-04T20:00:00Z"),
            zone: Berlin,
            free_daily_tickets: 0,
            expiry: TicketExpiry::CampaignEnd,
            tickets_per_vote_max: 1_000,
            n_options: 2,
            n_channels: 3,
        },
        progress: Progress::Running,
        channels: vec![
            channel("web", None, None),
            channel("app", Some(5), None),
            channel("jury", None, Some("jury")),
        ],
        options: [("a", 0), ("b", 1)]
            .map(|(key, n)| (key.to_owned(), OptionNo(n)))
            .into(),
    }
}

fn granted(tickets: u32, granted_at: DateTime<Utc>, n: u128) -> Lot {
    Lot {
        source: Source::Grant(GrantId(Uuid::from_u128(n))),
        tickets,
        spent: 0,
        granted_at,
    }
}

fn grant(tickets: u32, granted_at: DateTime<Utc>, n: u128) -> Grant {
    Grant {
        voter: voter().voter_id(),
        lot_id: lot_id(n),
        lot: granted(tickets, granted_at, n),
    }
}

/// The state of a voter who holds a lot of each of these sizes, granted at the start.
fn holding(facts: &Facts, lots: &[u32]) -> VoterState {
    let mut state = VoterState::default();
    for (n, tickets) in (1..).zip(lots) {
        let lot = granted(*tickets, facts.terms.starts_at, n);
        state.base.lots.insert(lot_id(n), lot);
    }
    state
}

const WEB: ChannelNo = ChannelNo(0);
const APP: ChannelNo = ChannelNo(1);

fn on(channel: ChannelNo, tickets: u32) -> Ballot {
    Ballot {
        option: OptionNo(0),
        channel,
        tickets,
    }
}

/// Admits and takes the vote in flight.
fn cast(
    state: &mut VoterState,
    facts: &Facts,
    at: DateTime<Utc>,
    ballot: Ballot,
    id: u128,
) -> CampaignVote {
    let vote = admit(state, facts, at, &voter(), ballot, vote_id(id)).unwrap();
    state.in_flight.push(InFlight {
        vote: vote.clone(),
        message: Vec::new(),
        gateway: Uuid::nil(),
        sent_at: at,
        n_sends: 1,
        unknown: false,
    });
    vote
}
