//! The transaction that settles a batch. In what order rows are locked is said in
//! [`review_rows`](super::review_rows).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::review::{Counts, LedgerEntry, ReviewVote, Rows, Settlement, Touched, merge};
use vote_domain::voter_state::Settled;
use vote_domain::{Outcome, ReviewId, Seq, UserId, VoteId};

use super::Conn;
use super::review_rows::{
    Voided, Voids, counts_of, forget_mark, insert_voids, lock_voters, read_days, read_standings,
    read_vote_marks, read_voters, touch, write, write_change,
};
use super::voters::direction_number;
use crate::StoreError;
use crate::key::{Key, Moment};
use crate::rows::{Locked, OnDuplicate, Value, Write, key_in, key_values};
use crate::schema::{review_counters, review_votes, reviews, rewards, users};
use crate::settle::{RewardPolicy, SettledBatch};

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

const REWARDS: Write = Write {
    table: "rewards",
    upsert_key: "",
    columns: &[
        ("review_id", OnDuplicate::Keep),
        ("user_id", OnDuplicate::Keep),
        ("credit", OnDuplicate::Keep),
        ("created_at", OnDuplicate::Keep),
    ],
};

pub(crate) async fn settle(
    connection: &mut Conn,
    votes: &[ReviewVote],
    reward: RewardPolicy,
    now: DateTime<Utc>,
) -> Result<SettledBatch, StoreError> {
    let batch = Batch::of(votes);
    lock_voters(connection, &batch.voters).await?;
    let (mut voters, mut voids) = read_voters(connection, &batch.voters).await?;
    read_vote_marks(connection, &batch.vote_keys(), &mut voids).await?;
    let mut rows = read_rows(connection, &batch, &voids).await?;
    let settlement = merge(&mut rows, votes.iter().cloned());

    insert_ledger(connection, &settlement.entries, now).await?;
    end_voids(connection, &settlement, &voids, now).await?;
    write_change(connection, &rows, &settlement).await?;

    let (counters, due) = read_counters(connection, &batch, &settlement, reward).await?;
    let rewarded = pay_rewards(connection, &rows, due, reward, now).await?;
    tell(&mut voters, &batch, &rows);
    Ok(SettledBatch {
        voters: voters.into_iter().collect(),
        outcomes: outcomes(&settlement),
        counters,
        rewarded,
    })
}

/// The keys of everything a batch touches, each once and in order.
struct Batch<'v> {
    votes: &'v [ReviewVote],
    voters: BTreeMap<UserId, Seq>,
    reviews: BTreeSet<ReviewId>,
    pairs: BTreeSet<(UserId, ReviewId)>,
    days: BTreeSet<(UserId, NaiveDate)>,
}

impl<'v> Batch<'v> {
    fn of(votes: &'v [ReviewVote]) -> Self {
        let mut voters = BTreeMap::<_, Seq>::new();
        for vote in votes {
            let last = voters.entry(vote.voter).or_default();
            *last = vote.seq.max(*last);
        }
        Self {
            votes,
            voters,
            reviews: votes.iter().map(|vote| vote.review).collect(),
            pairs: votes.iter().map(|vote| (vote.voter, vote.review)).collect(),
            days: votes.iter().map(|vote| (vote.voter, vote.day)).collect(),
        }
    }

    fn vote_keys(&self) -> Vec<[Value; 1]> {
        key_values(self.votes.iter().map(|vote| vote.vote_id))
    }

    fn review_keys(&self) -> Vec<[Value; 1]> {
        key_values(self.reviews.iter().copied())
    }
}

async fn read_rows(
    connection: &mut Conn,
    batch: &Batch<'_>,
    voids: &Voids,
) -> Result<Rows, StoreError> {
    let mut rows = Rows {
        days: read_days(connection, &batch.days).await?,
        standings: read_standings(connection, &batch.pairs).await?,
        marks: voids.marks.clone(),
        ..Rows::default()
    };
    for votes in key_in("vote_id", &batch.vote_keys()) {
        let known: Vec<Key> = review_votes::table
            .filter(votes)
            .select(review_votes::vote_id)
            .load(connection)
            .await?;
        rows.known.extend(known.into_iter().map(VoteId::from));
    }
    for reviews in key_in("review_id", &batch.review_keys()) {
        let authors: Vec<(Key, Key)> = reviews::table
            .filter(reviews)
            .select((reviews::review_id, reviews::author_id))
            .load(connection)
            .await?;
        for (review, author) in authors {
            rows.authors.insert(review.into(), author.into());
        }
    }
    Ok(rows)
}

/// Enters `entries` into the ledger.
pub(crate) async fn insert_ledger(
    connection: &mut Conn,
    entries: &[LedgerEntry],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut rows: Vec<_> = entries
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

/// Notes which votes came under a void, and takes away the marks that waited for votes.
async fn end_voids(
    connection: &mut Conn,
    settlement: &Settlement,
    voids: &Voids,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let voided: Vec<_> = settlement
        .entries
        .iter()
        .filter_map(|entry| {
            Some(Voided {
                vote: entry.vote.vote_id,
                voter: entry.vote.voter,
                review: entry.vote.review,
                mark: entry.void?,
            })
        })
        .collect();
    insert_voids(connection, &voided, voids, now).await?;
    for entry in &settlement.entries {
        let (vote, review) = (entry.vote.vote_id, entry.vote.review);
        if voids.marks.votes.contains_key(&(vote, review)) {
            forget_mark(connection, vote, review).await?;
        }
    }
    Ok(())
}

/// The counters of the batch's reviews, and those reviews whose reward is due: only
/// those changed now, for their rows are locked.
async fn read_counters(
    connection: &mut Conn,
    batch: &Batch<'_>,
    settlement: &Settlement,
    reward: RewardPolicy,
) -> Result<(Vec<(ReviewId, Counts)>, Vec<ReviewId>), StoreError> {
    type Columns = (Key, i64, i64, i64, i64, Option<Moment>);
    let mut found: Vec<Columns> = Vec::new();
    for reviews in key_in("review_id", &batch.review_keys()) {
        let counters = review_counters::table.filter(reviews);
        found.extend(counters.load::<Columns>(connection).await?);
    }
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
        .map(|(review, up, down, _, version, _)| (review.into(), counts_of(up, down, version)))
        .collect();
    Ok((counters, due))
}

/// Pays for those reviews of `due`, whose counters are locked, that nobody was paid for, and
/// answers which these are. A counter that was lost came back without the reward: where there
/// is one, only that is noted again.
async fn pay_rewards(
    connection: &mut Conn,
    rows: &Rows,
    mut due: Vec<ReviewId>,
    reward: RewardPolicy,
    now: DateTime<Utc>,
) -> Result<Vec<ReviewId>, StoreError> {
    if due.is_empty() {
        return Ok(due);
    }
    let sent = read_rewards(connection, &due).await?;
    for (review, sent_at) in &sent {
        note_rewards(connection, &[*review], *sent_at).await?;
    }
    due.retain(|review| !sent.contains_key(review));
    let paid: Vec<(ReviewId, UserId)> = due
        .iter()
        .filter_map(|review| Some((*review, *rows.authors.get(review)?)))
        .collect();
    let rewards: Vec<_> = paid
        .iter()
        .map(|(review, author)| {
            [
                Value::Key((*review).into()),
                Value::Key((*author).into()),
                Value::Int(reward.credit.into()),
                Value::At(now.into()),
            ]
        })
        .collect();
    write(connection, &REWARDS, &rewards).await?;
    let reviews: Vec<_> = paid.iter().map(|(review, _)| *review).collect();
    note_rewards(connection, &reviews, Moment(now)).await?;
    give_credit(connection, paid.iter().map(|(_, author)| *author), reward).await?;
    Ok(due)
}

/// Gives each of `authors` the credit of a reward, as often as they are named.
async fn give_credit(
    connection: &mut Conn,
    authors: impl Iterator<Item = UserId>,
    reward: RewardPolicy,
) -> Result<(), StoreError> {
    let mut n_rewards = BTreeMap::<UserId, i64>::new();
    for author in authors {
        *n_rewards.entry(author).or_default() += 1;
    }
    // All at once and by key, for they are written in groups. The credit is in no index but
    // the key's, so that the rows are found, and locked, by that.
    for authors in key_in("user_id", &key_values(n_rewards.keys().copied())) {
        let rows = users::table.filter(authors).order(users::user_id);
        Locked(rows.select(users::credit))
            .load::<i64>(connection)
            .await?;
    }
    let mut groups = BTreeMap::<i64, Vec<UserId>>::new();
    for (author, n_rewards) in n_rewards {
        groups.entry(n_rewards).or_default().push(author);
    }
    for (n_rewards, authors) in groups {
        let credit = n_rewards * i64::from(reward.credit);
        for authors in key_in("user_id", &key_values(authors)) {
            diesel::update(users::table.filter(authors))
                .set(users::credit.eq(users::credit + credit))
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

/// When the authors of those of `reviews` were rewarded that have a reward.
async fn read_rewards(
    connection: &mut Conn,
    reviews: &[ReviewId],
) -> Result<BTreeMap<ReviewId, Moment>, StoreError> {
    let mut sent = BTreeMap::new();
    for reviews in key_in("review_id", &key_values(reviews.iter().copied())) {
        let found: Vec<(Key, Moment)> = rewards::table
            .filter(reviews)
            .select((rewards::review_id, rewards::created_at))
            .load(connection)
            .await?;
        sent.extend(found.into_iter().map(|(review, at)| (review.into(), at)));
    }
    Ok(sent)
}

/// Notes that the authors of `reviews`, whose counters are locked, were rewarded at `sent_at`.
async fn note_rewards(
    connection: &mut Conn,
    reviews: &[ReviewId],
    sent_at: Moment,
) -> Result<(), StoreError> {
    for reviews in key_in("review_id", &key_values(reviews.iter().copied())) {
        diesel::update(review_counters::table.filter(reviews))
            .set(review_counters::reward_sent_at.eq(Some(sent_at)))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Adds to the voters' rows all else that their states are told.
fn tell(voters: &mut BTreeMap<UserId, Settled<Touched>>, batch: &Batch<'_>, rows: &Rows) {
    touch(voters, rows, batch.pairs.iter().copied());
    let mut seen = HashSet::new();
    for vote in batch.votes {
        if let Some(settled) = voters.get_mut(&vote.voter)
            && seen.insert(vote.vote_id)
        {
            settled.votes.push(vote.vote_id);
        }
    }
}

fn outcomes(settlement: &Settlement) -> Vec<(VoteId, Outcome)> {
    settlement
        .entries
        .iter()
        .map(|entry| (entry.vote.vote_id, entry.outcome))
        .collect()
}
