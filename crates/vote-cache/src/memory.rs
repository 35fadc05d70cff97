//! The cache in memory: what Redis does for us, for one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use vote_domain::Clock;

use crate::Keep;
use crate::cache::Exchange;
use crate::counter::Newer;

/// How many values are kept before the expired ones are first looked for.
const SWEEP_AT_LEAST: usize = 4_096;

/// Bytes of a counter's version, at the start of its value.
const VERSION_BYTES: usize = 8;

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub(crate) struct Memory {
    clock: Clock,
    values: Arc<Mutex<Values>>,
}

#[derive(Default)]
struct Values {
    by_key: HashMap<String, Value>,
    sweep_at: usize,
}

struct Value {
    bytes: Bytes,
    expires_at: Option<DateTime<Utc>>,
}

impl Memory {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            values: Arc::default(),
        }
    }

    /// The values, and the time; held only between two awaits.
    fn lock(&self) -> (MutexGuard<'_, Values>, DateTime<Utc>) {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        (values, self.clock.now())
    }

    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn get_with_time(&self, keys: &[String]) -> Vec<(DateTime<Utc>, Option<Bytes>)> {
        let (values, now) = self.lock();
        keys.iter().map(|key| (now, values.get(key, now))).collect()
    }

    pub(crate) fn get(&self, keys: &[String]) -> Vec<Option<Bytes>> {
        let (values, now) = self.lock();
        keys.iter().map(|key| values.get(key, now)).collect()
    }

    pub(crate) fn exchange(&self, exchanges: Vec<Exchange>) -> Vec<bool> {
        let (mut values, now) = self.lock();
        exchanges
            .into_iter()
            .map(|exchange| {
                let old = values.get(&exchange.key, now).unwrap_or_default();
                let mark = &exchange.value[..exchange.mark_bytes];
                if !mark.is_empty() && old.starts_with(mark) {
                    return true;
                }
                let fits = match exchange.expected.is_empty() {
                    true => old.is_empty(),
                    false => old.starts_with(&exchange.expected),
                };
                if fits {
                    let ttl = match exchange.keep {
                        Keep::ForEver => None,
                        Keep::For(ttl) => Some(ttl),
                    };
                    values.set(exchange.key, exchange.value, ttl, now);
                }
                fits
            })
            .collect()
    }

    pub(crate) fn put_newer(&self, newer: Vec<Newer>, ttl: Duration) {
        let (mut values, now) = self.lock();
        for Newer { key, value } in newer {
            let old = values.get(&key, now);
            // Versions are big-endian, so they compare as bytes.
            let version = |value: &Bytes| value.slice(..VERSION_BYTES.min(value.len()));
            if old.is_none_or(|old| version(&old) <= version(&value)) {
                values.set(key, value, Some(ttl), now);
            }
        }
    }

    pub(crate) fn get_or_set(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Option<Bytes> {
        let (mut values, now) = self.lock();
        let old = values.get(key, now);
        if old.is_none() {
            values.set(key.to_owned(), value, ttl, now);
        }
        old
    }

    pub(crate) fn set(&self, key: &str, value: Bytes, ttl: Duration) {
        let (mut values, now) = self.lock();
        values.set(key.to_owned(), value, Some(ttl), now);
    }

    pub(crate) fn delete(&self, keys: &[String]) {
        let (mut values, _) = self.lock();
        for key in keys {
            values.by_key.remove(key);
        }
    }
}

impl Values {
    fn get(&self, key: &str, now: DateTime<Utc>) -> Option<Bytes> {
        let value = self.by_key.get(key)?;
        value.lives_at(now).then(|| value.bytes.clone())
    }

    fn set(&mut self, key: String, bytes: Bytes, ttl: Option<Duration>, now: DateTime<Utc>) {
        // A time to live beyond what the calendar holds is for ever.
        let expires_at = ttl
            .and_then(|ttl| TimeDelta::from_std(ttl).ok())
            .and_then(|ttl| now.checked_add_signed(ttl));
        self.by_key.insert(key, Value { bytes, expires_at });
        if self.by_key.len() >= self.sweep_at.max(SWEEP_AT_LEAST) {
            self.by_key.retain(|_, value| value.lives_at(now));
            self.sweep_at = 2 * self.by_key.len();
        }
    }
}

impl Value {
    fn lives_at(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expired_values_do_not_pile_up() {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let memory = Memory::new(clock.clone());
        for n in 0..10 * SWEEP_AT_LEAST {
            memory.set(&format!("k{n}"), Bytes::new(), Duration::from_secs(1));
            clock.set(clock.now() + TimeDelta::milliseconds(10));
        }
        let (values, _) = memory.lock();
        assert!(
            values.by_key.len() <= SWEEP_AT_LEAST,
            "{}",
            values.by_key.len()
        );
    }
}
