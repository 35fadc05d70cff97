//! The transaction that settles a batch. Rows are locked in one order everywhere: voters
//! by key, then reviews' counters by key, then authors.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::review::{Counts, DayUse, ReviewVote, Rows, Settlement, StandingRow, merge, Touched};
use vote_domain::voter_state::{Settled};
use vote_domain::{Outcome, Seq};
use vote_domain::{ReviewId, UserId, VoteId};

use super::Conn;
use super::voters::{direction_number, standing_of};
use crate::StoreError;
use crate::key::{Key, Moment, keys};
use crate::rows::{OnDuplicate, Value, Write, pairs_in};
use crate::schema::{
    review_counters, review_standings, review_voter_days, review_voters, review_votes, reviews,
    rewards, users,
};
use crate::settle::{RewardPolicy, SettledBatch};

/// Creates the voters' rows, or locks those that are there.
const LOCK_VOTERS: Write = Write {
    table: "review_voters",
    upsert_key: "voter_id",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("version", OnDuplicate::Increment),
        ("last_seq", OnDuplicate::Max),
        ("n_standings", OnDuplicate::Keep),
    ],
};

const ADD_STANDINGS: Write = Write {
    table: "review_voters",
    upsert_key: "voter_id",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("version", OnDuplicate::Keep),
        ("last_seq", OnDuplicate::Keep),
        ("n_standings", OnDuplicate::Add),
    ],
};

const LEDGER: Write = Write {
    table: "review_votes",
    upsert_key: "",
    columns: &[
        ("vote_id", OnDuplicate::Keep),
        ("voter_id", OnDuplicate::Keep),
        ("review_id", OnDuplicate::Keep),
        ("seq", OnDuplicate::Keep),
        ("direction", OnDuplicate::Keep),
        ("day", OnDuplicate::Keep),
        ("cost", OnDuplicate::Keep),
        ("day_limit", OnDuplicate::Keep),
        ("reason", OnDuplicate::Keep),
        ("settled_at", OnDuplicate::Keep),
    ],
};

const DAYS: Write = Write {
    table: "review_voter_days",
    upsert_key: "voter_id, day",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("day", OnDuplicate::Keep),
        ("used", OnDuplicate::Replace),
        ("day_limit", OnDuplicate::Replace),
    ],
};

const STANDINGS: Write = Write {
    table: "review_standings",
    upsert_key: "voter_id, review_id",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("review_id", OnDuplicate::Keep),
        ("seq", OnDuplicate::Replace),
        ("vote_id", OnDuplicate::Replace),
        ("direction", OnDuplicate::Replace),
        ("ever_up", OnDuplicate::Replace),
    ],
};

const COUNTERS: Write = Write {
    table: "review_counters",
    upsert_key: "review_id",
    columns: &[
        ("review_id", OnDuplicate::Keep),
        ("up", OnDuplicate::Add),
        ("down", OnDuplicate::Add),
        ("ever_up", OnDuplicate::Add),
        ("version", OnDuplicate::Increment),
    ],
};

async fn write<const N: usize>(
    connection: &mut Conn,
    write: &Write,
    rows: &[[Value; N]],
) -> Result<(), StoreError> {
    for statement in write.statements(rows) {
        statement.execute(connection).await?;
    }
    Ok(())
}

pub(crate) async fn settle(
    connection: &mut Conn,
    votes: &[ReviewVote],
    reward: RewardPolicy,
    now: DateTime<Utc>,
) -> Result<SettledBatch, StoreError> {
    let batch = Batch::of(votes);
    lock_voters(connection, &batch).await?;
    let mut rows = read_rows(connection, &batch).await?;
    let settlement = merge(&mut rows, votes.iter().cloned());

    insert_ledger(connection, &settlement, now).await?;
    write_days(connection, &rows, &settlement.days).await?;
    write_standings(connection, &rows, &settlement).await?;
    add_to_counters(connection, &settlement).await?;

    let (counters, due) = read_counters(connection, &batch, &settlement, reward).await?;
    pay_rewards(connection, &rows, &due, reward, now).await?;
    Ok(SettledBatch {
        voters: read_voters(connection, &batch, &rows).await?,
        outcomes: outcomes(&settlement),
        counters,
        rewarded: due,
    })
}

/// The keys of everything a batch touches, each once and in order.
struct Batch<'v> {
    votes: &'v [ReviewVote],
    voters: BTreeMap<UserId, Seq>,
    reviews: Vec<ReviewId>,
    pairs: Vec<(Key, Key)>,
    days: BTreeSet<NaiveDate>,
}

impl<'v> Batch<'v> {
    fn of(votes: &'v [ReviewVote]) -> Self {
        let mut voters = BTreeMap::<_, Seq>::new();
        for vote in votes {
            let last = voters.entry(vote.voter).or_default();
            *last = vote.seq.max(*last);
        }
        let reviews: BTreeSet<_> = votes.iter().map(|vote| vote.review).collect();
        let pairs: BTreeSet<_> = votes
            .iter()
            .map(|vote| (vote.voter.into(), vote.review.into()))
            .collect();
        Self {
            votes,
            voters,
            reviews: reviews.into_iter().collect(),
            pairs: pairs.into_iter().collect(),
            days: votes.iter().map(|vote| vote.day).collect(),
        }
    }

    fn voter_keys(&self) -> Vec<Key> {
        self.voters.keys().map(|voter| (*voter).into()).collect()
    }
}

async fn lock_voters(connection: &mut Conn, batch: &Batch<'_>) -> Result<(), StoreError> {
    let rows: Vec<_> = batch
        .voters
        .iter()
        .map(|(voter, last_seq)| {
            [
                Value::Key((*voter).into()),
                Value::Int(1),
                Value::Int(last_seq.0),
                Value::Int(0),
            ]
        })
        .collect();
    write(connection, &LOCK_VOTERS, &rows).await
}

async fn read_rows(connection: &mut Conn, batch: &Batch<'_>) -> Result<Rows, StoreError> {
    let ids: Vec<Key> = batch.votes.iter().map(|vote| vote.vote_id.into()).collect();
    let known: Vec<Key> = review_votes::table
        .filter(review_votes::vote_id.eq_any(ids))
        .select(review_votes::vote_id)
        .load(connection)
        .await?;
    let authors: Vec<(Key, Key)> = reviews::table
        .filter(reviews::review_id.eq_any(keys(&batch.reviews)))
        .select((reviews::review_id, reviews::author_id))
        .load(connection)
        .await?;
    let days: Vec<(Key, NaiveDate, i32, i32)> = review_voter_days::table
        .filter(review_voter_days::voter_id.eq_any(batch.voter_keys()))
        .filter(review_voter_days::day.eq_any(batch.days.iter().copied()))
        .load(connection)
        .await?;
    let mut standings = BTreeMap::new();
    for pairs in pairs_in("voter_id, review_id", &batch.pairs) {
        let found: Vec<(Key, Key, i64, Key, i16, bool)> = review_standings::table
            .filter(pairs)
            .load(connection)
            .await?;
        standings.extend(found.into_iter().map(
            |(voter, review, seq, vote_id, direction, ever_up)| {
                let standing = standing_of(seq, vote_id, direction);
                let row = StandingRow { standing, ever_up };
                ((voter.into(), review.into()), row)
            },
        ));
    }
    Ok(Rows {
        known: known.into_iter().map(VoteId::from).collect(),
        authors: authors
            .into_iter()
            .map(|(review, author)| (review.into(), author.into()))
            .collect(),
        days: days
            .into_iter()
            .map(|(voter, day, used, limit)| {
                let used = DayUse {
                    used: used.unsigned_abs(),
                    limit: limit.unsigned_abs(),
                };
                ((voter.into(), day), used)
            })
            .collect(),
        standings,
    })
}

async fn insert_ledger(
    connection: &mut Conn,
    settlement: &Settlement,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut rows: Vec<_> = settlement
        .entries
        .iter()
        .map(|entry| {
            let vote = &entry.vote;
            [
                Value::Key(vote.vote_id.into()),
                Value::Key(vote.voter.into()),
                Value::Key(vote.review.into()),
                Value::Int(vote.seq.0),
                Value::Int(direction_number(vote.direction).into()),
                Value::Day(vote.day),
                Value::Int(vote.cost.into()),
                Value::Int(vote.limit.into()),
                Value::Text(entry.outcome.reason()),
                Value::At(now.into()),
            ]
        })
        .collect();
    rows.sort_by_key(|row| match &row[0] {
        Value::Key(key) => Some(*key),
        _ => None,
    });
    write(connection, &LEDGER, &rows).await
}

async fn write_days(
    connection: &mut Conn,
    rows: &Rows,
    changed: &BTreeSet<(UserId, NaiveDate)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = changed
        .iter()
        .filter_map(|key| {
            let used = rows.days.get(key)?;
            Some([
                Value::Key(key.0.into()),
                Value::Day(key.1),
                Value::Int(used.used.into()),
                Value::Int(used.limit.into()),
            ])
        })
        .collect();
    write(connection, &DAYS, &rows).await
}

async fn write_standings(
    connection: &mut Conn,
    rows: &Rows,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let changed: Vec<_> = settlement
        .standings
        .iter()
        .filter_map(|key| {
            let StandingRow { standing, ever_up } = rows.standings.get(key)?;
            Some([
                Value::Key(key.0.into()),
                Value::Key(key.1.into()),
                Value::Int(standing.seq.0),
                Value::Key(standing.vote_id.into()),
                Value::Int(direction_number(standing.direction).into()),
                Value::Int((*ever_up).into()),
            ])
        })
        .collect();
    write(connection, &STANDINGS, &changed).await?;
    let added: Vec<_> = settlement
        .new_standings
        .iter()
        .map(|(voter, n)| {
            [
                Value::Key((*voter).into()),
                Value::Int(0),
                Value::Int(0),
                Value::Int((*n).into()),
            ]
        })
        .collect();
    write(connection, &ADD_STANDINGS, &added).await
}

async fn add_to_counters(
    connection: &mut Conn,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let rows: Vec<_> = settlement
        .counters
        .iter()
        .map(|(review, change)| {
            [
                Value::Key((*review).into()),
                Value::Int(change.up),
                Value::Int(change.down),
                Value::Int(change.ever_up),
                Value::Int(1),
            ]
        })
        .collect();
    write(connection, &COUNTERS, &rows).await
}

/// The counters of the batch's reviews, and those reviews whose reward is due: only
/// those changed now, for their rows are locked.
async fn read_counters(
    connection: &mut Conn,
    batch: &Batch<'_>,
    settlement: &Settlement,
    reward: RewardPolicy,
) -> Result<(Vec<(ReviewId, Counts)>, Vec<ReviewId>), StoreError> {
    let found: Vec<(Key, i64, i64, i64, i64, Option<Moment>)> = review_counters::table
        .filter(review_counters::review_id.eq_any(keys(&batch.reviews)))
        .load(connection)
        .await?;
    let mut due: Vec<ReviewId> = found
        .iter()
        .filter(|(_, _, _, ever_up, _, sent_at)| {
            sent_at.is_none() && *ever_up >= reward.up_votes.into()
        })
        .map(|row| row.0.into())
        .filter(|review| settlement.counters.contains_key(review))
        .collect();
    due.sort_unstable();
    let counters = found
        .into_iter()
        .map(|(review, up, down, _, version, _)| {
            let counts = Counts {
                up: up.unsigned_abs(),
                down: down.unsigned_abs(),
                version: version.unsigned_abs(),
            };
            (review.into(), counts)
        })
        .collect();
    Ok((counters, due))
}

pub(crate) async fn counts(
    connection: &mut Conn,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, Counts>, StoreError> {
    let rows: Vec<(Key, i64, i64, i64)> = review_counters::table
        .filter(review_counters::review_id.eq_any(keys(ids)))
        .select((
            review_counters::review_id,
            review_counters::up,
            review_counters::down,
            review_counters::version,
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(review, up, down, version)| {
            let counts = Counts {
                up: up.unsigned_abs(),
                down: down.unsigned_abs(),
                version: version.unsigned_abs(),
            };
            (review.into(), counts)
        })
        .collect())
}

async fn pay_rewards(
    connection: &mut Conn,
    rows: &Rows,
    due: &[ReviewId],
    reward: RewardPolicy,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut paid: Vec<(UserId, ReviewId)> = due
        .iter()
        .filter_map(|review| Some((*rows.authors.get(review)?, *review)))
        .collect();
    paid.sort_unstable();
    for (author, review) in paid {
        let (author, review) = (Key::from(author), Key::from(review));
        diesel::insert_into(rewards::table)
            .values((
                rewards::review_id.eq(review),
                rewards::user_id.eq(author),
                rewards::credit.eq(i64::from(reward.credit)),
                rewards::created_at.eq(Moment(now)),
            ))
            .execute(connection)
            .await?;
        diesel::update(review_counters::table.filter(review_counters::review_id.eq(review)))
            .set(review_counters::reward_sent_at.eq(Some(Moment(now))))
            .execute(connection)
            .await?;
        diesel::update(users::table.filter(users::user_id.eq(author)))
            .set(users::credit.eq(users::credit + i64::from(reward.credit)))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Every voter of the batch as they are now, for the voters' states.
async fn read_voters(
    connection: &mut Conn,
    batch: &Batch<'_>,
    rows: &Rows,
) -> Result<Vec<(UserId, Settled<Touched>)>, StoreError> {
    let found: Vec<(Key, i64, i64)> = review_voters::table
        .filter(review_voters::voter_id.eq_any(batch.voter_keys()))
        .select((
            review_voters::voter_id,
            review_voters::version,
            review_voters::last_seq,
        ))
        .load(connection)
        .await?;
    let mut voters: HashMap<UserId, Settled<Touched>> = found
        .into_iter()
        .map(|(voter, version, last_seq)| {
            let settled = Settled {
                version: version.unsigned_abs(),
                last_seq: Seq(last_seq),
                touched: Touched::default(),
                votes: Vec::new(),
            };
            (voter.into(), settled)
        })
        .collect();
    for ((voter, day), used) in &rows.days {
        if let Some(settled) = voters.get_mut(voter) {
            settled.touched.days.push((*day, *used));
        }
    }
    for ((voter, review), row) in &rows.standings {
        if let Some(settled) = voters.get_mut(voter) {
            settled.touched.standings.push((*review, row.standing));
        }
    }
    let mut seen = HashSet::new();
    for vote in batch.votes {
        if let Some(settled) = voters.get_mut(&vote.voter)
            && seen.insert(vote.vote_id)
        {
            settled.votes.push(vote.vote_id);
        }
    }
    let mut voters: Vec<_> = voters.into_iter().collect();
    voters.sort_unstable_by_key(|(voter, _)| *voter);
    Ok(voters)
}

fn outcomes(settlement: &Settlement) -> Vec<(VoteId, Outcome)> {
    settlement
        .entries
        .iter()
        .map(|entry| (entry.vote.vote_id, entry.outcome))
        .collect()
}
