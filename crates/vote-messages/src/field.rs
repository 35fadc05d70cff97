//! Fields that stand for something narrower than their protobuf type.

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use vote_domain::review::Direction;

use crate::proto::vote as proto;

/// A message, or a field of it, that is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed message: {0}")]
pub struct Malformed(pub String);

impl From<prost::DecodeError> for Malformed {
    fn from(error: prost::DecodeError) -> Self {
        Self(error.to_string())
    }
}

pub(crate) fn id<Id: From<Uuid>>(name: &str, bytes: &[u8]) -> Result<Id, Malformed> {
    Uuid::from_slice(bytes)
        .map(Id::from)
        .map_err(|_| Malformed(format!("{name} has {} bytes, not 16", bytes.len())))
}

pub(crate) fn id_bytes(id: Uuid) -> Bytes {
    Bytes::copy_from_slice(id.as_bytes())
}

pub(crate) fn direction(number: i32) -> Result<Option<Direction>, Malformed> {
    match proto::Direction::try_from(number) {
        Ok(proto::Direction::None) => Ok(None),
        Ok(proto::Direction::Up) => Ok(Some(Direction::Up)),
        Ok(proto::Direction::Down) => Ok(Some(Direction::Down)),
        Err(_) => Err(Malformed(format!("direction {number} is none we know"))),
    }
}

pub(crate) fn direction_number(direction: Option<Direction>) -> i32 {
    let direction = match direction {
        None => proto::Direction::None,
        Some(Direction::Up) => proto::Direction::Up,
        Some(Direction::Down) => proto::Direction::Down,
    };
    direction.into()
}

pub(crate) fn day(number: i32) -> Result<NaiveDate, Malformed> {
    NaiveDate::from_epoch_days(number)
        .ok_or_else(|| Malformed(format!("day {number} is out of range")))
}

pub(crate) fn time(micros: i64) -> Result<DateTime<Utc>, Malformed> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| Malformed(format!("time {micros} is out of range")))
}
