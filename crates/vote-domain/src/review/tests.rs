mod voids;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Berlin;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::testing::{beginning, history, shuffled, steps};
use crate::voter_state::{Base as _, Fold, InFlight, Settled};
use crate::{Outcome, ReviewId, Seq, UserId, VoteId};

const POLICY: QuotaPolicy = QuotaPolicy {
    votes_per_day: 3,
    zone: Berlin,
};

fn voter() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn review(n: u128) -> ReviewId {
    ReviewId(Uuid::from_u128(100 + n))
}

fn fresh() -> VoterState {
    let mut state = VoterState::default();
    state.base.complete = true;
    state
}

fn ask(
    state: &VoterState,
    at: DateTime<Utc>,
    on: ReviewId,
    direction: Option<Direction>,
    id: u128,
) -> Result<Admission, Rejection> {
    let facts = ReviewFacts {
        author: UserId(Uuid::from_u128(2)),
    };
    let ballot = Ballot {
        review: on,
        direction,
    };
    admit(
        state,
        &facts,
        &POLICY,
        at,
        voter(),
        ballot,
        VoteId(Uuid::from_u128(id)),
    )
}

fn cast(
    state: &mut VoterState,
    at: DateTime<Utc>,
    on: ReviewId,
    direction: Option<Direction>,
    id: u128,
) {
    let Ok(Admission::Cast(vote)) = ask(state, at, on, direction, id) else {
        panic!("not cast");
    };
    state.in_flight.push(InFlight {
        vote,
        message: Vec::new(),
        gateway: Uuid::nil(),
        sent_at: at,
        n_sends: 1,
        unknown: false,
    });
}

const UP: Option<Direction> = Some(Direction::Up);
const DOWN: Option<Direction> = Some(Direction::Down);

#[test]
fn nobody_votes_on_their_own_review() {
    let facts = ReviewFacts { author: voter() };
    let ballot = Ballot {
        review: review(1),
        direction: UP,
    };
    let answer = admit(
        &fresh(),
        &facts,
        &POLICY,
        beginning(),
        voter(),
        ballot,
        VoteId(Uuid::nil()),
    );
    assert_eq!(answer, Err(Rejection::SelfVote));
}

#[test]
fn the_same_direction_again_costs_nothing_and_names_the_vote_that_stands() {
    let mut state = fresh();
    cast(&mut state, beginning(), review(1), UP, 7);
    let again = ask(&state, beginning(), review(1), UP, 8);
    assert_eq!(again, Ok(Admission::Stands(VoteId(Uuid::from_u128(7)))));
}

#[test]
fn changing_costs_taking_back_does_not_and_voting_after_it_does() {
    let mut state = fresh();
    let day = POLICY.day(beginning());
    cast(&mut state, beginning(), review(1), UP, 1);
    cast(&mut state, beginning(), review(1), DOWN, 2);
    assert_eq!(state.used_on(day), 2);
    cast(&mut state, beginning(), review(1), None, 3);
    assert_eq!(state.used_on(day), 2);
    assert_eq!(
        ask(&state, beginning(), review(1), None, 4),
        Ok(Admission::Nothing)
    );
    cast(&mut state, beginning(), review(1), DOWN, 5);
    assert_eq!(state.used_on(day), 3);
    assert_eq!(state.standing(review(1)).and_then(|s| s.direction), DOWN);
}

#[test]
fn the_fourth_vote_of_a_day_is_refused_until_local_midnight_also_where_clocks_change() {
    // The night on which Berlin's clocks go forward: the day has 23 hours.
    let before: DateTime<Utc> = "2026-03-29T21:59:59.999999Z".parse().unwrap();
    let midnight: DateTime<Utc> = "2026-03-29T22:00:00Z".parse().unwrap();
    let mut state = fresh();
    for n in 0..3 {
        cast(&mut state, before - TimeDelta::hours(20), review(n), UP, n);
    }
    let Err(Rejection::DailyQuotaUsed(quota)) = ask(&state, before, review(3), UP, 3) else {
        panic!("a fourth vote");
    };
    assert_eq!(quota.resets_at, midnight);
    assert_eq!((quota.limit, quota.used, quota.remaining), (3, 3, 0));
    assert!(ask(&state, before, review(1), None, 4).is_ok());
    cast(&mut state, midnight, review(3), UP, 5);
}

#[test]
fn a_clock_that_runs_backwards_gives_no_second_day() {
    let mut state = fresh();
    let midnight: DateTime<Utc> = "2026-06-01T22:00:00Z".parse().unwrap();
    for n in 0..3 {
        cast(&mut state, midnight, review(n), UP, n);
    }
    let earlier = midnight - TimeDelta::minutes(10);
    assert!(matches!(
        ask(&state, earlier, review(3), UP, 3),
        Err(Rejection::DailyQuotaUsed(_))
    ));
}

#[test]
fn a_vote_in_flight_is_sent_again_when_nobody_vouches_for_it() {
    let mut state = fresh();
    cast(&mut state, beginning(), review(1), UP, 1);
    let sent = &mut state.in_flight[0];
    let soon = beginning() + TimeDelta::seconds(29);
    assert!(!sent.is_due_for_resend(soon, true));
    assert!(sent.is_due_for_resend(soon, false));
    assert!(sent.is_due_for_resend(beginning() + TimeDelta::seconds(30), true));
    sent.n_sends = 2;
    assert!(!sent.is_due_for_resend(beginning() + TimeDelta::seconds(59), true));
    sent.unknown = true;
    assert!(sent.is_due_for_resend(beginning(), true));
}

#[test]
fn an_old_base_never_replaces_a_newer_one_but_known_votes_leave_the_flight() {
    let mut state = fresh();
    cast(&mut state, beginning(), review(1), UP, 1);
    state.base.version = 5;
    let old = Base {
        version: 4,
        ..Base::default()
    };
    let settled = VoteId(Uuid::from_u128(1));
    state.refresh(old, |vote| *vote == settled, beginning());
    assert_eq!(state.base.version, 5);
    assert!(state.in_flight.is_empty());
}

#[test]
fn a_fold_that_would_skip_a_settlement_asks_for_the_whole_base() {
    let mut state = fresh();
    cast(&mut state, beginning(), review(1), UP, 1);
    let untouched = state.clone();
    let settled = Settled {
        version: 2,
        last_seq: Seq(9),
        touched: Touched::default(),
        votes: vec![VoteId(Uuid::from_u128(1))],
    };
    assert_eq!(state.fold(&settled, beginning()), Fold::BaseTooOld);
    assert_eq!(state, untouched);
}

#[test]
fn a_base_drops_its_oldest_standings_and_says_so() {
    let mut base = Base {
        complete: true,
        ..Base::default()
    };
    for n in 0..300_u32 {
        base.standings.insert(
            review(n.into()),
            Standing {
                seq: Seq(n.into()),
                vote_id: VoteId(Uuid::nil()),
                direction: UP,
            },
        );
    }
    base.trim(beginning());
    assert_eq!(base.standings.len(), STANDINGS_MAX);
    assert!(!base.complete);
    assert!(!base.standings.contains_key(&review(43)));
    assert!(base.standings.contains_key(&review(44)));
}

/// Counters summed from the standings, as an auditor would.
fn recount(rows: &Rows) -> BTreeMap<ReviewId, CounterChange> {
    let mut counters = BTreeMap::<_, CounterChange>::new();
    for ((_, review), row) in &rows.standings {
        let counter = counters.entry(*review).or_default();
        match row.standing.direction {
            Some(Direction::Up) => counter.up += 1,
            Some(Direction::Down) => counter.down += 1,
            None => {}
        }
        counter.ever_up += i64::from(row.ever_up);
    }
    counters.retain(|_, counter| !counter.is_nothing());
    counters
}

fn add(sum: &mut BTreeMap<ReviewId, CounterChange>, settlement: &Settlement) {
    for (review, change) in &settlement.counters {
        let counter = sum.entry(*review).or_default();
        counter.up += change.up;
        counter.down += change.down;
        counter.ever_up += change.ever_up;
    }
    sum.retain(|_, counter| !counter.is_nothing());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_repetition_and_split_settles_to_the_same_rows(
        steps in steps(3, 4),
        seed in any::<u64>(),
    ) {
        let history = history(1, 3, 4, &steps, &POLICY);
        let empty = Rows {
            authors: history.reviews.iter().copied().collect(),
            ..Rows::default()
        };
        let mut in_order = empty.clone();
        let mut sum_in_order = BTreeMap::new();
        add(&mut sum_in_order, &merge(&mut in_order, history.votes.clone()));

        let mut rows = empty;
        let mut sum = BTreeMap::new();
        for batch in shuffled(&history.votes, seed) {
            let settlement = merge(&mut rows, batch);
            for entry in &settlement.entries {
                prop_assert_eq!(entry.outcome, Outcome::Counted);
            }
            add(&mut sum, &settlement);
        }

        prop_assert_eq!(&rows, &in_order);
        prop_assert_eq!(&sum, &sum_in_order);
        prop_assert_eq!(&sum, &recount(&rows));
        // And the rows say what the voters' states said at admission.
        for (voter, state) in history.voters.iter().zip(&history.states) {
            for (review, _) in &history.reviews {
                let row = rows.standings.get(&(*voter, *review)).map(|row| row.standing);
                prop_assert_eq!(row, state.standing(*review));
            }
            for ((who, day), used) in &rows.days {
                if who == voter {
                    prop_assert_eq!(used.used, state.used_on(*day));
                    prop_assert!(used.used <= POLICY.votes_per_day);
                }
            }
        }
    }

    #[test]
    fn whatever_voters_lost_redis_says_no_day_ends_above_its_limit(
        steps in steps(2, 4),
        seed in any::<u64>(),
    ) {
        // Two histories that know nothing of each other, of the same voters.
        let policy = POLICY;
        let first = history(1, 2, 4, &steps, &policy);
        let mut second = history(1, 2, 4, &steps, &policy);
        for vote in &mut second.votes {
            vote.vote_id = VoteId(Uuid::from_u128(vote.vote_id.0.as_u128() ^ (1 << 100)));
        }
        let mut rows = Rows {
            authors: first.reviews.iter().copied().collect(),
            ..Rows::default()
        };
        let both: Vec<_> = first.votes.into_iter().chain(second.votes).collect();
        let mut sum = BTreeMap::new();
        for batch in shuffled(&both, seed) {
            add(&mut sum, &merge(&mut rows, batch));
        }
        for used in rows.days.values() {
            prop_assert!(used.used <= policy.votes_per_day);
        }
        prop_assert_eq!(rows.known.len(), both.len());
        prop_assert_eq!(&sum, &recount(&rows));
    }

    #[test]
    fn folding_what_was_settled_leaves_the_state_of_admission(
        steps in steps(1, 4),
        seed in any::<u64>(),
    ) {
        let history = history(1, 1, 4, &steps, &POLICY);
        let voter = history.voters[0];
        let mut rows = Rows {
            authors: history.reviews.iter().copied().collect(),
            ..Rows::default()
        };
        let mut state = history.states[0].clone();
        for (version, batch) in (1..).zip(shuffled(&history.votes, seed)) {
            let touched: HashSet<_> = batch.iter().map(|vote| (vote.day, vote.review)).collect();
            let votes = batch.iter().map(|vote| vote.vote_id).collect();
            let last_seq = batch.iter().map(|vote| vote.seq).max().unwrap_or_default();
            merge(&mut rows, batch);
            let settled = Settled {
                version,
                last_seq,
                touched: Touched { days: touched.iter().filter_map(|(day, _)| Some((*day, *rows.days.get(&(voter, *day))?))).collect(),
                standings: touched.iter().map(|(_, review)| (*review, Some(rows.standings[&(voter, *review)].standing))).collect() },
                votes,
            };
            prop_assert_eq!(state.fold(&settled, beginning()), Fold::Done);
            let once = state.clone();
            prop_assert_eq!(state.fold(&settled, beginning()), Fold::Done);
            prop_assert_eq!(&state, &once);
            for (review, _) in &history.reviews {
                prop_assert_eq!(state.standing(*review), history.states[0].standing(*review));
            }
            prop_assert_eq!(state.last_seq(), history.states[0].last_seq());
        }
        prop_assert!(state.in_flight.is_empty());
    }
}
