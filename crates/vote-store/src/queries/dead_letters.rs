//! Dead letters, and the canary that is written before a vote is blamed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Integer;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use vote_domain::id::named;

use super::Conn;
use crate::StoreError;
use crate::dead_letters::{DeadLetter, LetterFilter, LetterState, NewDeadLetter};
use crate::key::{Key, Moment};
use crate::schema::{canaries, dead_letters};

#[derive(Queryable)]
struct Row {
    dead_letter_id: Key,
    ballot_box: String,
    kind: String,
    bytes: Vec<u8>,
    reason: String,
    detail: String,
    n_arrivals: i64,
    created_at: Moment,
    resolved_at: Option<Moment>,
    resolution: Option<String>,
}

/// How a letter stands whose columns say this.
pub(crate) fn state_of(is_resolved: bool, resolution: Option<&str>) -> LetterState {
    match resolution {
        _ if !is_resolved => LetterState::Open,
        Some(replayed) if replayed == LetterState::Replayed.as_str() => LetterState::Replayed,
        _ => LetterState::Dropped,
    }
}

impl From<Row> for DeadLetter {
    fn from(row: Row) -> Self {
        Self {
            state: state_of(row.resolved_at.is_some(), row.resolution.as_deref()),
            id: row.dead_letter_id.into(),
            ballot_box: row.ballot_box,
            kind: row.kind,
            bytes: row.bytes,
            reason: row.reason,
            detail: row.detail,
            n_arrivals: row.n_arrivals.unsigned_abs(),
            created_at: row.created_at.into(),
            resolved_at: row.resolved_at.map(DateTime::from),
        }
    }
}

pub(crate) async fn keep(
    connection: &mut Conn,
    letters: &[NewDeadLetter],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for letter in letters {
        let id = Key(named(&letter.ballot_box, &letter.bytes));
        let known = dead_letters::table.filter(dead_letters::dead_letter_id.eq(id));
        let again = diesel::update(known)
            .set(dead_letters::n_arrivals.eq(dead_letters::n_arrivals + 1))
            .execute(connection)
            .await?;
        if again > 0 {
            // What was replayed in vain waits for a decision as before. What was dropped
            // stays so: its votes are in the ledger.
            let replayed = dead_letters::resolution.eq(LetterState::Replayed.as_str());
            diesel::update(known.filter(replayed))
                .set((
                    dead_letters::resolved_at.eq(None::<Moment>),
                    dead_letters::resolution.eq(None::<String>),
                ))
                .execute(connection)
                .await?;
            continue;
        }
        let detail: String = letter.detail.chars().take(1_000).collect();
        diesel::insert_into(dead_letters::table)
            .values((
                dead_letters::dead_letter_id.eq(id),
                dead_letters::ballot_box.eq(&letter.ballot_box),
                dead_letters::kind.eq(letter.kind.as_str()),
                dead_letters::bytes.eq(&letter.bytes),
                dead_letters::reason.eq(letter.reason),
                dead_letters::detail.eq(detail),
                dead_letters::n_arrivals.eq(1),
                dead_letters::created_at.eq(Moment(now)),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn open(
    connection: &mut Conn,
    ballot_box: Option<&str>,
    limit: u32,
) -> Result<Vec<DeadLetter>, StoreError> {
    let mut query = dead_letters::table
        .filter(dead_letters::resolved_at.is_null())
        .order((dead_letters::created_at, dead_letters::dead_letter_id))
        .limit(limit.into())
        .into_boxed();
    if let Some(ballot_box) = ballot_box {
        query = query.filter(dead_letters::ballot_box.eq(ballot_box));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

pub(crate) async fn page(
    connection: &mut Conn,
    filter: &LetterFilter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<DeadLetter>, StoreError> {
    let mut query = dead_letters::table
        .order((dead_letters::created_at, dead_letters::dead_letter_id))
        .limit(limit.into())
        .into_boxed();
    if let Some(ballot_box) = &filter.ballot_box {
        query = query.filter(dead_letters::ballot_box.eq(ballot_box));
    }
    if let Some(state) = filter.state {
        query = match state {
            LetterState::Open => query.filter(dead_letters::resolved_at.is_null()),
            LetterState::Replayed | LetterState::Dropped => query
                .filter(dead_letters::resolved_at.is_not_null())
                .filter(dead_letters::resolution.eq(state.as_str())),
        };
    }
    if let Some((at, id)) = after {
        query = query.filter(
            dead_letters::created_at.gt(Moment(at)).or(dead_letters::created_at
                .eq(Moment(at))
                .and(dead_letters::dead_letter_id.gt(Key(id)))),
        );
    }
    let rows: Vec<Row> = query.load(connection).await?;
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

pub(crate) async fn one(connection: &mut Conn, id: Uuid) -> Result<Option<DeadLetter>, StoreError> {
    let row: Option<Row> = dead_letters::table
        .filter(dead_letters::dead_letter_id.eq(Key(id)))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(DeadLetter::from))
}

pub(crate) async fn write_canary(
    connection: &mut Conn,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let written = diesel::update(canaries::table.filter(canaries::name.eq(name)))
        .set(canaries::written_at.eq(Moment(now)))
        .execute(connection)
        .await?;
    if written == 0 {
        diesel::insert_into(canaries::table)
            .values((canaries::name.eq(name), canaries::written_at.eq(Moment(now))))
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn ping(connection: &mut Conn) -> Result<(), StoreError> {
    diesel::select(1.into_sql::<Integer>())
        .get_result::<i32>(connection)
        .await?;
    Ok(())
}
