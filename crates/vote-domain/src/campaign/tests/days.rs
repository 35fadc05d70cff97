//! Days, free lots and expiry, against counting them one by one.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, TimeDelta};

use super::*;
use crate::time::{local_day, start_of_day};

/// The local days of the campaign up to `now`, met by walking through it.
fn days_walked(terms: &Terms, now: DateTime<Utc>) -> BTreeSet<NaiveDate> {
    let last = now.min(terms.ends_at - TimeDelta::microseconds(1));
    let mut days = BTreeSet::new();
    let mut at = terms.starts_at;
    while at <= last {
        days.insert(local_day(terms.zone, at));
        at += TimeDelta::minutes(10);
    }
    if terms.starts_at <= last {
        days.insert(local_day(terms.zone, last));
    }
    days
}

/// Some moment before, in or after the campaign; often one of its edges.
fn moment(facts: &Facts) -> impl Strategy<Value = DateTime<Utc>> + use<> {
    let terms = facts.terms.clone();
    let length_us = (terms.ends_at - terms.starts_at)
        .num_microseconds()
        .unwrap();
    let day_us = 86_400_000_000;
    let within = (-3 * day_us..length_us + 3 * day_us).prop_map({
        let starts_at = terms.starts_at;
        move |us| starts_at + TimeDelta::microseconds(us)
    });
    let edge = (0_u8..3, 0_u64..14, -1_i64..2).prop_map(move |(which, day, us)| {
        let midnight = local_day(terms.zone, terms.starts_at) - Days::new(2) + Days::new(day);
        let edge = match which {
            0 => terms.starts_at,
            1 => terms.ends_at,
            _ => start_of_day(terms.zone, midnight),
        };
        edge + TimeDelta::microseconds(us)
    });
    prop_oneof![within, edge]
}

fn at_a_moment() -> impl Strategy<Value = (Facts, DateTime<Utc>)> {
    any_facts().prop_flat_map(|facts| (Just(facts.clone()), moment(&facts)))
}

fn at_two_moments() -> impl Strategy<Value = (Facts, DateTime<Utc>, DateTime<Utc>)> {
    any_facts().prop_flat_map(|facts| (Just(facts.clone()), moment(&facts), moment(&facts)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn each_local_day_of_the_campaign_gives_one_free_lot((facts, now) in at_a_moment()) {
        let terms = &facts.terms;
        let days: Vec<_> = terms.free_days(now).collect();
        let expected = match terms.free_daily_tickets {
            0 => BTreeSet::new(),
            _ => days_walked(terms, now),
        };
        prop_assert_eq!(&days, &expected.into_iter().collect::<Vec<_>>());
        let mut ids = BTreeSet::new();
        for day in days {
            let lot = terms.free_lot(day).unwrap();
            prop_assert_eq!(lot.source, Source::FreeDaily(day));
            prop_assert_eq!((lot.tickets, lot.spent), (terms.free_daily_tickets, 0));
            prop_assert_eq!(terms.day(lot.granted_at), day);
            prop_assert!(terms.admits_at(lot.granted_at));
            prop_assert!(lot.granted_at <= now);
            prop_assert!(terms.expires_at(lot.granted_at) > lot.granted_at);
            for other in [1, 2] {
                let voter = Voter::member(UserId(Uuid::from_u128(other))).voter_id();
                let id = terms.free_lot_id(voter, day);
                prop_assert_eq!(id, terms.free_lot_id(voter, day));
                prop_assert!(ids.insert(id));
            }
        }
    }

    #[test]
    fn no_day_outside_the_campaign_has_a_free_lot((facts, _) in at_a_moment()) {
        let terms = &facts.terms;
        let days = days_walked(terms, terms.ends_at);
        let around = days.first().unwrap().checked_sub_days(Days::new(2)).unwrap();
        for day in around.iter_days().take(days.len() + 4) {
            let has = days.contains(&day) && terms.free_daily_tickets > 0;
            prop_assert_eq!(terms.free_lot(day).is_some(), has, "{}", day);
        }
    }

    #[test]
    fn tickets_last_their_days_and_never_longer_than_the_campaign(
        (facts, granted_at, now) in at_two_moments(),
    ) {
        let terms = &facts.terms;
        let first = terms.day(granted_at.max(terms.starts_at));
        let days_over = (terms.day(now) - first).num_days();
        let lasts = match terms.expiry {
            TicketExpiry::EndOfDay => days_over < 1,
            TicketExpiry::Days { days } => days_over < i64::from(days),
            TicketExpiry::CampaignEnd => true,
        };
        let is_expired = !lasts || now >= terms.ends_at;
        prop_assert_eq!(terms.expires_at(granted_at) <= now, is_expired);
    }

    #[test]
    fn what_is_older_than_the_oldest_unexpired_is_expired_and_nothing_else(
        (facts, granted_at, now) in at_two_moments(),
    ) {
        let terms = &facts.terms;
        let oldest = terms.oldest_unexpired(now);
        let about = [-1, 0, 1].map(|us| oldest.checked_add_signed(TimeDelta::microseconds(us)));
        let starts = [-1, 0, 1].map(|us| Some(terms.starts_at + TimeDelta::microseconds(us)));
        let all = [Some(granted_at)].into_iter().chain(about).chain(starts);
        let us = TimeDelta::days(400_000);
        for granted_at in all.flatten().filter(|at| (*at - now).abs() < us) {
            let is_expired = terms.expires_at(granted_at) <= now;
            prop_assert_eq!(is_expired, granted_at < oldest, "{}", granted_at);
        }
    }

    #[test]
    fn a_later_end_takes_no_ticket_away((facts, granted_at, now) in at_two_moments(), ms in 1_i64..200_000_000) {
        let mut later = facts.terms.clone();
        later.ends_at += TimeDelta::milliseconds(ms);
        prop_assert!(later.expires_at(granted_at) >= facts.terms.expires_at(granted_at));
        let before: Vec<_> = facts.terms.free_days(now).collect();
        prop_assert!(later.free_days(now).collect::<Vec<_>>().starts_with(&before));
    }
}

#[test]
fn each_day_begins_where_its_date_does_in_every_zone() {
    for zone in chrono_tz::TZ_VARIANTS {
        let first: NaiveDate = "2025-01-01".parse().unwrap();
        for day in first.iter_days().take(1_100) {
            let start = start_of_day(zone, day);
            assert_eq!(local_day(zone, start), day, "{zone} {day}");
            let before = start - TimeDelta::microseconds(1);
            assert_eq!(local_day(zone, before), day - Days::new(1), "{zone} {day}");
        }
    }
}
