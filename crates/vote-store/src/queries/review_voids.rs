//! Voids of votes on reviews, and their marks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use vote_domain::id::named;
use vote_domain::review::{Mark, ReviewVote, Rows, Touched, VoterMark, void};
use vote_domain::voter_state::Settled;
use vote_domain::{Outcome, ReviewId, Seq, UserId, VoteId};

use super::Conn;
use super::review_rows::{
    Voided, Voids, counts, forget_mark, insert_voids, lock_voters, read_days, read_standings,
    read_vote_marks, read_voters, touch, write_change,
};
use super::voters::{direction_of, review_authors};
use crate::StoreError;
use crate::audit::Act;
use crate::key::Key;
use crate::review_voids::{ReviewVoidOutcome, VoidedReviewVotes};
use crate::rows::key_values;
use crate::schema::{review_voids, review_vote_marks, review_voter_marks, review_votes};
use crate::voids::NewVoid;

/// The most marks applied after one look for them.
const DUE_MAX: i64 = 100;

pub(crate) async fn void_vote(
    connection: &mut Conn,
    review: ReviewId,
    vote: VoteId,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<ReviewVoidOutcome, StoreError> {
    if !is_there(connection, review).await? {
        return Ok(ReviewVoidOutcome::NoSuchReview);
    }
    let Some(found) = find(connection, vote).await? else {
        mark_vote(connection, review, vote, void, now).await?;
        return Ok(ReviewVoidOutcome::Waiting);
    };
    if found.review != review {
        return Ok(ReviewVoidOutcome::OfAnotherReview);
    }
    if let Some(outcome) = found.outside_the_count() {
        return Ok(outcome);
    }
    let mut voids = lock(connection, found.voter).await?;
    voids
        .voids
        .of_vote((vote, review), mark_of(void), void.reason.clone());
    let done = take_out(connection, found.voter, review, voids, now).await?;
    if !done.votes.contains(&vote) {
        return Ok(ReviewVoidOutcome::AlreadyVoided(found.voter));
    }
    audit_vote(connection, review, vote, void, now).await?;
    Ok(ReviewVoidOutcome::Done(done))
}

async fn is_there(connection: &mut Conn, review: ReviewId) -> Result<bool, StoreError> {
    let found = review_authors(connection, &[review]).await?;
    Ok(!found.is_empty())
}

/// A vote that the ledger knows.
struct Found {
    voter: UserId,
    review: ReviewId,
    outcome: Outcome,
    is_voided: bool,
}

impl Found {
    /// Why it cannot be taken out of the count, if it is not in it.
    fn outside_the_count(&self) -> Option<ReviewVoidOutcome> {
        match self.outcome {
            Outcome::Rejected(reason) => Some(ReviewVoidOutcome::NotCounted(reason)),
            Outcome::Voided => Some(ReviewVoidOutcome::AlreadyVoided(self.voter)),
            Outcome::Counted => self
                .is_voided
                .then_some(ReviewVoidOutcome::AlreadyVoided(self.voter)),
        }
    }
}

async fn find(connection: &mut Conn, vote: VoteId) -> Result<Option<Found>, StoreError> {
    let found: Option<(Key, Key, Option<String>, Option<Key>)> = review_votes::table
        .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
        .filter(review_votes::vote_id.eq(Key::from(vote)))
        .select((
            review_votes::voter_id,
            review_votes::review_id,
            review_votes::reason,
            review_voids::vote_id.nullable(),
        ))
        .first(connection)
        .await
        .optional()?;
    let Some((voter, review, reason, void)) = found else {
        return Ok(None);
    };
    Ok(Some(Found {
        voter: voter.into(),
        review: review.into(),
        outcome: Outcome::of_reason(reason.as_deref())
            .map_err(|error| StoreError::Refused(format!("review_votes: {error}")))?,
        is_voided: void.is_some(),
    }))
}

fn mark_of(void: &NewVoid) -> Mark {
    Mark {
        position: void.position,
        void_id: void.void_id,
        forfeit: void.forfeit,
    }
}

/// Leaves a mark for a vote that the ledger does not know; the first one stays.
async fn mark_vote(
    connection: &mut Conn,
    review: ReviewId,
    vote: VoteId,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let marked: i64 = review_vote_marks::table
        .filter(review_vote_marks::vote_id.eq(Key::from(vote)))
        .filter(review_vote_marks::review_id.eq(Key::from(review)))
        .count()
        .get_result(connection)
        .await?;
    if marked > 0 {
        return Ok(());
    }
    diesel::insert_into(review_vote_marks::table)
        .values((
            review_vote_marks::vote_id.eq(Key::from(vote)),
            review_vote_marks::review_id.eq(Key::from(review)),
            review_vote_marks::void_id.eq(Key(void.void_id)),
            review_vote_marks::position.eq(void.position),
            review_vote_marks::forfeit.eq(void.forfeit),
            review_vote_marks::reason.eq(&void.reason),
        ))
        .execute(connection)
        .await?;
    audit_vote(connection, review, vote, void, now).await
}

pub(crate) async fn void_voter(
    connection: &mut Conn,
    review: ReviewId,
    voter: UserId,
    up_to: Seq,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<ReviewVoidOutcome, StoreError> {
    if !is_there(connection, review).await? {
        return Ok(ReviewVoidOutcome::NoSuchReview);
    }
    let mut locked = lock(connection, voter).await?;
    let of_voter = locked.voids.marks.voters.get(&(voter, review));
    if of_voter.is_some_and(|marks| marks.iter().any(|there| there.up_to >= up_to)) {
        return Ok(ReviewVoidOutcome::AlreadyVoided(voter));
    }
    diesel::insert_into(review_voter_marks::table)
        .values((
            review_voter_marks::voter_id.eq(Key::from(voter)),
            review_voter_marks::review_id.eq(Key::from(review)),
            review_voter_marks::void_id.eq(Key(void.void_id)),
            review_voter_marks::up_to_seq.eq(up_to.0),
            review_voter_marks::position.eq(void.position),
            review_voter_marks::forfeit.eq(void.forfeit),
            review_voter_marks::reason.eq(&void.reason),
        ))
        .execute(connection)
        .await?;
    let subject = format!("voter:member/{voter}");
    let up_to_detail = [("up_to", json!(up_to))];
    audit(
        connection,
        "voter_voided",
        subject,
        review,
        void,
        now,
        &up_to_detail,
    )
    .await?;
    let mark = VoterMark {
        up_to,
        mark: mark_of(void),
    };
    locked
        .voids
        .of_voter((voter, review), mark, void.reason.clone());
    let done = take_out(connection, voter, review, locked, now).await?;
    Ok(ReviewVoidOutcome::Done(done))
}

/// Marks whose votes the ledger knows. Nearly always there is none.
pub(crate) async fn due(connection: &mut Conn) -> Result<Vec<(VoteId, ReviewId)>, StoreError> {
    let found: Vec<(Key, Key)> = review_vote_marks::table
        .inner_join(
            review_votes::table.on(review_votes::vote_id
                .eq(review_vote_marks::vote_id)
                .and(review_votes::review_id.eq(review_vote_marks::review_id))),
        )
        .order(review_vote_marks::vote_id)
        .limit(DUE_MAX)
        .select((review_vote_marks::vote_id, review_vote_marks::review_id))
        .load(connection)
        .await?;
    Ok(found
        .into_iter()
        .map(|(vote, review)| (vote.into(), review.into()))
        .collect())
}

/// Carries out the void that `vote` lies under, if the ledger knows it, and takes the mark
/// away.
pub(crate) async fn apply_vote_mark(
    connection: &mut Conn,
    vote: VoteId,
    review: ReviewId,
    now: DateTime<Utc>,
) -> Result<ReviewVoidOutcome, StoreError> {
    let Some(found) = find(connection, vote).await? else {
        return Ok(ReviewVoidOutcome::Waiting);
    };
    if found.review != review {
        return Ok(ReviewVoidOutcome::OfAnotherReview);
    }
    if let Some(outcome) = found.outside_the_count() {
        forget_mark(connection, vote, review).await?;
        return Ok(outcome);
    }
    let locked = lock(connection, found.voter).await?;
    let done = take_out(connection, found.voter, review, locked, now).await?;
    forget_mark(connection, vote, review).await?;
    Ok(ReviewVoidOutcome::Done(done))
}

/// A voter's row, locked, and the voids of the voter.
struct Locked {
    /// What to tell of the voter.
    told: BTreeMap<UserId, Settled<Touched>>,
    voids: Voids,
}

async fn lock(connection: &mut Conn, voter: UserId) -> Result<Locked, StoreError> {
    let voters = BTreeMap::from([(voter, Seq::default())]);
    lock_voters(connection, &voters).await?;
    let (told, voids) = read_voters(connection, &voters).await?;
    Ok(Locked { told, voids })
}

/// Takes those votes of `voter`, whose row is locked, on `review` out of the count that lie
/// under a void.
async fn take_out(
    connection: &mut Conn,
    voter: UserId,
    review: ReviewId,
    locked: Locked,
    now: DateTime<Utc>,
) -> Result<VoidedReviewVotes, StoreError> {
    let Locked {
        mut told,
        mut voids,
    } = locked;
    let counted = counted(connection, voter, review).await?;
    let ids = key_values(counted.iter().map(|vote| vote.vote_id));
    read_vote_marks(connection, &ids, &mut voids).await?;
    let days = counted.iter().map(|vote| (voter, vote.day)).collect();
    let pair = BTreeSet::from([(voter, review)]);
    let mut rows = Rows {
        days: read_days(connection, &days).await?,
        standings: read_standings(connection, &pair).await?,
        marks: voids.marks.clone(),
        ..Rows::default()
    };
    let (settlement, fallen) = void(&mut rows, &counted);
    let mut votes = Vec::with_capacity(fallen.len());
    let mut voided = Vec::with_capacity(fallen.len());
    for (vote, mark) in fallen {
        if voids.marks.votes.contains_key(&(vote, review)) {
            forget_mark(connection, vote, review).await?;
        }
        votes.push(vote);
        voided.push(Voided {
            vote,
            voter,
            review,
            mark,
        });
    }
    insert_voids(connection, &voided, &voids, now).await?;
    write_change(connection, &rows, &settlement).await?;

    touch(&mut told, &rows, [(voter, review)]);
    let Some(mut settled) = told.remove(&voter) else {
        return Err(StoreError::Refused(format!("review_voters: no {voter}")));
    };
    settled.votes.clone_from(&votes);
    Ok(VoidedReviewVotes {
        voter,
        votes,
        settled,
        counts: counts(connection, &[review]).await?.into_iter().next(),
    })
}

/// The votes of `voter` on `review` that count.
async fn counted(
    connection: &mut Conn,
    voter: UserId,
    review: ReviewId,
) -> Result<Vec<ReviewVote>, StoreError> {
    let found: Vec<(Key, i64, i16, NaiveDate, i32, i32)> = review_votes::table
        .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
        .filter(review_votes::review_id.eq(Key::from(review)))
        .filter(review_votes::voter_id.eq(Key::from(voter)))
        .filter(review_votes::reason.is_null())
        .filter(review_voids::vote_id.is_null())
        .select((
            review_votes::vote_id,
            review_votes::seq,
            review_votes::direction,
            review_votes::day,
            review_votes::cost,
            review_votes::day_limit,
        ))
        .load(connection)
        .await?;
    Ok(found
        .into_iter()
        .map(|(vote_id, seq, direction, day, cost, limit)| ReviewVote {
            vote_id: vote_id.into(),
            voter,
            review,
            direction: direction_of(direction),
            seq: Seq(seq),
            day,
            cost: cost.unsigned_abs(),
            limit: limit.unsigned_abs(),
        })
        .collect())
}

async fn audit_vote(
    connection: &mut Conn,
    review: ReviewId,
    vote: VoteId,
    void: &NewVoid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let subject = format!("vote:{vote}");
    audit(connection, "vote_voided", subject, review, void, now, &[]).await
}

async fn audit(
    connection: &mut Conn,
    action: &'static str,
    subject: String,
    review: ReviewId,
    void: &NewVoid,
    now: DateTime<Utc>,
    more: &[(&str, Json)],
) -> Result<(), StoreError> {
    let act = Act {
        audit_id: named("audit of a void", void.void_id.as_bytes()),
        at: now,
        actor: void.by.clone(),
    };
    let mut detail = json!({
        "review_id": review,
        "void_id": void.void_id,
        "reason": void.reason,
        "forfeit": void.forfeit,
    });
    for (name, value) in more {
        detail[*name] = value.clone();
    }
    let record = act.record(action, subject, detail);
    super::audit::append(connection, &[record]).await
}
