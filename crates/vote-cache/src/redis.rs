//! The cache in Redis: each operation is one pipeline, with one key per command.

mod connections;
mod scripts;

use std::time::Duration;

use bootstrap::settings;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_redis::redis::{Pipeline, pipe};
use vote_domain::Ids;

use crate::cache::Exchange;
use crate::counter::Newer;
use crate::{CacheError, Keep};

use connections::Connections;
use scripts::{EXCHANGE, GET_WITH_TIME, PUT_NEWER, SCRIPTS};

/// Cheap to clone; clones share the connections.
#[derive(Clone)]
pub(crate) struct Redis {
    connections: Connections,
}

impl Redis {
    pub(crate) fn start(settings: &settings::Redis, ids: &Ids) -> Result<Self, CacheError> {
        let connections = Connections::start(settings, ids)?;
        Ok(Self { connections })
    }

    pub(crate) async fn ping(&self) -> Result<(), CacheError> {
        let mut ping = pipe();
        ping.cmd("PING").ignore();
        self.connections.run(&ping).await
    }

    pub(crate) async fn time(&self) -> Result<DateTime<Utc>, CacheError> {
        let mut read = pipe();
        read.cmd("TIME");
        let ((seconds, micros),): ((i64, i64),) = self.connections.run(&read).await?;
        Ok(time_of(seconds, micros))
    }

    pub(crate) async fn get_with_time(
        &self,
        keys: &[String],
    ) -> Result<Vec<(DateTime<Utc>, Option<Bytes>)>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut reads = Pipeline::with_capacity(keys.len());
        for key in keys {
            SCRIPTS.call(&mut reads, GET_WITH_TIME, key);
        }
        let values: Vec<(i64, i64, Option<Vec<u8>>)> = self.connections.run(&reads).await?;
        Ok(values
            .into_iter()
            .map(|(seconds, micros, value)| (time_of(seconds, micros), value.map(Bytes::from)))
            .collect())
    }

    pub(crate) async fn get(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut reads = Pipeline::with_capacity(keys.len());
        for key in keys {
            reads.cmd("GET").arg(key);
        }
        let values: Vec<Option<Vec<u8>>> = self.connections.run(&reads).await?;
        Ok(values
            .into_iter()
            .map(|value| value.map(Bytes::from))
            .collect())
    }

    pub(crate) async fn exchange(&self, exchanges: &[Exchange]) -> Result<Vec<bool>, CacheError> {
        if exchanges.is_empty() {
            return Ok(Vec::new());
        }
        let mut writes = Pipeline::with_capacity(exchanges.len());
        for exchange in exchanges {
            let ttl_ms = match exchange.keep {
                Keep::ForEver => 0,
                Keep::For(ttl) => millis(ttl),
            };
            SCRIPTS
                .call(&mut writes, EXCHANGE, &exchange.key)
                .arg(exchange.expected.as_ref())
                .arg(exchange.value.as_ref())
                .arg(exchange.mark_bytes)
                .arg(ttl_ms);
        }
        self.connections.run(&writes).await
    }

    pub(crate) async fn put_newer(&self, newer: &[Newer], ttl: Duration) -> Result<(), CacheError> {
        if newer.is_empty() {
            return Ok(());
        }
        let mut writes = Pipeline::with_capacity(newer.len());
        for newer in newer {
            SCRIPTS
                .call(&mut writes, PUT_NEWER, &newer.key)
                .arg(newer.value.as_ref())
                .arg(millis(ttl))
                .ignore();
        }
        self.connections.run(&writes).await
    }

    pub(crate) async fn get_or_set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<Option<Bytes>, CacheError> {
        let mut write = pipe();
        write.cmd("SET").arg(key).arg(value).arg("NX").arg("GET");
        if let Some(ttl) = ttl {
            write.arg("PX").arg(millis(ttl));
        }
        let (old,): (Option<Vec<u8>>,) = self.connections.run(&write).await?;
        Ok(old.map(Bytes::from))
    }

    pub(crate) async fn set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
    ) -> Result<(), CacheError> {
        let mut write = pipe();
        write
            .cmd("SET")
            .arg(key)
            .arg(value)
            .arg("PX")
            .arg(millis(ttl))
            .ignore();
        self.connections.run(&write).await
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), CacheError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut writes = Pipeline::with_capacity(keys.len());
        for key in keys {
            writes.cmd("UNLINK").arg(key).ignore();
        }
        self.connections.run(&writes).await
    }
}

/// What `TIME` answers, as a moment.
fn time_of(seconds: i64, micros: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds) + TimeDelta::microseconds(micros)
}

/// A time to live as Redis takes it: whole milliseconds, at least one.
fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis())
        .unwrap_or(u64::MAX / 2)
        .max(1)
}
