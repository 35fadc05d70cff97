//! How ids and times stand in SQL: UUIDs as 16 bytes, times as UTC without a zone.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::mysql::Mysql;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, Timestamp};
use diesel::sqlite::Sqlite;
use std::io::Write;
use uuid::Uuid;
use vote_domain::{
    CampaignId, GrantId, ItemId, LotId, PartnerId, RestaurantId, ReviewId, UserId, VoteId, VoterId,
};

/// A UUID in a `BINARY(16)` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct Key(pub(crate) Uuid);

impl ToSql<Binary, Mysql> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Binary, Sqlite> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl<DB: Backend> FromSql<Binary, DB> for Key
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

impl Key {
    /// The first key of all.
    pub(crate) const FIRST: Self = Self(Uuid::nil());

    /// The key behind this one; none behind the last.
    pub(crate) fn next(self) -> Option<Self> {
        let next = self.0.as_u128().checked_add(1)?;
        Some(Self(Uuid::from_u128(next)))
    }
}

/// Keys from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) from: Key,
    pub(crate) to: Key,
}

impl KeyRange {
    /// The keys from `from` to `last`, the last of `n_found` that at most `limit` were asked
    /// for; to the end of all keys if these were all. So slices leave no key between them.
    pub(crate) fn of(from: Key, last: Option<Key>, n_found: usize, limit: u32) -> Self {
        let to = match last {
            Some(last) if n_found as u64 >= u64::from(limit) => last,
            _ => Key(Uuid::max()),
        };
        Self { from, to }
    }

    /// Where the keys behind it begin; none if there are none.
    pub(crate) fn next(self) -> Option<Key> {
        self.to.next()
    }
}

macro_rules! from_id {
    ($($id:ty),*) => {$(
        impl From<$id> for Key {
            fn from(id: $id) -> Self {
                Self(id.0)
            }
        }
        impl From<Key> for $id {
            fn from(key: Key) -> Self {
                Self(key.0)
            }
        }
    )*};
}

from_id!(
    CampaignId,
    GrantId,
    ItemId,
    LotId,
    PartnerId,
    RestaurantId,
    ReviewId,
    UserId,
    VoteId,
    VoterId
);

impl From<Key> for Uuid {
    fn from(key: Key) -> Self {
        key.0
    }
}

impl From<Uuid> for Key {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

/// The keys of `ids`.
pub(crate) fn keys<Id: Copy + Into<Key>>(ids: &[Id]) -> Vec<Key> {
    ids.iter().map(|id| (*id).into()).collect()
}

/// A moment in a `DATETIME(6)` column, always UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamp)]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl ToSql<Timestamp, Mysql> for Moment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        ToSql::<Timestamp, Mysql>::to_sql(&self.0.naive_utc(), &mut out.reborrow())
    }
}

impl ToSql<Timestamp, Sqlite> for Moment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        // Six digits always, so that text sorts as time does.
        out.set_value(self.0.format("%F %T%.6f").to_string());
        Ok(IsNull::No)
    }
}

impl<DB: Backend> FromSql<Timestamp, DB> for Moment
where
    NaiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(NaiveDateTime::from_sql(bytes)?.and_utc()))
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl From<Moment> for DateTime<Utc> {
    fn from(moment: Moment) -> Self {
        moment.0
    }
}
