//! Each reason for which tickets may not be spent, and its edges.

use chrono::TimeDelta;

use super::*;
use crate::{RejectReason, Seq};

fn ask(
    state: &VoterState,
    facts: &Facts,
    at: DateTime<Utc>,
    ballot: Ballot,
) -> Result<CampaignVote, Rejection> {
    admit(state, facts, at, &voter(), ballot, vote_id(1))
}

#[test]
fn votes_are_admitted_from_the_start_to_the_moment_before_the_end() {
    let facts = facts();
    let state = holding(&facts, &[5]);
    let (start, end) = (facts.terms.starts_at, facts.terms.ends_at);
    let ms = TimeDelta::milliseconds(1);
    let us = TimeDelta::microseconds(1);
    let not_open = |stage| Err(Rejection::NotOpen(stage));
    for before in [ms, us] {
        assert_eq!(
            ask(&state, &facts, start - before, on(WEB, 1)),
            not_open(Stage::Scheduled)
        );
        assert!(ask(&state, &facts, end - before, on(WEB, 1)).is_ok());
    }
    assert!(ask(&state, &facts, start, on(WEB, 1)).is_ok());
    assert_eq!(
        ask(&state, &facts, end, on(WEB, 1)),
        not_open(Stage::Closing)
    );
    assert_eq!(
        ask(&state, &facts, end + ms, on(WEB, 1)),
        not_open(Stage::Closing)
    );
}

#[test]
fn a_campaign_that_is_closed_admits_nothing_whatever_the_time() {
    let mut facts = facts();
    let state = holding(&facts, &[5]);
    for (progress, stage) in [
        (Progress::Closing, Stage::Closing),
        (Progress::Drained, Stage::Drained),
        (Progress::Final, Stage::Final),
    ] {
        facts.progress = progress;
        for at in [facts.terms.starts_at, facts.terms.ends_at] {
            assert_eq!(
                ask(&state, &facts, at, on(WEB, 1)),
                Err(Rejection::NotOpen(stage))
            );
        }
    }
}

#[test]
fn a_stamp_raised_past_the_end_is_not_admitted() {
    let facts = facts();
    let mut state = holding(&facts, &[5]);
    let last = facts.terms.ends_at - TimeDelta::microseconds(1);
    state.base.last_seq = Seq(last.timestamp_micros());
    let earlier = last - TimeDelta::seconds(1);
    assert_eq!(
        ask(&state, &facts, earlier, on(WEB, 1)),
        Err(Rejection::NotOpen(Stage::Closing))
    );
}

#[test]
fn settling_refuses_what_was_stamped_outside_the_campaign_or_names_what_it_has_not() {
    let facts = facts();
    let (start, end) = (facts.terms.starts_at, facts.terms.ends_at);
    let state = holding(&facts, &[5]);
    let vote = ask(&state, &facts, start, on(WEB, 1)).unwrap();
    let mut rows = Rows::new(facts.terms.clone());
    let key = (voter().voter_id(), lot_id(1));
    rows.lots.insert(key, state.base.lots[&lot_id(1)]);
    let us = TimeDelta::microseconds(1);
    let at = |at: DateTime<Utc>| CampaignVote {
        seq: Seq(at.timestamp_micros()),
        ..vote.clone()
    };
    let mut foreign = vote.clone();
    foreign.campaign = CampaignId(Uuid::from_u128(6));
    let mut no_option = vote.clone();
    no_option.ballot.option = OptionNo(2);
    let mut no_channel = vote.clone();
    no_channel.ballot.channel = ChannelNo(3);
    let mut twice_one_lot = vote.clone();
    twice_one_lot.ballot.tickets = 2;
    twice_one_lot.draws.push(twice_one_lot.draws[0]);
    let mut draws_less = vote.clone();
    draws_less.ballot.tickets = 2;
    let mut draws_nothing = vote.clone();
    draws_nothing.ballot.tickets = 0;
    draws_nothing.draws.clear();
    let mut another_lot = vote.clone();
    another_lot.draws[0].lot = lot_id(2);
    let mut not_its_day = vote.clone();
    not_its_day.draws[0].lot = lot_id(2);
    not_its_day.draws[0].free_day = Some(facts.terms.day(start));
    use RejectReason::{CampaignNotOpen, ChannelNotFound, InsufficientTickets, OptionNotFound};
    for (bad, reason) in [
        (at(start - us), CampaignNotOpen),
        (at(end), CampaignNotOpen),
        (foreign, CampaignNotOpen),
        (no_option, OptionNotFound),
        (no_channel, ChannelNotFound),
        (twice_one_lot, InsufficientTickets),
        (draws_less, InsufficientTickets),
        (draws_nothing, InsufficientTickets),
        (another_lot, InsufficientTickets),
        (not_its_day, InsufficientTickets),
    ] {
        let mut after = rows.clone();
        let settlement = merge(&mut after, [bad]);
        let outcome = settlement.entries[0].outcome;
        assert_eq!(outcome, crate::Outcome::Rejected(reason));
        assert_eq!((&after.lots, &after.uses), (&rows.lots, &rows.uses));
        assert!(settlement.tallies.is_empty() && settlement.fans.is_empty());
    }
    for good in [at(start), at(end - us)] {
        let settlement = merge(&mut rows.clone(), [good]);
        assert_eq!(settlement.entries[0].outcome, crate::Outcome::Counted);
    }
}

#[test]
fn a_channel_of_others_is_closed_and_so_is_one_that_is_not_there() {
    let facts = facts();
    let state = holding(&facts, &[5]);
    let at = facts.terms.starts_at;
    for channel in [ChannelNo(2), ChannelNo(3)] {
        let answer = ask(&state, &facts, at, on(channel, 1));
        assert_eq!(answer, Err(Rejection::ChannelClosedToVoter));
    }
    let juror = Voter::new("jury".parse().unwrap(), "DE").unwrap();
    let ballot = on(ChannelNo(2), 1);
    assert!(admit(&state, &facts, at, &juror, ballot, vote_id(1)).is_ok());
}

#[test]
fn a_vote_spends_no_more_than_the_campaign_lets_one_vote_spend() {
    let mut facts = facts();
    facts.terms.tickets_per_vote_max = 3;
    let state = holding(&facts, &[5]);
    let at = facts.terms.starts_at;
    assert!(ask(&state, &facts, at, on(WEB, 3)).is_ok());
    assert_eq!(
        ask(&state, &facts, at, on(WEB, 4)),
        Err(Rejection::TooManyTickets { max: 3 })
    );
}

#[test]
fn a_vote_draws_on_no_more_lots_than_a_message_carries() {
    let facts = facts();
    let state = holding(&facts, &[2; DRAWS_MAX + 1]);
    let at = facts.terms.starts_at;
    let most = u32::try_from(2 * DRAWS_MAX).unwrap();
    let vote = ask(&state, &facts, at, on(WEB, most)).unwrap();
    assert_eq!(vote.draws.len(), DRAWS_MAX);
    assert_eq!(
        ask(&state, &facts, at, on(WEB, most + 1)),
        Err(Rejection::TooManyTickets { max: most.into() })
    );
}

#[test]
fn no_more_is_spent_than_the_wallet_holds_with_votes_in_flight() {
    let facts = facts();
    let mut state = holding(&facts, &[3, 4]);
    let at = facts.terms.starts_at;
    assert_eq!(
        ask(&state, &facts, at, on(WEB, 8)),
        Err(Rejection::InsufficientTickets { balance: 7 })
    );
    cast(&mut state, &facts, at, on(WEB, 5), 1);
    assert_eq!(
        ask(&state, &facts, at, on(WEB, 3)),
        Err(Rejection::InsufficientTickets { balance: 2 })
    );
    cast(&mut state, &facts, at, on(WEB, 2), 2);
    assert_eq!(
        ask(&state, &facts, at, on(WEB, 1)),
        Err(Rejection::InsufficientTickets { balance: 0 })
    );
}

#[test]
fn a_channels_limit_holds_for_a_local_day_of_23_hours_and_is_whole_again_on_the_next() {
    let facts = facts();
    let mut state = holding(&facts, &[50]);
    let midnights = [utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z")];
    cast(&mut state, &facts, midnights[0], on(APP, 3), 1);
    // Another channel does not count towards it.
    cast(&mut state, &facts, midnights[0], on(WEB, 3), 2);
    let before = midnights[1] - TimeDelta::microseconds(1);
    let reached = Rejection::ChannelLimitReached {
        limit: 5,
        used: 3,
        resets_at: midnights[1],
    };
    assert_eq!(ask(&state, &facts, before, on(APP, 3)), Err(reached));
    cast(&mut state, &facts, before, on(APP, 2), 3);
    let vote = ask(&state, &facts, midnights[1], on(APP, 5)).unwrap();
    assert_eq!(
        (vote.limit, vote.day),
        (Some(5), facts.terms.day(midnights[1]))
    );
    assert!(ask(&state, &facts, midnights[1], on(APP, 6)).is_err());
}

#[test]
fn a_clock_that_runs_backwards_gives_no_second_days_limit() {
    let facts = facts();
    let mut state = holding(&facts, &[50]);
    let midnight = utc("2026-03-29T22:00:00Z");
    cast(&mut state, &facts, midnight, on(APP, 5), 1);
    let answer = ask(
        &state,
        &facts,
        midnight - TimeDelta::minutes(10),
        on(APP, 1),
    );
    assert!(matches!(answer, Err(Rejection::ChannelLimitReached { .. })));
}

#[test]
fn tickets_that_expire_first_are_spent_first_and_of_those_the_oldest() {
    let mut facts = facts();
    facts.terms.expiry = TicketExpiry::Days { days: 2 };
    facts.terms.free_daily_tickets = 2;
    let day = |n: i64| facts.terms.starts_at + TimeDelta::days(n);
    let mut state = VoterState::default();
    // Granted on the second day: noon, and an hour before.
    for (n, at) in [(1, day(1)), (2, day(1) - TimeDelta::hours(1))] {
        state.base.lots.insert(lot_id(n), granted(2, at, n));
    }
    let free = |n: i64| {
        let day = facts.terms.day(day(n));
        facts.terms.free_lot_id(voter().voter_id(), day)
    };
    let lots = |at, tickets| -> Vec<_> {
        let vote = ask(&state, &facts, at, on(WEB, tickets)).unwrap();
        vote.draws
            .iter()
            .map(|draw| (draw.lot, draw.tickets))
            .collect()
    };
    assert_eq!(
        lots(day(1), 7),
        [(free(0), 2), (free(1), 2), (lot_id(2), 2), (lot_id(1), 1)]
    );
    // On the third day the first day's are gone.
    assert_eq!(lots(day(2), 3), [(free(1), 2), (lot_id(2), 1)]);
}

#[test]
fn settling_refuses_expired_lots_and_free_lots_under_another_name() {
    let mut facts = facts();
    facts.terms.free_daily_tickets = 2;
    facts.terms.expiry = TicketExpiry::EndOfDay;
    let start = facts.terms.starts_at;
    let midnight = utc("2026-03-25T23:00:00Z");
    let vote = ask(&VoterState::default(), &facts, start, on(WEB, 1)).unwrap();
    let at = |at: DateTime<Utc>| CampaignVote {
        seq: Seq(at.timestamp_micros()),
        ..vote.clone()
    };
    let mut renamed = vote.clone();
    renamed.draws[0].lot = lot_id(1);
    let mut anothers = vote.clone();
    anothers.voter = Voter::member(UserId(Uuid::from_u128(2)));
    let mut before_the_first = vote.clone();
    let day = facts.terms.day(start).pred_opt().unwrap();
    before_the_first.draws[0] = Draw {
        lot: facts.terms.free_lot_id(voter().voter_id(), day),
        free_day: Some(day),
        tickets: 1,
    };
    let outcome = |vote| {
        let mut rows = Rows::new(facts.terms.clone());
        merge(&mut rows, [vote]).entries[0].outcome
    };
    let rejected = crate::Outcome::Rejected(RejectReason::InsufficientTickets);
    for bad in [at(midnight), renamed, anothers, before_the_first] {
        assert_eq!(outcome(bad), rejected);
    }
    let last = at(midnight - TimeDelta::microseconds(1));
    assert_eq!(outcome(last), crate::Outcome::Counted);
}
