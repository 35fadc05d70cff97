//! The judge is judged: books that are right pass, each kind of spoiled book is found.

use chrono::TimeDelta;

use super::super::books::LotRow;
use super::super::history::{Accepted, Doubt};
use super::*;
use crate::chaos::intents::vote_under;

const CAMPAIGN: u128 = 1;
const MEMBER: u128 = 2;
const JURY: u128 = 3;

/// A lot of the member, with 5 tickets, and one of the jury's, with 9.
const LOT: u128 = 10;
const JURY_LOT: u128 = 11;

/// The grants they come from.
const GRANT: u128 = 20;
const JURY_GRANT: u128 = 21;

const LIMITED: i64 = 0;
const FREE: i64 = 1;

/// The most tickets a day on the first channel.
const LIMIT: i64 = 4;

const DAY: &str = "2026-11-22";
const HOUR_MICROS: i64 = 3_600_000_000;
const STARTS_AT: i64 = 100 * 24 * HOUR_MICROS;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn lost_at() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(STARTS_AT).unwrap_or_default() + TimeDelta::minutes(10)
}

fn name(voter: u128) -> (String, String) {
    let kind = if voter == MEMBER { "member" } else { "jury" };
    (kind.to_owned(), format!("voter-{voter}"))
}

fn vote(vote_id: Uuid, voter: u128, channel: i64, tickets: i64) -> VoteRow {
    let lot = if voter == MEMBER { LOT } else { JURY_LOT };
    VoteRow {
        vote_id,
        voter: id(voter),
        option: 0,
        channel,
        tickets,
        seq: STARTS_AT + 1,
        day: DAY.to_owned(),
        limit: (channel == LIMITED).then_some(LIMIT),
        draws: vec![(id(lot), tickets)],
        reason: None,
        voided: false,
        forfeited: false,
        settled_at: (lost_at() + TimeDelta::minutes(1)).timestamp_micros(),
    }
}

fn keyed(key: &str, voter: u128, channel: i64, tickets: i64) -> VoteRow {
    let ballot_box = format!("votes.campaign.{}", id(CAMPAIGN));
    let vote_id = vote_under(key, id(voter), &ballot_box);
    vote(vote_id, voter, channel, tickets)
}

fn rejected(vote: VoteRow, reason: &str) -> VoteRow {
    VoteRow {
        reason: Some(reason.to_owned()),
        ..vote
    }
}

fn channel_key(channel: i64) -> String {
    let key = if channel == LIMITED { "web" } else { "app" };
    key.to_owned()
}

fn told(vote: &VoteRow, voter: u128, key: Option<&str>) -> Accepted {
    let at = lost_at();
    Accepted {
        vote_id: vote.vote_id,
        voter: name(voter),
        option: "first".to_owned(),
        channel: channel_key(vote.channel),
        tickets: vote.tickets,
        key: key.map(str::to_owned),
        asked_at: at,
        answered_at: at,
    }
}

fn doubt(vote: &VoteRow, voter: u128, key: Option<&str>, vote_id: Option<Uuid>) -> Doubt {
    Doubt {
        voter: name(voter),
        option: "first".to_owned(),
        channel: channel_key(vote.channel),
        tickets: vote.tickets,
        key: key.map(str::to_owned),
        vote_id,
    }
}

/// A member and a jury's voter spent all they may: 3 of 5 tickets under a key, and 9 of 9, 4
/// of them on the channel with a limit. After a loss of Redis each asked for 3 more, and
/// got no answer, or one that left the vote open.
fn right() -> (CampaignBooks, CampaignHistory) {
    let first = keyed("first", MEMBER, FREE, 3);
    let poor = rejected(keyed("poor", MEMBER, FREE, 3), "insufficient_tickets");
    let (free, limited) = (
        vote(id(100), JURY, FREE, 5),
        vote(id(101), JURY, LIMITED, 4),
    );
    let over = rejected(vote(id(102), JURY, LIMITED, 3), "channel_limit_reached");
    let history = CampaignHistory {
        accepted: vec![
            told(&first, MEMBER, Some("first")),
            told(&poor, MEMBER, Some("poor")),
            told(&free, JURY, None),
            told(&limited, JURY, None),
        ],
        in_doubt: vec![
            doubt(&poor, MEMBER, Some("poor"), None),
            doubt(&over, JURY, None, Some(over.vote_id)),
        ],
        ..CampaignHistory::default()
    };
    let lot = |voter, lot, grant, tickets, spent| LotRow {
        voter: id(voter),
        lot_id: id(lot),
        grant_id: Some(id(grant)),
        tickets,
        spent,
    };
    let hour = STARTS_AT / HOUR_MICROS;
    let canonical = "votes 3\noption first app 8\noption first web 4\n";
    let books = CampaignBooks {
        campaign: id(CAMPAIGN),
        progress: "final".to_owned(),
        starts_at: STARTS_AT,
        ends_at: STARTS_AT + 24 * HOUR_MICROS,
        free_daily_tickets: 0,
        channels: vec![
            (channel_key(LIMITED), Some(LIMIT)),
            (channel_key(FREE), None),
        ],
        options: vec!["first".to_owned()],
        voters: [MEMBER, JURY].map(|voter| (id(voter), name(voter))).into(),
        votes: vec![first, poor, free, limited, over],
        lots: vec![
            lot(MEMBER, LOT, GRANT, 5, 3),
            lot(JURY, JURY_LOT, JURY_GRANT, 9, 9),
        ],
        grants: vec![(id(GRANT), id(MEMBER), 5), (id(JURY_GRANT), id(JURY), 9)],
        uses: vec![(id(JURY), LIMITED, DAY.to_owned(), 4)],
        hours: vec![(hour, 0, FREE, 8), (hour, 0, LIMITED, 4)],
        days: vec![(hour / 24, 0, FREE, 8), (hour / 24, 0, LIMITED, 4)],
        totals: vec![(0, FREE, 8, 2), (0, LIMITED, 4, 1)],
        fans: vec![(0, id(MEMBER), 3), (0, id(JURY), 9)],
        result: Some((canonical.to_owned(), sha256(canonical), 3)),
        dead_letters: Vec::new(),
    };
    (books, history)
}

/// What the judge says, after a loss, of books and history that `spoil` has been at.
fn judge_spoiled(
    spoil: impl FnOnce(&mut CampaignBooks, &mut CampaignHistory),
) -> BTreeSet<CampaignPromise> {
    let (mut books, mut history) = right();
    spoil(&mut books, &mut history);
    promises(&books, &history, Closing::FinalAfterLoss(lost_at()))
}

fn promises(
    books: &CampaignBooks,
    history: &CampaignHistory,
    closing: Closing,
) -> BTreeSet<CampaignPromise> {
    let found = judge(books, history, closing).into_iter();
    found.map(|violation| violation.promise).collect()
}

#[test]
fn right_books_pass() {
    let (books, history) = right();
    assert_eq!(
        judge(&books, &history, Closing::FinalAfterLoss(lost_at())),
        []
    );
}

#[test]
fn a_vote_rejected_while_redis_had_lost_nothing_is_found() {
    let due = [CampaignPromise::RejectionsAreDue].into();
    let (books, history) = right();
    assert_eq!(promises(&books, &history, Closing::Final), due);
    for vote in [1, 4] {
        let found = judge_spoiled(|books, _| books.votes[vote].settled_at = STARTS_AT);
        assert_eq!(found, due);
    }
}

#[test]
fn a_vote_rejected_for_want_of_tickets_that_were_there_is_found() {
    // The lot has 2 tickets left.
    let found = judge_spoiled(|books, history| {
        books.votes[1].tickets = 2;
        books.votes[1].draws = vec![(id(LOT), 2)];
        history.accepted[1].tickets = 2;
        history.in_doubt[0].tickets = 2;
    });
    assert_eq!(found, [CampaignPromise::RejectionsAreDue].into());
    // Nothing was drawn from a free lot that is not there.
    let found = judge_spoiled(|books, _| books.votes[1].draws = vec![(id(99), 3)]);
    assert_eq!(found, [CampaignPromise::RejectionsAreDue].into());
    // One lot of several is enough.
    let found = judge_spoiled(|books, _| books.votes[1].draws = vec![(id(99), 0), (id(LOT), 3)]);
    assert_eq!(found, [].into());
}

#[test]
fn a_vote_rejected_for_a_channels_limit_that_was_not_reached_is_found() {
    let due = [CampaignPromise::RejectionsAreDue].into();
    let found = judge_spoiled(|books, _| books.votes[4].day = "2026-11-23".to_owned());
    assert_eq!(found, due);
    let found = judge_spoiled(|books, history| {
        books.votes[4].channel = FREE;
        books.votes[4].limit = None;
        history.in_doubt[1].channel = channel_key(FREE);
    });
    assert_eq!(found, due);
}

#[test]
fn a_vote_rejected_for_what_no_loss_explains_is_found() {
    for reason in ["campaign_not_open", "option_not_found", "dropped", "voided"] {
        let found = judge_spoiled(|books, _| books.votes[1].reason = Some(reason.to_owned()));
        assert_eq!(found, [CampaignPromise::NothingIsLost].into(), "{reason}");
    }
}

#[test]
fn a_vote_held_to_another_limit_than_its_channels_is_found() {
    for (vote, limit) in [(3, Some(LIMIT + 1)), (3, None), (2, Some(LIMIT))] {
        let found = judge_spoiled(|books, _| books.votes[vote].limit = limit);
        assert_eq!(found, [CampaignPromise::LimitsHold].into());
    }
}

#[test]
fn a_lost_vote_and_one_that_says_something_else_are_found() {
    let found = judge_spoiled(|books, _| {
        books.votes.remove(1);
    });
    assert_eq!(found, [CampaignPromise::NothingIsLost].into());
    let found = judge_spoiled(|_, history| history.accepted[2].tickets = 4);
    assert!(found.contains(&CampaignPromise::NothingIsLost), "{found:?}");
}

#[test]
fn a_vote_that_nobody_asked_for_is_found() {
    let added = [CampaignPromise::NothingIsAdded].into();
    // Nobody was told of it, and no key names it.
    let found = judge_spoiled(|_, history| history.in_doubt[1].vote_id = Some(id(999)));
    assert_eq!(found, added);
    // Without an answer it may have been cast, once.
    let found = judge_spoiled(|_, history| history.in_doubt[1].vote_id = None);
    assert_eq!(found, [].into());
    let found = judge_spoiled(|books, history| {
        history.in_doubt[1].vote_id = None;
        let again = VoteRow {
            vote_id: id(999),
            ..books.votes[4].clone()
        };
        books.votes.push(again);
    });
    assert_eq!(found, added);
    let found = judge_spoiled(|books, _| books.votes.push(books.votes[4].clone()));
    assert_eq!(found, added);
}

#[test]
fn two_votes_of_one_key_are_found() {
    let added = [CampaignPromise::NothingIsAdded].into();
    // A 503 named another vote than the 202 that came later, and both are in the ledger.
    let two = |books: &mut CampaignBooks, history: &mut CampaignHistory| {
        let other = VoteRow {
            vote_id: id(999),
            ..books.votes[1].clone()
        };
        history.in_doubt[0].vote_id = Some(other.vote_id);
        books.votes.push(other);
    };
    assert_eq!(judge_spoiled(two), added);
    // That the first was somebody else's vote is for the ledger to say.
    let found = judge_spoiled(|_, history| history.in_doubt[0].vote_id = Some(id(999)));
    assert_eq!(found, [].into());
    // Each 202 names another vote than the key does: nobody would find it again.
    let found = judge_spoiled(|books, history| {
        books.votes[1].vote_id = id(999);
        history.accepted[1].vote_id = id(999);
    });
    assert_eq!(found, added);
}
