//! Voters' rows.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::review::{Base, DayUse, Direction, STANDINGS_MAX, Standing};
use vote_domain::{Seq};
use vote_domain::{ReviewId, UserId, VoteId};

use super::Conn;
use crate::StoreError;
use crate::key::{Key, keys};
use crate::rows::pairs_in;
use crate::schema::{review_standings, review_voter_days, review_voters, review_votes, reviews};
use crate::voters::Bases;

/// The most ids asked after in one statement.
const IDS_MAX: usize = 500;

/// How a direction stands in SQL.
pub(crate) fn direction_number(direction: Option<Direction>) -> i16 {
    match direction {
        Some(Direction::Up) => 1,
        Some(Direction::Down) => -1,
        None => 0,
    }
}

/// The direction that `number` stands for.
pub(crate) fn direction_of(number: i16) -> Option<Direction> {
    match number {
        1.. => Some(Direction::Up),
        0 => None,
        ..0 => Some(Direction::Down),
    }
}

/// A row's standing vote.
pub(crate) fn standing_of(seq: i64, vote_id: Key, direction: i16) -> Standing {
    Standing {
        seq: Seq(seq),
        vote_id: vote_id.into(),
        direction: direction_of(direction),
    }
}

pub(crate) async fn load_bases(
    connection: &mut Conn,
    voters: &[UserId],
    votes: &[VoteId],
    since: NaiveDate,
) -> Result<Bases, StoreError> {
    let mut bases: HashMap<UserId, Base> = voters
        .iter()
        .map(|voter| {
            let none = Base {
                complete: true,
                ..Base::default()
            };
            (*voter, none)
        })
        .collect();
    let rows: Vec<(Key, i64, i64, i64)> = review_voters::table
        .filter(review_voters::voter_id.eq_any(keys(voters)))
        .load(connection)
        .await?;
    let mut carried = Vec::new();
    for (voter, version, last_seq, n_standings) in rows {
        let Some(base) = bases.get_mut(&voter.into()) else {
            continue;
        };
        base.version = version.unsigned_abs();
        base.last_seq = Seq(last_seq);
        // Of a voter with many, none is carried: each is read when it is needed.
        base.complete = usize::try_from(n_standings).is_ok_and(|n| n <= STANDINGS_MAX);
        if base.complete {
            carried.push(voter);
        }
    }
    let days: Vec<(Key, NaiveDate, i32, i32)> = review_voter_days::table
        .filter(review_voter_days::voter_id.eq_any(keys(voters)))
        .filter(review_voter_days::day.ge(since))
        .load(connection)
        .await?;
    for (voter, day, used, limit) in days {
        if let Some(base) = bases.get_mut(&voter.into()) {
            let used = DayUse {
                used: used.unsigned_abs(),
                limit: limit.unsigned_abs(),
            };
            base.days.insert(day, used);
        }
    }
    let standings: Vec<(Key, Key, i64, Key, i16)> = review_standings::table
        .filter(review_standings::voter_id.eq_any(carried))
        .select((
            review_standings::voter_id,
            review_standings::review_id,
            review_standings::seq,
            review_standings::vote_id,
            review_standings::direction,
        ))
        .load(connection)
        .await?;
    for (voter, review, seq, vote_id, direction) in standings {
        if let Some(base) = bases.get_mut(&voter.into()) {
            let standing = standing_of(seq, vote_id, direction);
            base.standings.insert(review.into(), standing);
        }
    }
    let mut known: Vec<Key> = Vec::new();
    for votes in votes.chunks(IDS_MAX) {
        let found: Vec<Key> = review_votes::table
            .filter(review_votes::vote_id.eq_any(keys(votes)))
            .select(review_votes::vote_id)
            .load(connection)
            .await?;
        known.extend(found);
    }
    Ok(Bases {
        bases,
        known: known.into_iter().map(VoteId::from).collect(),
    })
}

pub(crate) async fn standings(
    connection: &mut Conn,
    pairs: &[(UserId, ReviewId)],
) -> Result<HashMap<(UserId, ReviewId), Standing>, StoreError> {
    let pairs: Vec<(Key, Key)> = pairs
        .iter()
        .map(|(voter, review)| ((*voter).into(), (*review).into()))
        .collect();
    let mut standings = HashMap::new();
    for pairs in pairs_in("voter_id, review_id", &pairs) {
        let rows: Vec<(Key, Key, i64, Key, i16)> = review_standings::table
            .filter(pairs)
            .select((
                review_standings::voter_id,
                review_standings::review_id,
                review_standings::seq,
                review_standings::vote_id,
                review_standings::direction,
            ))
            .load(connection)
            .await?;
        standings.extend(rows.into_iter().map(|(voter, review, seq, vote_id, direction)| {
            let standing = standing_of(seq, vote_id, direction);
            ((voter.into(), review.into()), standing)
        }));
    }
    Ok(standings)
}

pub(crate) async fn review_authors(
    connection: &mut Conn,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, UserId>, StoreError> {
    let rows: Vec<(Key, Key)> = reviews::table
        .filter(reviews::review_id.eq_any(keys(ids)))
        .filter(reviews::deleted_at.is_null())
        .select((reviews::review_id, reviews::author_id))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(review, author)| (review.into(), author.into()))
        .collect())
}
