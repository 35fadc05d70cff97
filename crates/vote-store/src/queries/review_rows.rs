//! The rows of review votes, as settling and voids share them. Rows are locked in one
//! order everywhere: voters by key, then what belongs to them, then reviews' counters by
//! key, then authors.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use vote_domain::review::{
    Counts, DayUse, Mark, Marks, Rows, Settlement, StandingRow, Touched, VoterMark,
};
use vote_domain::voter_state::Settled;
use vote_domain::{ReviewId, Seq, UserId, VoteId};

use super::Conn;
use super::voters::{direction_number, standing_of};
use crate::StoreError;
use crate::key::Key;
use crate::rows::{OnDuplicate, Value, Write, key_in, key_values, standings_of};
use crate::schema::{
    review_counters, review_standings, review_vote_marks, review_voter_days, review_voter_marks,
    review_voters,
};

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

const VOIDS: Write = Write {
    table: "review_voids",
    upsert_key: "",
    columns: &[
        ("vote_id", OnDuplicate::Keep),
        ("voter_id", OnDuplicate::Keep),
        ("review_id", OnDuplicate::Keep),
        ("void_id", OnDuplicate::Keep),
        ("forfeited", OnDuplicate::Keep),
        ("reason", OnDuplicate::Keep),
        ("voided_at", OnDuplicate::Keep),
    ],
};

pub(crate) async fn write<const N: usize>(
    connection: &mut Conn,
    write: &Write,
    rows: &[[Value; N]],
) -> Result<(), StoreError> {
    for statement in write.statements(rows) {
        statement.execute(connection).await?;
    }
    Ok(())
}

/// Locks the voters' rows in the order of their keys, creating missing ones; each gets a
/// new version, and at least the sequence number given.
pub(crate) async fn lock_voters(
    connection: &mut Conn,
    voters: &BTreeMap<UserId, Seq>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = voters
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

/// Voids that votes may lie under, and why each was made.
#[derive(Default)]
pub(crate) struct Voids {
    pub(crate) marks: Marks,
    reasons: HashMap<Uuid, String>,
}

impl Voids {
    pub(crate) fn of_voter(&mut self, key: (UserId, ReviewId), mark: VoterMark, reason: String) {
        self.marks.voters.entry(key).or_default().push(mark);
        self.reasons.insert(mark.mark.void_id, reason);
    }

    /// Adds a void of one vote; the first one holds.
    pub(crate) fn of_vote(&mut self, key: (VoteId, ReviewId), mark: Mark, reason: String) {
        let first = self.marks.votes.entry(key).or_insert(mark);
        *first = mark.min(*first);
        self.reasons.insert(mark.void_id, reason);
    }
}

/// A vote that is voided.
pub(crate) struct Voided {
    pub(crate) vote: VoteId,
    pub(crate) voter: UserId,
    pub(crate) review: ReviewId,
    pub(crate) mark: Mark,
}

/// The voters' rows, locked, for their states to be told; and the voids of each.
pub(crate) async fn read_voters(
    connection: &mut Conn,
    voters: &BTreeMap<UserId, Seq>,
) -> Result<(BTreeMap<UserId, Settled<Touched>>, Voids), StoreError> {
    type Columns = (Key, i64, i64, Option<MarkColumns>);
    type MarkColumns = (Key, i64, Key, i64, bool, String);
    let mut now = BTreeMap::new();
    let mut voids = Voids::default();
    let voters = key_values(voters.keys().copied());
    for voters in key_in("review_voters.voter_id", &voters) {
        let found: Vec<Columns> = review_voters::table
            .left_join(
                review_voter_marks::table
                    .on(review_voter_marks::voter_id.eq(review_voters::voter_id)),
            )
            .filter(voters)
            .select((
                review_voters::voter_id,
                review_voters::version,
                review_voters::last_seq,
                (
                    review_voter_marks::review_id,
                    review_voter_marks::up_to_seq,
                    review_voter_marks::void_id,
                    review_voter_marks::position,
                    review_voter_marks::forfeit,
                    review_voter_marks::reason,
                )
                    .nullable(),
            ))
            .load(connection)
            .await?;
        for (voter, version, last_seq, mark) in found {
            let settled = Settled {
                version: version.unsigned_abs(),
                last_seq: Seq(last_seq),
                touched: Touched::default(),
                votes: Vec::new(),
            };
            now.insert(voter.into(), settled);
            if let Some((review, up_to, void_id, position, forfeit, reason)) = mark {
                let mark = VoterMark {
                    up_to: Seq(up_to),
                    mark: mark_of(void_id, position, forfeit),
                };
                voids.of_voter((voter.into(), review.into()), mark, reason);
            }
        }
    }
    Ok((now, voids))
}

fn mark_of(void_id: Key, position: i64, forfeit: bool) -> Mark {
    Mark {
        position,
        void_id: void_id.into(),
        forfeit,
    }
}

/// Adds the voids that wait for one of `votes`.
pub(crate) async fn read_vote_marks(
    connection: &mut Conn,
    votes: &[[Value; 1]],
    voids: &mut Voids,
) -> Result<(), StoreError> {
    for votes in key_in("vote_id", votes) {
        let found: Vec<(Key, Key, Key, i64, bool, String)> = review_vote_marks::table
            .filter(votes)
            .load(connection)
            .await?;
        for (vote, review, void_id, position, forfeit, reason) in found {
            let mark = mark_of(void_id, position, forfeit);
            voids.of_vote((vote.into(), review.into()), mark, reason);
        }
    }
    Ok(())
}

/// Takes away the mark of a vote that has settled.
pub(crate) async fn forget_mark(
    connection: &mut Conn,
    vote: VoteId,
    review: ReviewId,
) -> Result<(), StoreError> {
    let mark = review_vote_marks::table
        .filter(review_vote_marks::vote_id.eq(Key::from(vote)))
        .filter(review_vote_marks::review_id.eq(Key::from(review)));
    diesel::delete(mark).execute(connection).await?;
    Ok(())
}

pub(crate) async fn insert_voids(
    connection: &mut Conn,
    voided: &[Voided],
    voids: &Voids,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = voided
        .iter()
        .map(|voided| {
            let reason = voids.reasons.get(&voided.mark.void_id);
            [
                Value::Key(voided.vote.into()),
                Value::Key(voided.voter.into()),
                Value::Key(voided.review.into()),
                Value::Key(voided.mark.void_id.into()),
                Value::Int(voided.mark.forfeit.into()),
                Value::Words(reason.cloned().unwrap_or_default()),
                Value::At(now.into()),
            ]
        })
        .collect();
    write(connection, &VOIDS, &rows).await
}

/// Reads the use of days by voters.
pub(crate) async fn read_days(
    connection: &mut Conn,
    days: &BTreeSet<(UserId, NaiveDate)>,
) -> Result<BTreeMap<(UserId, NaiveDate), DayUse>, StoreError> {
    let mut used = BTreeMap::new();
    let keys: Vec<_> = days
        .iter()
        .map(|(voter, day)| [Value::Key((*voter).into()), Value::Day(*day)])
        .collect();
    for days in key_in("voter_id, day", &keys) {
        let found: Vec<(Key, NaiveDate, i32, i32)> =
            review_voter_days::table.filter(days).load(connection).await?;
        used.extend(found.into_iter().map(|(voter, day, used, limit)| {
            let used = DayUse {
                used: used.unsigned_abs(),
                limit: limit.unsigned_abs(),
            };
            ((voter.into(), day), used)
        }));
    }
    Ok(used)
}

/// Reads what stands for each (voter, review).
pub(crate) async fn read_standings(
    connection: &mut Conn,
    pairs: &BTreeSet<(UserId, ReviewId)>,
) -> Result<BTreeMap<(UserId, ReviewId), StandingRow>, StoreError> {
    type Columns = (Key, Key, i64, Key, i16, bool);
    let keys: Vec<_> = pairs
        .iter()
        .map(|(voter, review)| [Value::Key((*voter).into()), Value::Key((*review).into())])
        .collect();
    let mut rows = BTreeMap::new();
    for standings in standings_of(&keys) {
        let found: Vec<Option<Columns>> = standings.load(connection).await?;
        for (voter, review, seq, vote_id, direction, ever_up) in found.into_iter().flatten() {
            let standing = standing_of(seq, vote_id, direction);
            let row = StandingRow { standing, ever_up };
            rows.insert((voter.into(), review.into()), row);
        }
    }
    Ok(rows)
}

/// Writes down what `settlement` changes beside the ledger, `rows` being as they are to
/// be. The counters come last: everybody wants those of a hot review.
pub(crate) async fn write_change(
    connection: &mut Conn,
    rows: &Rows,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    write_days(connection, rows, &settlement.days).await?;
    write_standings(connection, rows, settlement).await?;
    add_to_counters(connection, settlement).await
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
    let mut changed = Vec::new();
    for key in &settlement.standings {
        let (voter, review) = (Key::from(key.0), Key::from(key.1));
        match rows.standings.get(key) {
            Some(StandingRow { standing, ever_up }) => changed.push([
                Value::Key(voter),
                Value::Key(review),
                Value::Int(standing.seq.0),
                Value::Key(standing.vote_id.into()),
                Value::Int(direction_number(standing.direction).into()),
                Value::Int((*ever_up).into()),
            ]),
            // Only voids take rows away, of one voter and review at a time.
            None => {
                let row = review_standings::table
                    .filter(review_standings::voter_id.eq(voter))
                    .filter(review_standings::review_id.eq(review));
                diesel::delete(row).execute(connection).await?;
            }
        }
    }
    write(connection, &STANDINGS, &changed).await?;
    let more: Vec<_> = settlement
        .n_standings
        .iter()
        .map(|(voter, n)| {
            [
                Value::Key((*voter).into()),
                Value::Int(0),
                Value::Int(0),
                Value::Int(*n),
            ]
        })
        .collect();
    write(connection, &ADD_STANDINGS, &more).await
}

async fn add_to_counters(connection: &mut Conn, settlement: &Settlement) -> Result<(), StoreError> {
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

/// Adds to each of `voters` their days in `rows`, and what stands for each of `pairs`.
pub(crate) fn touch(
    voters: &mut BTreeMap<UserId, Settled<Touched>>,
    rows: &Rows,
    pairs: impl IntoIterator<Item = (UserId, ReviewId)>,
) {
    for ((voter, day), used) in &rows.days {
        if let Some(settled) = voters.get_mut(voter) {
            settled.touched.days.push((*day, *used));
        }
    }
    for (voter, review) in pairs {
        if let Some(settled) = voters.get_mut(&voter) {
            let row = rows.standings.get(&(voter, review));
            let standing = row.map(|row| row.standing);
            settled.touched.standings.push((review, standing));
        }
    }
}

pub(crate) async fn counts(
    connection: &mut Conn,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, Counts>, StoreError> {
    let mut counts = HashMap::new();
    for ids in key_in("review_id", &key_values(ids.iter().copied())) {
        let rows: Vec<(Key, i64, i64, i64)> = review_counters::table
            .filter(ids)
            .select((
                review_counters::review_id,
                review_counters::up,
                review_counters::down,
                review_counters::version,
            ))
            .load(connection)
            .await?;
        counts.extend(
            rows.into_iter()
                .map(|(review, up, down, version)| (review.into(), counts_of(up, down, version))),
        );
    }
    Ok(counts)
}

/// Counts as SQL has them.
pub(crate) fn counts_of(up: i64, down: i64, version: i64) -> Counts {
    Counts {
        up: up.unsigned_abs(),
        down: down.unsigned_abs(),
        version: version.unsigned_abs(),
    }
}
