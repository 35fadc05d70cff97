//! The judge is judged: books that are right pass, each kind of spoiled book is found.

use super::super::books::{CounterRow, DayRow, RewardRow, StandingRow};
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

fn vote(n: u128, voter: u128, seq: i64, direction: i64) -> Ledger {
    Ledger {
        vote_id: id(n),
        voter: id(voter),
        review: id(REVIEW),
        seq,
        direction,
        day: DAY.to_owned(),
        cost: i64::from(direction != 0),
        reason: None,
    }
}

fn told(vote: &Ledger, direction: Direction) -> Accepted {
    Accepted {
        vote_id: vote.vote_id,
        voter: vote.voter,
        review: vote.review,
        direction,
    }
}

/// A voter who voted up and changed to down, another who voted up, one rejected vote; the
/// reward fell due with the second who was ever up.
fn right() -> (Books, Vec<Accepted>, Rules) {
    let (first, changed) = (vote(100, VOTER, 1, 1), vote(101, VOTER, 2, -1));
    let other = vote(102, OTHER, 1, 1);
    let mut rejected = vote(103, VOTER, 3, 1);
    rejected.reason = Some("daily_quota_used".to_owned());
    let accepted = vec![
        told(&first, Direction::Up),
        told(&changed, Direction::Down),
        told(&other, Direction::Up),
        told(&rejected, Direction::Up),
    ];
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
        limits: HashMap::from([(id(AUTHOR), 3), (id(VOTER), 2), (id(OTHER), 3)]),
        reward_up_votes: 2,
        reward_credit: 2,
    };
    (books, accepted, rules)
}

/// What the judge says of books that `spoil` has been at.
fn judge_spoiled(spoil: impl FnOnce(&mut Books)) -> Vec<Promise> {
    let (mut books, accepted, rules) = right();
    spoil(&mut books);
    let mut found: Vec<Promise> = judge(&books, &accepted, &rules)
        .into_iter()
        .map(|violation| violation.promise)
        .collect();
    found.dedup();
    found
}

#[test]
fn right_books_pass() {
    let (books, accepted, rules) = right();
    assert_eq!(judge(&books, &accepted, &rules), []);
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
    let (books, mut accepted, rules) = right();
    accepted[2].direction = Direction::Down;
    let found = judge(&books, &accepted, &rules);
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
    let (books, accepted, mut rules) = right();
    rules.reward_up_votes = 3;
    assert_eq!(
        judge(&books, &accepted, &rules)[0].promise,
        Promise::RewardsAreExact
    );
}

#[test]
fn a_dead_letter_is_found() {
    let found = judge_spoiled(|books| books.dead_letters.push(("refused".into(), "why".into())));
    assert_eq!(found, [Promise::NoDeadLetters]);
}
