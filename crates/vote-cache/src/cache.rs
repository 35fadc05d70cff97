//! The two adapters behind one type, and the few operations that both offer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bootstrap::settings;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use vote_domain::{Clock, Ids};

use crate::counter::Newer;
use crate::key::Keys;
use crate::memory::Memory;
use crate::redis::Redis;
use crate::{CacheError, Keep};

/// Voter states, counters, entries and heartbeats, in Redis or in memory. Cheap to
/// clone; clones share everything.
#[derive(Clone)]
pub struct Cache {
    adapter: Adapter,
    pub(crate) keys: Keys,
    pub(crate) ids: Ids,
    jitter_percent: u32,
    /// Counts invalidations made here, for loads that go on while Redis is away.
    invalidations: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Adapter {
    Redis(Redis),
    Memory(Memory),
}

/// Replaces a value that begins with `expected` by `value`; an empty `expected` asks
/// that there be none.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) key: String,
    pub(crate) expected: Bytes,
    pub(crate) value: Bytes,
    /// How many of the first bytes of `value` nobody else writes: where these lie
    /// already, this exchange was done before, and is not a failure.
    pub(crate) mark_bytes: usize,
    pub(crate) keep: Keep,
}

impl Cache {
    /// A cache in the Redis that `redis` names. Connects in the background and for ever
    /// again; until then calls fail with [`CacheError::Unavailable`]. Lifetimes stray by
    /// `jitter_percent` either way, drawn from `ids`. Call it within a tokio runtime
    /// that outlives the cache.
    ///
    /// # Errors
    /// [`CacheError::InvalidUrl`] when `redis.url` is not set or is none.
    pub fn redis(
        redis: &settings::Redis,
        jitter_percent: u32,
        ids: Ids,
    ) -> Result<Self, CacheError> {
        let adapter = Adapter::Redis(Redis::start(redis, &ids)?);
        Ok(Self::new(adapter, &redis.key_prefix, jitter_percent, ids))
    }

    /// A cache in this process' memory, which ends with it. Its time is `clock`'s.
    #[must_use]
    pub fn memory(clock: Clock, jitter_percent: u32, ids: Ids) -> Self {
        let adapter = Adapter::Memory(Memory::new(clock));
        Self::new(adapter, "tally", jitter_percent, ids)
    }

    fn new(adapter: Adapter, prefix: &str, jitter_percent: u32, ids: Ids) -> Self {
        Self {
            adapter,
            keys: Keys::new(prefix),
            ids,
            jitter_percent: jitter_percent.min(100),
            invalidations: Arc::default(),
        }
    }

    /// Whether the cache answers.
    ///
    /// # Errors
    /// [`CacheError`] says why not.
    pub async fn health(&self) -> Result<(), CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.ping().await,
            Adapter::Memory(_) => Ok(()),
        }
    }

    /// `ttl`, give or take the jitter; at least a millisecond.
    pub(crate) fn jittered(&self, ttl: Duration) -> Duration {
        let draw = u32::from_be_bytes(self.ids.bytes());
        let share = f64::from(draw) / f64::from(u32::MAX) * 2.0 - 1.0;
        let factor = 1.0 + share * f64::from(self.jitter_percent) / 100.0;
        ttl.mul_f64(factor).max(Duration::from_millis(1))
    }

    pub(crate) fn note_invalidation(&self) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn n_invalidations(&self) -> u64 {
        self.invalidations.load(Ordering::SeqCst)
    }

    pub(crate) async fn time(&self) -> Result<DateTime<Utc>, CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.time().await,
            Adapter::Memory(memory) => Ok(memory.time()),
        }
    }

    /// Values, each with the time at which it was read. One may fail without the others.
    pub(crate) async fn get_with_time(
        &self,
        keys: &[String],
    ) -> Vec<Result<(DateTime<Utc>, Option<Bytes>), CacheError>> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.get_with_time(keys).await,
            Adapter::Memory(memory) => memory.get_with_time(keys).into_iter().map(Ok).collect(),
        }
    }

    /// Values. One may fail without the others.
    pub(crate) async fn get_values(
        &self,
        keys: &[String],
    ) -> Vec<Result<Option<Bytes>, CacheError>> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.get(keys).await,
            Adapter::Memory(memory) => memory.get(keys).into_iter().map(Ok).collect(),
        }
    }

    /// The value of `key`.
    pub(crate) async fn get_value(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let mut values = self.get_values(&[key.to_owned()]).await;
        values.pop().unwrap_or(Ok(None))
    }

    /// The keys of markers that lie in everything that can be lost on its own.
    pub(crate) async fn key_everywhere(&self, key: &str) -> Result<Vec<String>, CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.key_everywhere(key).await,
            Adapter::Memory(_) => Ok(vec![key.to_owned()]),
        }
    }

    /// Which of the exchanges were done.
    pub(crate) async fn exchange(&self, exchanges: Vec<Exchange>) -> Result<Vec<bool>, CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.exchange(&exchanges).await,
            Adapter::Memory(memory) => Ok(memory.exchange(exchanges)),
        }
    }

    pub(crate) async fn put_newer(
        &self,
        newer: Vec<Newer>,
        ttl: Duration,
    ) -> Result<(), CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.put_newer(&newer, ttl).await,
            Adapter::Memory(memory) => {
                memory.put_newer(newer, ttl);
                Ok(())
            }
        }
    }

    /// The value that lies there, or else none, and `value` lies there now.
    pub(crate) async fn get_or_set(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<Option<Bytes>, CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.get_or_set(key, &value, ttl).await,
            Adapter::Memory(memory) => Ok(memory.get_or_set(key, value, ttl)),
        }
    }

    pub(crate) async fn set(
        &self,
        key: &str,
        value: Bytes,
        ttl: Duration,
    ) -> Result<(), CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.set(key, &value, ttl).await,
            Adapter::Memory(memory) => {
                memory.set(key, value, ttl);
                Ok(())
            }
        }
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), CacheError> {
        match &self.adapter {
            Adapter::Redis(redis) => redis.delete(keys).await,
            Adapter::Memory(memory) => {
                memory.delete(keys);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_stray_within_the_jitter_and_not_all_alike() {
        let cache = Cache::memory(Clock::system(), 20, Ids::seeded(1));
        let ttl = Duration::from_secs(100);
        let drawn: Vec<_> = (0..1_000).map(|_| cache.jittered(ttl)).collect();
        let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!(*least >= Duration::from_secs(80) && *most <= Duration::from_secs(120));
        assert!(
            *most - *least > Duration::from_secs(35),
            "{least:?} {most:?}"
        );
    }
}
