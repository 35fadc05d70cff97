//! The judge is judged: books that are right pass, each kind of spoiled book is found.

use chrono::TimeDelta;

use super::super::books::{CounterRow, DayRow, RewardRow, StandingRow};
use super::super::history::Doubt;
use super::super::intents::vote_under;
use super::*;
use crate::member::Direction;

const DAY: &str = "2026-11-22";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

const AUTHOR: u128 = 1;
const VOTER: u128 = 2;
const OTHER: u128 = 3;
const REVIEW: u128 = 10;

fn lost_at() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn vote(n: u128, voter: u128, seq: i64, direction: i64) -> Ledger {
    Ledger {
        vote_id: id(n),
        voter: id(voter),
        review: id(REVIEW),
        seq,
        direction,
        day: DAY.to_owned(),
        cost: i64::from(direction != 0),
        limit: limit_of(voter),
        settled_at: (lost_at() + TimeDelta::minutes(1)).timestamp_micros(),
        reason: None,
    }
}

fn limit_of(voter: u128) -> i64 {
    if voter == VOTER { 2 } else { 3 }
}

fn told(vote: &Ledger, direction: Direction) -> Accepted {
    Accepted {
        vote_id: vote.vote_id,
        voter: vote.voter,
        review: vote.review,
        direction,
        key: None,
    }
}

fn doubt(vote: &Ledger, direction: Direction) -> Doubt {
    Doubt {
        member: 0,
        voter: vote.voter,
        review: vote.review,
        direction,
        key: None,
        vote_id: Some(vote.vote_id),
    }
}

/// A voter who voted up and changed to down, another who voted up, one rejected vote; the
/// reward fell due with the second who was ever up.
fn right() -> (Books, History, Rules) {
    let (first, changed) = (vote(100, VOTER, 1, 1), vote(101, VOTER, 2, -1));
    let other = vote(102, OTHER, 1, 1);
    let mut rejected = vote(103, VOTER, 3, 1);
    rejected.reason = Some("daily_quota_used".to_owned());
    let history = History {
        accepted: vec![
            told(&first, Direction::Up),
            told(&changed, Direction::Down),
            told(&other, Direction::Up),
            told(&rejected, Direction::Up),
        ],
        ..History::default()
    };
    let standing = |vote: &Ledger, ever_up| StandingRow {
        voter: vote.voter,
        review: vote.review,
        vote_id: vote.vote_id,
        direction: vote.direction,
        ever_up,
    };
    let books = Books {
        standings: vec![standing(&changed, true), standing(&other, true)],
        ledger: vec![first, changed, other, rejected],
        counters: vec![CounterRow {
            review: id(REVIEW),
            up: 1,
            down: 1,
            ever_up: 2,
            is_rewarded: true,
        }],
        days: [(VOTER, 2), (OTHER, 1)]
            .map(|(voter, used)| DayRow {
                voter: id(voter),
                day: DAY.to_owned(),
                used,
            })
            .to_vec(),
        authors: vec![(id(REVIEW), id(AUTHOR))],
        rewards: vec![RewardRow {
            review: id(REVIEW),
            user: id(AUTHOR),
            credit: 2,
        }],
        credits: vec![(id(AUTHOR), 2), (id(VOTER), 0), (id(OTHER), 0)],
        dead_letters: Vec::new(),
    };
    let rules = Rules {
        limits: [AUTHOR, VOTER, OTHER]
            .map(|voter| (id(voter), limit_of(voter)))
            .into(),
        reward_up_votes: 2,
        reward_credit: 2,
        lost_at: Some(lost_at()),
    };
    (books, history, rules)
}

/// What the judge says of books that `spoil` has been at.
fn judge_spoiled(spoil: impl FnOnce(&mut Books)) -> Vec<Promise> {
    judge_spoiled_both(|books, _| spoil(books))
}

/// What the judge says of books and history that `spoil` has been at.
fn judge_spoiled_both(spoil: impl FnOnce(&mut Books, &mut History)) -> Vec<Promise> {
    let (mut books, mut history, rules) = right();
    spoil(&mut books, &mut history);
    let mut found: Vec<Promise> = judge(&books, &history, &rules)
        .into_iter()
        .map(|violation| violation.promise)
        .collect();
    found.dedup();
    found
}

#[test]
fn right_books_pass() {
    let (books, history, rules) = right();
    assert_eq!(judge(&books, &history, &rules), []);
}

#[test]
fn a_counter_that_is_off_by_one_is_found() {
    let found = judge_spoiled(|books| books.counters[0].up += 1);
    assert_eq!(found, [Promise::CountersAreTrue]);
    let found = judge_spoiled(|books| books.counters[0].ever_up -= 1);
    assert_eq!(found, [Promise::CountersAreTrue]);
    let found = judge_spoiled(|books| books.counters.clear());
    assert!(found.contains(&Promise::CountersAreTrue));
}

#[test]
fn a_lost_vote_is_found() {
    let found = judge_spoiled(|books| {
        books.ledger.remove(2);
    });
    assert!(found.contains(&Promise::NothingIsLost), "{found:?}");
    // Even a rejected one, which changed nothing.
    let found = judge_spoiled(|books| {
        books.ledger.remove(3);
    });
    assert_eq!(found, [Promise::NothingIsLost]);
}

#[test]
fn a_vote_that_says_something_else_is_found() {
    let (books, mut history, rules) = right();
    history.accepted[2].direction = Direction::Down;
    let found = judge(&books, &history, &rules);
    assert_eq!(found[0].promise, Promise::NothingIsLost);
    let found = judge_spoiled(|books| books.ledger[3].reason = Some("review_not_found".to_owned()));
    assert_eq!(found, [Promise::NothingIsLost]);
}

#[test]
fn a_vote_in_the_ledger_twice_is_found() {
    let found = judge_spoiled(|books| books.ledger.push(books.ledger[2].clone()));
    assert!(found.contains(&Promise::NothingCountsTwice), "{found:?}");
}

#[test]
fn spending_twice_is_found() {
    // The rejected vote counts all the same: three votes where two are allowed.
    let found = judge_spoiled(|books| {
        books.ledger[3].reason = None;
        books.days[0].used = 3;
    });
    assert!(found.contains(&Promise::QuotaHolds), "{found:?}");
    // The sum of a day is not what was spent.
    let found = judge_spoiled(|books| books.days[0].used = 1);
    assert_eq!(found, [Promise::QuotaHolds]);
    let found = judge_spoiled(|books| books.ledger[1].cost = 0);
    assert!(found.contains(&Promise::QuotaHolds), "{found:?}");
}

#[test]
fn a_vote_that_should_not_stand_is_found() {
    let found = judge_spoiled(|books| {
        books.standings[0].vote_id = id(100);
        books.standings[0].direction = 1;
    });
    assert_eq!(found, [Promise::OneStands]);
    let found = judge_spoiled(|books| {
        books.standings.pop();
    });
    assert_eq!(found, [Promise::OneStands]);
    let found = judge_spoiled(|books| books.standings.push(books.standings[1].clone()));
    assert_eq!(found, [Promise::OneStands]);
    let found = judge_spoiled(|books| {
        books.standings.push(StandingRow {
            voter: id(AUTHOR),
            ..books.standings[1].clone()
        });
    });
    assert_eq!(found, [Promise::OneStands]);
}

#[test]
fn a_vote_on_ones_own_review_is_found() {
    let found = judge_spoiled(|books| books.authors[0].1 = id(OTHER));
    assert!(found.contains(&Promise::NoSelfVotes), "{found:?}");
    let found = judge_spoiled(|books| books.authors.clear());
    assert!(found.contains(&Promise::NoSelfVotes), "{found:?}");
}

#[test]
fn a_reward_that_is_missing_doubled_or_undeserved_is_found() {
    let spoils: [fn(&mut Books); 6] = [
        |books| books.rewards.clear(),
        |books| books.rewards.push(books.rewards[0].clone()),
        |books| books.rewards[0].user = id(OTHER),
        |books| books.rewards[0].credit = 1,
        |books| books.credits[0].1 = 4,
        |books| books.counters[0].is_rewarded = false,
    ];
    for spoil in spoils {
        assert_eq!(judge_spoiled(spoil), [Promise::RewardsAreExact]);
    }
    let (books, history, mut rules) = right();
    rules.reward_up_votes = 3;
    assert_eq!(
        judge(&books, &history, &rules)[0].promise,
        Promise::RewardsAreExact
    );
}

#[test]
fn a_dead_letter_is_found() {
    let found = judge_spoiled(|books| books.dead_letters.push(("refused".into(), "why".into())));
    assert_eq!(found, [Promise::NoDeadLetters]);
}

#[test]
fn a_vote_rejected_although_there_was_a_place_is_found() {
    let due = [Promise::RejectionsAreDue];
    // On another day the voter used nothing.
    let found = judge_spoiled(|books| books.ledger[3].day = "2026-11-23".to_owned());
    assert_eq!(found, due);
    // A vote that is taken back needs no place.
    let found = judge_spoiled_both(|books, history| {
        books.ledger[3].direction = 0;
        books.ledger[3].cost = 0;
        history.accepted[3].direction = Direction::None;
    });
    assert_eq!(found, due);
    // Somebody else used less.
    let found = judge_spoiled_both(|books, history| {
        books.ledger[3].voter = id(OTHER);
        books.ledger[3].limit = limit_of(OTHER);
        history.accepted[3].voter = id(OTHER);
    });
    assert_eq!(found, due);
}

#[test]
fn a_vote_rejected_while_redis_had_lost_nothing_is_found() {
    let due = [Promise::RejectionsAreDue];
    let before = lost_at() - TimeDelta::minutes(1);
    let found = judge_spoiled(|books| books.ledger[3].settled_at = before.timestamp_micros());
    assert_eq!(found, due);
    let (books, history, mut rules) = right();
    rules.lost_at = None;
    let found = judge(&books, &history, &rules);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].promise, due[0]);
}

#[test]
fn a_vote_held_to_another_limit_than_its_voters_is_found() {
    let found = judge_spoiled(|books| books.ledger[2].limit += 1);
    assert_eq!(found, [Promise::QuotaHolds]);
}

#[test]
fn a_vote_that_nobody_asked_for_is_found() {
    let added = [Promise::NothingIsAdded];
    // Whoever asked for the rejected vote was told nothing of it, or of another.
    let found = judge_spoiled_both(|_, history| {
        history.accepted.pop();
    });
    assert_eq!(found, added);
    for (vote_id, expected) in [
        (Some(id(103)), &[][..]),
        (None, &[][..]),
        (Some(id(999)), &added[..]),
    ] {
        let found = judge_spoiled_both(|books, history| {
            history.accepted.pop();
            history.in_doubt.push(Doubt {
                vote_id,
                ..doubt(&books.ledger[3], Direction::Up)
            });
        });
        assert_eq!(found, expected, "{vote_id:?}");
    }
}

#[test]
fn two_votes_of_one_key_are_found() {
    let key = || Some("once".to_owned());
    let own = vote_under("once", id(VOTER), "votes.reviews");
    // A 503 named one vote, and a 202 another.
    let two = |books: &mut Books, history: &mut History| {
        history.in_doubt.push(Doubt {
            key: key(),
            ..doubt(&books.ledger[3], Direction::Up)
        });
        let mut second = books.ledger[3].clone();
        second.vote_id = own;
        history.accepted[3].vote_id = own;
        history.accepted[3].key = key();
        books.ledger.push(second);
    };
    assert_eq!(judge_spoiled_both(two), [Promise::NothingIsAdded]);
    // What the 503 named was cast by a request of its own.
    let found = judge_spoiled_both(|books, history| {
        two(books, history);
        history.accepted.push(told(&books.ledger[3], Direction::Up));
    });
    assert_eq!(found, []);
    // A key that does not decide which vote it is.
    let found = judge_spoiled_both(|_, history| history.accepted[3].key = key());
    assert_eq!(found, [Promise::NothingIsAdded]);
    // Its own vote is known without any answer.
    let found = judge_spoiled_both(|books, history| {
        books.ledger[3].vote_id = own;
        history.accepted.pop();
        history.in_doubt.push(Doubt {
            key: key(),
            vote_id: None,
            ..doubt(&books.ledger[3], Direction::Up)
        });
    });
    assert_eq!(found, []);
}
