//! Dead letters, and the canary that is written before a vote is blamed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Integer;
use diesel_async::RunQueryDsl;
use vote_domain::id::named;

use super::Conn;
use crate::StoreError;
use crate::dead_letters::{DeadLetter, NewDeadLetter};
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
    _resolution: Option<String>,
}

impl From<Row> for DeadLetter {
    fn from(row: Row) -> Self {
        Self {
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
        let again = diesel::update(dead_letters::table.filter(dead_letters::dead_letter_id.eq(id)))
            .set(dead_letters::n_arrivals.eq(dead_letters::n_arrivals + 1))
            .execute(connection)
            .await?;
        if again > 0 {
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
