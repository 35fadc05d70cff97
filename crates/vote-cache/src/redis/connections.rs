//! A few connections shared by all calls. Each is multiplexed: many calls are under way
//! on it at once. A keeper task per connection makes a new one when it breaks.
//!
//! The pool makes connections, but does not lend them per call: it would ask each for a
//! sign of life first, and that is a second round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, ErrorKind, Pipeline, RedisError, RetryMethod, ServerErrorKind, Value,
    cmd,
};
use deadpool_redis::{Connection, Manager, Pool};
use metrics::counter;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use vote_domain::Ids;

use super::scripts::SCRIPTS;
use crate::CacheError;

/// Waits between attempts to connect: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(1);

/// How often an idle connection is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(5);

/// A server, and how to connect to it.
#[derive(Clone)]
pub(super) struct Access {
    /// Where it is; may hold a password.
    pub(super) url: String,
    /// `host:port`, for logs.
    pub(super) name: Arc<str>,
    /// How many connections.
    pub(super) connections: usize,
    /// Longest wait for an answer or a connection.
    pub(super) wait: Duration,
}

/// Cheap to clone. The keepers end with the last clone.
#[derive(Clone)]
pub(crate) struct Connections {
    slots: Arc<[Slot]>,
    next: Arc<AtomicUsize>,
    wait: Duration,
}

/// One connection, as the calls see it.
struct Slot {
    line: watch::Receiver<Line>,
    broken: mpsc::Sender<u64>,
}

#[derive(Clone)]
enum Line {
    /// The first attempt is under way: worth waiting for.
    Connecting,
    /// Open; the number tells this connection from the ones before it.
    Open(MultiplexedConnection, u64),
    /// The last attempt failed: not worth waiting for.
    Down(Arc<str>),
}

impl Connections {
    /// Starts to connect, in the background of this runtime.
    pub(super) fn start(access: Access, ids: &Ids) -> Result<Self, CacheError> {
        let Access {
            url,
            name,
            connections,
            wait,
        } = access;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(wait))
            .set_response_timeout(Some(wait));
        // The error would quote the URL, which may hold a password.
        let manager = Manager::new_with_config(url, config).map_err(|_| CacheError::InvalidUrl)?;
        let pool = Pool::builder(manager)
            .max_size(connections)
            .build()
            .map_err(|error| CacheError::Unavailable(error.to_string()))?;
        let slots = (0..connections.max(1)).map(|at| {
            let (line_out, line) = watch::channel(Line::Connecting);
            let (broken, broken_in) = mpsc::channel(1);
            let keeper = Keeper {
                pool: pool.clone(),
                name: Arc::clone(&name),
                line: line_out,
                broken: broken_in,
                ids: ids.clone(),
                wait,
                speaks: at == 0,
            };
            tokio::spawn(keeper.keep());
            Slot { line, broken }
        });
        Ok(Self {
            slots: slots.collect(),
            next: Arc::default(),
            wait,
        })
    }

    /// Sends `pipeline`, which ignores errors, and waits for the answers, errors among
    /// them. Where a connection turns out broken, it goes to the next one: everything this
    /// crate sends may be sent twice.
    pub(super) async fn run(&self, pipeline: &Pipeline) -> Result<Vec<Value>, CacheError> {
        let mut n_attempts = 0;
        loop {
            n_attempts += 1;
            let (mut connection, slot, number) = self.open().await?;
            let answered = pipeline.query_async::<Vec<Value>>(&mut connection).await;
            let more = n_attempts <= self.slots.len();
            let error = match answered {
                Ok(answers) if more && any(&answers, ServerErrorKind::NoScript) => {
                    // Somebody flushed the scripts.
                    let loaded = SCRIPTS.loading().query_async::<()>(&mut connection).await;
                    loaded.map_err(|error| unavailable(&error))?;
                    continue;
                }
                Ok(answers) if any(&answers, ServerErrorKind::ReadOnly) => {
                    (ServerErrorKind::ReadOnly.into(), "may not be written to").into()
                }
                Ok(answers) => return Ok(answers),
                Err(error) => error,
            };
            if is_broken(&error) {
                // A full queue has the same to say.
                let _ = slot.broken.try_send(number);
                if more && !error.is_timeout() {
                    self.until_given_up(slot, number).await;
                    continue;
                }
            }
            counter!("tally_cache_errors_total").increment(1);
            return Err(unavailable(&error));
        }
    }

    /// Waits until connection `number` is not offered any more, which takes a moment.
    async fn until_given_up(&self, slot: &Slot, number: u64) {
        let mut line = slot.line.clone();
        let given_up =
            line.wait_for(|line| !matches!(line, Line::Open(_, open) if *open == number));
        // Otherwise the next attempt may meet it again, and fails as well.
        let _ = timeout(self.wait, given_up).await;
    }

    /// An open connection; waits for one that is being made for the first time.
    async fn open(&self) -> Result<(MultiplexedConnection, &Slot, u64), CacheError> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let slots = || {
            (0..self.slots.len()).map(|at| &self.slots[first.wrapping_add(at) % self.slots.len()])
        };
        let mut reason = None;
        for slot in slots() {
            match &*slot.line.borrow() {
                Line::Open(connection, number) => return Ok((connection.clone(), slot, *number)),
                Line::Down(why) => reason = Some(Arc::clone(why)),
                Line::Connecting => {}
            }
        }
        if let Some(reason) = reason {
            return Err(CacheError::Unavailable(reason.to_string()));
        }
        let slot = &self.slots[first % self.slots.len()];
        let mut line = slot.line.clone();
        let settled = line.wait_for(|line| !matches!(line, Line::Connecting));
        let settled = match timeout(self.wait, settled).await {
            Ok(Ok(line)) => line.clone(),
            _ => Line::Connecting,
        };
        match settled {
            Line::Open(connection, number) => Ok((connection, slot, number)),
            Line::Down(reason) => Err(CacheError::Unavailable(reason.to_string())),
            Line::Connecting => Err(CacheError::Unavailable("not connected yet".to_owned())),
        }
    }
}

/// Keeps one connection open.
struct Keeper {
    pool: Pool,
    name: Arc<str>,
    line: watch::Sender<Line>,
    broken: mpsc::Receiver<u64>,
    ids: Ids,
    wait: Duration,
    /// Whether this one logs for all.
    speaks: bool,
}

impl Keeper {
    async fn keep(mut self) {
        let mut number = 0;
        let mut retry = RETRY_FIRST;
        let mut was_down = false;
        while !self.line.is_closed() {
            match self.connect().await {
                Ok(connection) => {
                    number += 1;
                    if self.speaks && was_down {
                        tracing::info!(redis = %self.name, "connected to Redis again");
                    }
                    was_down = false;
                    let opened = Instant::now();
                    self.line
                        .send_replace(Line::Open(connection.clone(), number));
                    self.until_broken(connection, number).await;
                    self.line.send_replace(Line::Connecting);
                    // One that broke at once must not be made again at once.
                    if opened.elapsed() > RETRY_LAST {
                        retry = RETRY_FIRST;
                        continue;
                    }
                }
                Err(error) => {
                    if self.speaks && !was_down {
                        tracing::warn!(redis = %self.name, %error, "no connection to Redis");
                    }
                    was_down = true;
                    self.line.send_replace(Line::Down(error.to_string().into()));
                }
            }
            let spread = f64::from(u8::from_be_bytes(self.ids.bytes())) / 255.0;
            sleep(retry.mul_f64(0.5 + spread / 2.0)).await;
            retry = (retry * 2).min(RETRY_LAST);
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, CacheError> {
        let made = timeout(self.wait, self.pool.get()).await;
        let made = made.map_err(|_| CacheError::Unavailable("no answer in time".to_owned()))?;
        let made = made.map_err(|error| CacheError::Unavailable(error.to_string()))?;
        let mut connection = Connection::take(made);
        let loaded = SCRIPTS.loading().query_async::<()>(&mut connection).await;
        loaded.map_err(|error| unavailable(&error))?;
        if self.speaks {
            warn_of_eviction(&mut connection).await;
        }
        Ok(connection)
    }

    /// Returns when a call said that connection `number` broke, when it gives no sign
    /// of life, or when nobody is left to use it.
    async fn until_broken(&mut self, mut connection: MultiplexedConnection, number: u64) {
        loop {
            tokio::select! {
                () = self.line.closed() => return,
                broken = self.broken.recv() => match broken {
                    Some(broken) if broken < number => {}
                    _ => break,
                },
                () = sleep(PING_EVERY) => {
                    let ping = cmd("PING").query_async::<()>(&mut connection).await;
                    if ping.is_err_and(|error| is_broken(&error)) {
                        break;
                    }
                }
            }
        }
        counter!("tally_cache_connections_lost_total").increment(1);
    }
}

/// Whether the connection is of no more use: it is gone, it did not answer in time, or
/// its server may not be written to any more.
fn is_broken(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || matches!(
            error.retry_method(),
            RetryMethod::Reconnect | RetryMethod::ReconnectFromInitialConnections
        )
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

fn any(answers: &[Value], kind: ServerErrorKind) -> bool {
    answers
        .iter()
        .any(|answer| matches!(answer, Value::ServerError(error) if error.kind() == Some(kind)))
}

pub(super) fn unavailable(error: &RedisError) -> CacheError {
    CacheError::Unavailable(error.to_string())
}

/// A Redis that evicts keys when it is full would forget votes in flight.
async fn warn_of_eviction(connection: &mut MultiplexedConnection) {
    let policy = cmd("CONFIG")
        .arg("GET")
        .arg("maxmemory-policy")
        .query_async::<Vec<String>>(connection)
        .await;
    // A server that does not tell is not asked again.
    if let Ok(policy) = policy
        && let Some(policy) = policy.get(1)
        && policy != "noeviction"
    {
        tracing::warn!(
            policy,
            "Redis may forget votes in flight: set maxmemory-policy noeviction"
        );
    }
}
