//! Rows that are of no use any more.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use crate::StoreError;
use crate::key::Moment;
use crate::retention::PURGED_MAX;
use crate::rows::{Value, key_in};
use crate::schema::{dead_letters, refresh_tokens, sessions};

const LIMIT: i64 = PURGED_MAX as i64;

fn values(keys: &[Vec<u8>]) -> Vec<[Value; 1]> {
    keys.iter().map(|key| [Value::Bytes(key.clone())]).collect()
}

pub(crate) async fn refresh_tokens(
    connection: &mut Conn,
    cutoff: DateTime<Utc>,
    after: &[u8],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = refresh_tokens::table
        .filter(refresh_tokens::token_hash.gt(after))
        .filter(refresh_tokens::expires_at.lt(Moment(cutoff)))
        .order(refresh_tokens::token_hash)
        .limit(LIMIT)
        .select(refresh_tokens::token_hash)
        .load(connection)
        .await?;
    Ok(keys)
}

pub(crate) async fn delete_refresh_tokens(
    connection: &mut Conn,
    cutoff: DateTime<Utc>,
    keys: &[Vec<u8>],
) -> Result<usize, StoreError> {
    let mut n_rows = 0;
    for keys in key_in("token_hash", &values(keys)) {
        let rows = refresh_tokens::table
            .filter(keys)
            .filter(refresh_tokens::expires_at.lt(Moment(cutoff)));
        n_rows += diesel::delete(rows).execute(connection).await?;
    }
    Ok(n_rows)
}

pub(crate) async fn sessions(
    connection: &mut Conn,
    cutoff: DateTime<Utc>,
    after: &[u8],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = sessions::table
        .left_join(refresh_tokens::table.on(refresh_tokens::session_id.eq(sessions::session_id)))
        .filter(sessions::session_id.gt(after))
        .filter(sessions::refreshed_at.lt(Moment(cutoff)))
        .filter(refresh_tokens::token_hash.is_null())
        .order(sessions::session_id)
        .limit(LIMIT)
        .select(sessions::session_id)
        .load(connection)
        .await?;
    Ok(keys)
}

/// A session without a token never gets one again, so that what was found still holds.
pub(crate) async fn delete_sessions(
    connection: &mut Conn,
    cutoff: DateTime<Utc>,
    keys: &[Vec<u8>],
) -> Result<usize, StoreError> {
    let mut n_rows = 0;
    for keys in key_in("session_id", &values(keys)) {
        let rows = sessions::table
            .filter(keys)
            .filter(sessions::refreshed_at.lt(Moment(cutoff)));
        n_rows += diesel::delete(rows).execute(connection).await?;
    }
    Ok(n_rows)
}

pub(crate) async fn dead_letters(
    connection: &mut Conn,
    cutoff: DateTime<Utc>,
    after: &[u8],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = dead_letters::table
        .filter(dead_letters::dead_letter_id.gt(after))
        .filter(dead_letters::resolved_at.lt(Moment(cutoff)))
        .order(dead_letters::dead_letter_id)
        .limit(LIMIT)
        .select(dead_letters::dead_letter_id)
        .load(connection)
        .await?;
    Ok(keys)
}

pub(crate) async fn delete_dead_letters(
    connection: &mut Conn,
    cutoff: DateTime<Utc>,
    keys: &[Vec<u8>],
) -> Result<usize, StoreError> {
    let mut n_rows = 0;
    for keys in key_in("dead_letter_id", &values(keys)) {
        let rows = dead_letters::table
            .filter(keys)
            .filter(dead_letters::resolved_at.lt(Moment(cutoff)));
        n_rows += diesel::delete(rows).execute(connection).await?;
    }
    Ok(n_rows)
}
