//! Statements, line by line.

use chrono::TimeDelta;

use super::*;
use crate::RejectReason;

/// Two lots for the first day: three tickets and four; the statement a day later.
fn told(ends: &[(Ballot, PostedEnd)], now: DateTime<Utc>) -> Vec<(&'static str, i64, i64)> {
    let mut facts = facts();
    facts.terms.expiry = TicketExpiry::EndOfDay;
    let start = facts.terms.starts_at;
    let at = start + TimeDelta::minutes(1);
    let mut state = holding(&facts, &[3, 4]);
    let mut votes = Vec::new();
    for (n, (ballot, end)) in (1..).zip(ends) {
        let vote = cast(&mut state, &facts, at, *ballot, n);
        if !matches!(end, PostedEnd::Spent) {
            state.in_flight.pop();
            state.base.last_seq = vote.seq;
        }
        votes.push(Posted { vote, end: *end });
    }
    let lots = [
        (lot_id(1), granted(3, start, 1)),
        (lot_id(2), granted(4, start, 2)),
    ];
    let entries = statement(&facts.terms, voter().voter_id(), &lots, &votes, now);
    entries
        .into_iter()
        .map(|entry| {
            let kind = match entry.kind {
                Kind::Granted { .. } => "granted",
                Kind::Spent { .. } => "spent",
                Kind::Returned { .. } => "returned",
                Kind::Expired { .. } => "expired",
            };
            (kind, entry.tickets, entry.balance)
        })
        .collect()
}

/// The end of the first day.
fn midnight() -> DateTime<Utc> {
    utc("2026-03-25T23:00:00Z")
}

#[test]
fn what_returns_before_its_lot_expires_expires_with_it() {
    let returned = PostedEnd::Returned(midnight() - TimeDelta::seconds(1));
    let lines = told(&[(on(WEB, 5), returned)], midnight());
    let expected = [
        ("granted", 3, 3),
        ("granted", 4, 7),
        ("spent", -5, 2),
        ("returned", 5, 7),
        ("expired", -3, 4),
        ("expired", -4, 0),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_returns_after_its_lot_expired_expires_at_once() {
    let returned = PostedEnd::Returned(midnight() + TimeDelta::hours(1));
    let lines = told(&[(on(WEB, 5), returned)], midnight() + TimeDelta::hours(2));
    let expected = [
        ("granted", 3, 3),
        ("granted", 4, 7),
        ("spent", -5, 2),
        ("expired", -2, 0),
        ("returned", 5, 5),
        ("expired", -3, 2),
        ("expired", -2, 0),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_was_rejected_comes_back_at_once_and_what_is_forfeited_does_not() {
    let rejected = PostedEnd::Rejected(RejectReason::ChannelLimitReached);
    let now = midnight() - TimeDelta::microseconds(1);
    let lines = told(&[(on(WEB, 5), rejected)], now);
    assert_eq!(lines[2..], [("spent", -5, 2), ("returned", 5, 7)]);
    let lines = told(&[(on(WEB, 5), PostedEnd::Forfeited)], midnight());
    assert_eq!(lines[2..], [("spent", -5, 2), ("expired", -2, 0)]);
}

#[test]
fn a_void_stamped_before_its_vote_returns_after_it() {
    let returned = PostedEnd::Returned(facts().terms.starts_at);
    let lines = told(&[(on(WEB, 5), returned)], midnight() - TimeDelta::hours(1));
    assert_eq!(lines[2..], [("spent", -5, 2), ("returned", 5, 7)]);
}
