//! The cache in Redis: each operation is one command for each of its keys, and a round
//! trip to each server concerned.

mod address;
mod cluster;
mod connections;
mod map;
mod scripts;

use std::time::Duration;

use bootstrap::settings;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_redis::redis::{Cmd, FromRedisValue, Pipeline, Value, cmd, from_redis_value};
use vote_domain::Ids;

use crate::cache::Exchange;
use crate::counter::Newer;
use crate::{CacheError, Keep};

use address::Address;
use cluster::Cluster;
use connections::{Access, Connections, unavailable};
use scripts::{EXCHANGE, PUT_NEWER, SCRIPTS};

/// Cheap to clone; clones share the connections.
#[derive(Clone)]
pub(crate) enum Redis {
    /// One server.
    Single(Connections),
    /// A Redis Cluster.
    Cluster(Cluster),
}

/// A command, and the one key it is about.
struct Request<'k> {
    key: &'k str,
    command: Cmd,
}

/// What became of one request of several.
type Answer<T> = Result<T, CacheError>;

impl Redis {
    pub(crate) fn start(settings: &settings::Redis, ids: &Ids) -> Result<Self, CacheError> {
        let url = settings.url.as_ref().ok_or(CacheError::InvalidUrl)?;
        let wait = Duration::from_millis(settings.response_timeout_ms);
        let connections = settings.connections;
        let access = move |address: Address| Access {
            url: address.url,
            name: address.name,
            connections,
            wait,
        };
        match Address::of_cluster(url.expose())? {
            Some(seeds) => Ok(Self::Cluster(Cluster::start(seeds, access, ids)?)),
            None => {
                let access = access(Address::single(url.expose()));
                Ok(Self::Single(Connections::start(access, ids)?))
            }
        }
    }

    /// Whether Redis answers; of a cluster, whether most masters do.
    pub(crate) async fn ping(&self) -> Result<(), CacheError> {
        match self {
            Self::Single(connections) => ask(connections, cmd("PING")).await.map(drop),
            Self::Cluster(cluster) => cluster.ping().await,
        }
    }

    pub(crate) async fn time(&self) -> Result<DateTime<Utc>, CacheError> {
        let time = match self {
            Self::Single(connections) => ask(connections, cmd("TIME")).await?,
            Self::Cluster(cluster) => cluster.ask_first(&cmd("TIME")).await?,
        };
        let (seconds, micros) = parse(time)?;
        Ok(time_of(seconds, micros))
    }

    /// The keys of markers that lie in every server: `key` itself, or one like it in each
    /// master of a cluster.
    pub(crate) async fn key_everywhere(&self, key: &str) -> Result<Vec<String>, CacheError> {
        match self {
            Self::Single(_) => Ok(vec![key.to_owned()]),
            Self::Cluster(cluster) => cluster.key_everywhere(key).await,
        }
    }

    /// Reads each key, then the time of the server that has it: nothing that was read is
    /// younger than its time.
    pub(crate) async fn get_with_time(
        &self,
        keys: &[String],
    ) -> Vec<Answer<(DateTime<Utc>, Option<Bytes>)>> {
        let reads = keys.iter().flat_map(|key| {
            let mut get = cmd("GET");
            get.arg(key);
            [get, cmd("TIME")].map(|command| Request { key, command })
        });
        let mut answers = self.run_each(reads.collect()).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(no_answer()));
        keys.iter()
            .map(|_| {
                let (value, time) = (next(), next());
                let value = parse::<Option<Vec<u8>>>(value?)?;
                let (seconds, micros) = parse(time?)?;
                Ok((time_of(seconds, micros), value.map(Bytes::from)))
            })
            .collect()
    }

    pub(crate) async fn get(&self, keys: &[String]) -> Vec<Answer<Option<Bytes>>> {
        let reads = keys.iter().map(|key| {
            let mut command = cmd("GET");
            command.arg(key);
            Request { key, command }
        });
        let answers = self.run_each(reads.collect()).await.into_iter();
        answers
            .map(|answer| Ok(parse::<Option<Vec<u8>>>(answer?)?.map(Bytes::from)))
            .collect()
    }

    pub(crate) async fn exchange(&self, exchanges: &[Exchange]) -> Result<Vec<bool>, CacheError> {
        let writes = exchanges.iter().map(|exchange| {
            let ttl_ms = match exchange.keep {
                Keep::ForEver => 0,
                Keep::For(ttl) => millis(ttl),
            };
            let mut command = SCRIPTS.call(EXCHANGE, &exchange.key);
            command
                .arg(exchange.expected.as_ref())
                .arg(exchange.value.as_ref())
                .arg(exchange.mark_bytes)
                .arg(ttl_ms);
            Request {
                key: &exchange.key,
                command,
            }
        });
        self.run_all(writes.collect()).await
    }

    pub(crate) async fn put_newer(&self, newer: &[Newer], ttl: Duration) -> Result<(), CacheError> {
        let writes = newer.iter().map(|newer| {
            let mut command = SCRIPTS.call(PUT_NEWER, &newer.key);
            command.arg(newer.value.as_ref()).arg(millis(ttl));
            Request {
                key: &newer.key,
                command,
            }
        });
        self.run_all::<Value>(writes.collect()).await.map(drop)
    }

    pub(crate) async fn get_or_set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<Option<Bytes>, CacheError> {
        let mut command = cmd("SET");
        command.arg(key).arg(value).arg("NX").arg("GET");
        if let Some(ttl) = ttl {
            command.arg("PX").arg(millis(ttl));
        }
        let mut old = self.run_all(vec![Request { key, command }]).await?;
        let old: Option<Vec<u8>> = old.pop().flatten();
        Ok(old.map(Bytes::from))
    }

    pub(crate) async fn set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
    ) -> Result<(), CacheError> {
        let mut command = cmd("SET");
        command.arg(key).arg(value).arg("PX").arg(millis(ttl));
        let write = vec![Request { key, command }];
        self.run_all::<Value>(write).await.map(drop)
    }

    pub(crate) async fn delete(&self, keys: &[String]) -> Result<(), CacheError> {
        let writes = keys.iter().map(|key| {
            let mut command = cmd("UNLINK");
            command.arg(key);
            Request { key, command }
        });
        self.run_all::<Value>(writes.collect()).await.map(drop)
    }

    /// Answers all, or fails if one fails; the others were carried out all the same.
    async fn run_all<T: FromRedisValue>(
        &self,
        requests: Vec<Request<'_>>,
    ) -> Result<Vec<T>, CacheError> {
        let answers = self.run_each(requests).await.into_iter();
        answers.map(|answer| parse(answer?)).collect()
    }

    /// Answers each for itself, in their order.
    async fn run_each(&self, requests: Vec<Request<'_>>) -> Vec<Answer<Value>> {
        if requests.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Single(connections) => {
                let n = requests.len();
                let mut pipeline = pipeline_of(n);
                for request in requests {
                    pipeline.add_command(request.command);
                }
                match connections.run(&pipeline).await {
                    Ok(answers) => answers.into_iter().map(value_of).collect(),
                    Err(error) => vec![Err(error); n],
                }
            }
            Self::Cluster(cluster) => cluster.run_each(&requests).await,
        }
    }
}

/// An empty pipeline whose answers may be errors.
fn pipeline_of(n: usize) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(n);
    pipeline.ignore_errors();
    pipeline
}

/// Sends one command to one server.
async fn ask(connections: &Connections, command: Cmd) -> Answer<Value> {
    let mut pipeline = pipeline_of(1);
    pipeline.add_command(command);
    let mut answers = connections.run(&pipeline).await?;
    value_of(answers.pop().ok_or_else(no_answer)?)
}

fn no_answer() -> CacheError {
    CacheError::Unavailable("no answer".to_owned())
}

fn value_of(answer: Value) -> Answer<Value> {
    answer.extract_error().map_err(|error| unavailable(&error))
}

fn parse<T: FromRedisValue>(answer: Value) -> Answer<T> {
    from_redis_value(answer).map_err(|error| CacheError::Unavailable(error.to_string()))
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
