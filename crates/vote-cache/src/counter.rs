//! Counters by the version of their row in SQL: of two writes the newer one stands,
//! whichever comes last.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use uuid::Uuid;

use crate::{Cache, CacheError};

/// Bytes of a version.
const VERSION_BYTES: usize = 8;

/// The counters of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The thing, such as a review.
    pub id: Uuid,
    /// The version of its row in SQL.
    pub version: u64,
    /// The counts, in the caller's own form.
    pub bytes: Bytes,
}

/// A counter to put where no newer one is.
#[derive(Debug)]
pub(crate) struct Newer {
    pub(crate) key: String,
    /// The version, big-endian, then the counts.
    pub(crate) value: Bytes,
}

impl Cache {
    /// Puts counters, except where a newer version is there already, in one round trip.
    /// They stay for `ttl`, jittered; the same version again starts its time anew.
    ///
    /// # Errors
    /// [`CacheError`]: some may have been put. Safe to repeat.
    pub async fn put_counters(
        &self,
        counters: &[Counter],
        ttl: Duration,
    ) -> Result<(), CacheError> {
        let newer = counters.iter().map(|counter| {
            let mut value = BytesMut::with_capacity(VERSION_BYTES + counter.bytes.len());
            value.put_u64(counter.version);
            value.put_slice(&counter.bytes);
            Newer {
                key: self.keys.counter(counter.id),
                value: value.freeze(),
            }
        });
        self.put_newer(newer.collect(), self.jittered(ttl)).await
    }

    /// Reads counters, in the order of `ids`, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn get_counters(&self, ids: &[Uuid]) -> Result<Vec<Option<Counter>>, CacheError> {
        let names: Vec<_> = ids.iter().map(|id| self.keys.counter(*id)).collect();
        let values = self.get_values(&names).await;
        let counters = ids.iter().zip(&names).zip(values);
        counters
            .map(|((id, name), value)| value?.map(|value| parse(*id, name, value)).transpose())
            .collect()
    }
}

fn parse(id: Uuid, name: &str, mut value: Bytes) -> Result<Counter, CacheError> {
    if value.len() < VERSION_BYTES {
        return Err(CacheError::Foreign(name.to_owned()));
    }
    Ok(Counter {
        id,
        version: value.get_u64(),
        bytes: value,
    })
}
