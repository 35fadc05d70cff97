//! Voters' rows.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::review::{Base, DayUse, Direction, STANDINGS_MAX, Standing};
use vote_domain::{ReviewId, Seq, UserId, VoteId};

use super::Conn;
use super::review_rows::read_standings;
use crate::StoreError;
use crate::key::Key;
use crate::rows::{key_in, key_values};
use crate::schema::{review_standings, review_voter_days, review_voters, reviews};
use crate::voters::Bases;

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
    votes: &[(UserId, VoteId)],
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
    // Whoever has no row of their own, which is locked or made first by all that writes for
    // a voter, has none anywhere.
    let (mut present, mut carried) = (BTreeSet::new(), Vec::new());
    for voters in key_in("voter_id", &key_values(voters.iter().copied())) {
        let rows: Vec<(Key, i64, i64, i64)> = review_voters::table
            .filter(voters)
            .load(connection)
            .await?;
        for (voter, version, last_seq, n_standings) in rows {
            let Some(base) = bases.get_mut(&voter.into()) else {
                continue;
            };
            present.insert(UserId::from(voter));
            base.version = version.unsigned_abs();
            base.last_seq = Seq(last_seq);
            // Of a voter with many, none is carried: each is read when it is needed.
            base.complete = usize::try_from(n_standings).is_ok_and(|n| n <= STANDINGS_MAX);
            if base.complete {
                carried.push(voter);
            }
        }
    }
    for voters in key_in("voter_id", &key_values(present.iter().copied())) {
        let days: Vec<(Key, NaiveDate, i32, i32)> = review_voter_days::table
            .filter(voters)
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
    }
    for voters in key_in("voter_id", &key_values(carried)) {
        let standings: Vec<(Key, Key, i64, Key, i16)> = review_standings::table
            .filter(voters)
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
    }
    let votes = votes.iter().filter(|(voter, _)| present.contains(voter));
    let votes: Vec<_> = votes.map(|(_, vote)| *vote).collect();
    let known = super::ledger::ballots(connection, &votes).await?;
    Ok(Bases { bases, known })
}

pub(crate) async fn standings(
    connection: &mut Conn,
    pairs: &[(UserId, ReviewId)],
) -> Result<HashMap<(UserId, ReviewId), Standing>, StoreError> {
    let pairs = pairs.iter().copied().collect();
    let rows = read_standings(connection, &pairs).await?.into_iter();
    Ok(rows.map(|(pair, row)| (pair, row.standing)).collect())
}

pub(crate) async fn review_authors(
    connection: &mut Conn,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, UserId>, StoreError> {
    let mut authors = HashMap::new();
    for ids in key_in("review_id", &key_values(ids.iter().copied())) {
        let rows: Vec<(Key, Key)> = reviews::table
            .filter(ids)
            .filter(reviews::deleted_at.is_null())
            .select((reviews::review_id, reviews::author_id))
            .load(connection)
            .await?;
        for (review, author) in rows {
            authors.insert(review.into(), author.into());
        }
    }
    Ok(authors)
}
