//! Rows of the ledger.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::review::Ballot;
use vote_domain::{Outcome, Seq};
use vote_domain::{ReviewId, UserId, VoteId};

use super::Conn;
use super::voters::direction_of;
use crate::StoreError;
use crate::key::{Key, Moment};
use crate::ledger::LedgerVote;
use crate::rows::{Value, key_in, key_values};
use crate::schema::{review_voids, review_votes};

#[derive(Queryable)]
struct Row {
    vote_id: Key,
    voter_id: Key,
    review_id: Key,
    seq: i64,
    direction: i16,
    day: NaiveDate,
    cost: i32,
    _day_limit: i32,
    reason: Option<String>,
    settled_at: Moment,
}

/// A row of the ledger, and what its void says, if there is one: whether the vote of the
/// day is forfeited, and why.
type WithVoid = (Row, Option<(bool, String)>);

fn into_vote((row, void): WithVoid) -> Result<LedgerVote, StoreError> {
    let mut vote = row.into_vote()?;
    if let Some((forfeited, reason)) = void {
        vote.outcome = Outcome::Voided;
        vote.void_reason = Some(reason);
        if !forfeited {
            vote.cost = 0;
        }
    }
    Ok(vote)
}

impl Row {
    fn into_vote(self) -> Result<LedgerVote, StoreError> {
        let outcome = Outcome::of_reason(self.reason.as_deref())
            .map_err(|error| StoreError::Refused(format!("ledger: {error}")))?;
        Ok(LedgerVote {
            vote_id: self.vote_id.into(),
            voter: self.voter_id.into(),
            ballot: Ballot {
                review: self.review_id.into(),
                direction: direction_of(self.direction),
            },
            seq: Seq(self.seq),
            day: self.day,
            cost: self.cost.unsigned_abs(),
            outcome,
            void_reason: None,
            superseded_by: None,
            settled_at: self.settled_at.into(),
        })
    }
}

pub(crate) async fn by_ids(
    connection: &mut Conn,
    votes: &[VoteId],
) -> Result<Vec<LedgerVote>, StoreError> {
    let mut rows = Vec::new();
    for votes in key_in("review_votes.vote_id", &key_values(votes.iter().copied())) {
        let found: Vec<WithVoid> = review_votes::table
            .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
            .filter(votes)
            .select((review_votes::all_columns, void_columns().nullable()))
            .load(connection)
            .await?;
        rows.extend(found);
    }
    with_successors(connection, rows).await
}

pub(crate) async fn ballots(
    connection: &mut Conn,
    votes: &[VoteId],
) -> Result<HashMap<VoteId, Ballot>, StoreError> {
    let mut ballots = HashMap::new();
    for votes in key_in("vote_id", &key_values(votes.iter().copied())) {
        let rows: Vec<(Key, Key, i16)> = review_votes::table
            .filter(votes)
            .select((
                review_votes::vote_id,
                review_votes::review_id,
                review_votes::direction,
            ))
            .load(connection)
            .await?;
        ballots.extend(rows.into_iter().map(|(vote_id, review, direction)| {
            let ballot = Ballot {
                review: review.into(),
                direction: direction_of(direction),
            };
            (vote_id.into(), ballot)
        }));
    }
    Ok(ballots)
}

pub(crate) async fn by_voter(
    connection: &mut Conn,
    voter: UserId,
    before: Option<(Seq, VoteId)>,
    limit: u32,
) -> Result<Vec<LedgerVote>, StoreError> {
    let mut query = review_votes::table
        .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
        .filter(review_votes::voter_id.eq(Key::from(voter)))
        .order((review_votes::seq.desc(), review_votes::vote_id.desc()))
        .limit(limit.into())
        .select((review_votes::all_columns, void_columns().nullable()))
        .into_boxed();
    if let Some((seq, vote_id)) = before {
        query = query.filter(
            review_votes::seq.lt(seq.0).or(review_votes::seq
                .eq(seq.0)
                .and(review_votes::vote_id.lt(Key::from(vote_id)))),
        );
    }
    let rows: Vec<WithVoid> = query.load(connection).await?;
    with_successors(connection, rows).await
}

/// What is read of a void.
fn void_columns() -> (review_voids::forfeited, review_voids::reason) {
    (review_voids::forfeited, review_voids::reason)
}

/// Adds to each counted vote the one that superseded it: the next counted one of the same
/// voter on the same review. The ledger is append-only, so this is read, not kept.
async fn with_successors(
    connection: &mut Conn,
    rows: Vec<WithVoid>,
) -> Result<Vec<LedgerVote>, StoreError> {
    let mut pairs: Vec<_> = rows
        .iter()
        .map(|(row, _)| (row.review_id, row.voter_id))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(review, voter)| [Value::Key(review), Value::Key(voter)])
        .collect();
    let mut counted: BTreeMap<(UserId, ReviewId), Vec<(Seq, VoteId)>> = BTreeMap::new();
    for pairs in key_in("review_votes.review_id, review_votes.voter_id", &pairs) {
        let found: Vec<(Key, Key, i64, Key)> = review_votes::table
            .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
            .filter(pairs)
            .filter(review_votes::reason.is_null())
            .filter(review_voids::vote_id.is_null())
            .select((
                review_votes::voter_id,
                review_votes::review_id,
                review_votes::seq,
                review_votes::vote_id,
            ))
            .load(connection)
            .await?;
        for (voter, review, seq, vote_id) in found {
            counted
                .entry((voter.into(), review.into()))
                .or_default()
                .push((Seq(seq), vote_id.into()));
        }
    }
    rows.into_iter()
        .map(|row| {
            let mut vote = into_vote(row)?;
            if vote.outcome == Outcome::Counted {
                let place = (vote.seq, vote.vote_id);
                vote.superseded_by = counted
                    .get(&(vote.voter, vote.ballot.review))
                    .and_then(|votes| votes.iter().filter(|next| **next > place).min())
                    .map(|(_, vote_id)| *vote_id);
            }
            Ok(vote)
        })
        .collect()
}
