//! Requests at a server: as many as it takes, or at a pace of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use hyper::StatusCode;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::wire::{Call, Reply, Wire};

/// Makes the requests of one client, one after the other.
pub(crate) trait Client: Send + 'static {
    /// The next request.
    fn next(&mut self) -> Call;

    /// What it is answered.
    fn told(&mut self, reply: &Reply) {
        let _ = reply;
    }
}

/// The longest latency that is told apart, in microseconds.
const LATENCY_MAX_US: u64 = 120_000_000;

/// What clients were answered.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    /// Requests answered with the status that was hoped for.
    pub(crate) n_good: u64,
    /// Requests answered in another way, or not at all.
    pub(crate) n_bad: u64,
    /// The first other answer, for whoever looks for the reason.
    pub(crate) first_bad: Option<String>,
    /// From when a request was due to its answer, in microseconds.
    pub(crate) latencies: Histogram<u64>,
    /// How long requests were made.
    pub(crate) took: Duration,
}

/// No latencies yet; they are kept in microseconds.
pub(crate) fn no_latencies() -> Histogram<u64> {
    // Unwrap safety: the bounds are constants that the histogram takes.
    #[expect(clippy::unwrap_used, reason = "see above")]
    Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).unwrap()
}

/// Keeps `latency`.
pub(crate) fn note_latency(latencies: &mut Histogram<u64>, latency: Duration) {
    let us = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US);
    latencies.saturating_record(us.max(1));
}

impl Answers {
    fn new() -> Self {
        Self {
            n_good: 0,
            n_bad: 0,
            first_bad: None,
            latencies: no_latencies(),
            took: Duration::ZERO,
        }
    }

    fn note(&mut self, reply: &Result<Reply>, good: StatusCode, latency: Duration) {
        match reply {
            Ok(reply) if reply.status == good => {
                self.n_good += 1;
                note_latency(&mut self.latencies, latency);
            }
            Ok(reply) => self.note_bad(|| {
                let body = String::from_utf8_lossy(&reply.body).into_owned();
                format!("{}: {body}", reply.status)
            }),
            Err(error) => self.note_bad(|| format!("{error:#}")),
        }
    }

    fn note_bad(&mut self, what: impl FnOnce() -> String) {
        self.n_bad += 1;
        self.first_bad.get_or_insert_with(what);
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.n_good += other.n_good;
        self.n_bad += other.n_bad;
        self.first_bad = self.first_bad.take().or(other.first_bad);
        self.latencies.add(other.latencies)?;
        Ok(())
    }

    /// Good answers a second.
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.n_good, self.took)
    }

    /// The latency that `quantile` of all good answers stayed below, in milliseconds.
    pub(crate) fn ms(&self, quantile: f64) -> f64 {
        ms(&self.latencies, quantile)
    }

    /// # Errors
    /// When some answers were not what was hoped for: then figures say nothing.
    pub(crate) fn all_good(&self) -> Result<()> {
        let n_bad = self.n_bad;
        let first = self.first_bad.as_deref().unwrap_or_default();
        ensure!(
            n_bad == 0,
            "{n_bad} requests failed, the first with {first}"
        );
        Ok(())
    }
}

/// Things a second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn per_second(n: u64, took: Duration) -> f64 {
    n as f64 / took.as_secs_f64().max(1e-9)
}

/// A quantile of latencies in microseconds, in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn ms(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1_000.0
}

/// How many of the requests that were answered well are through, and how many may not be:
/// clients wait while the rest of the system is further behind than that.
#[derive(Debug)]
pub(crate) struct Window {
    n_through: watch::Receiver<u64>,
    n_open_max: u64,
}

impl Window {
    /// Lets `n_open_max` requests be open beyond those that `n_through` says are through.
    pub(crate) fn new(n_through: watch::Receiver<u64>, n_open_max: u64) -> Self {
        Self {
            n_through,
            n_open_max,
        }
    }

    async fn wait(&self, n_good: &AtomicU64) {
        let mut n_through = self.n_through.clone();
        let is_open = |through: &u64| {
            n_good.load(Ordering::Relaxed) < through.saturating_add(self.n_open_max)
        };
        // Whoever counts is gone: nobody needs to wait.
        let _ = n_through.wait_for(is_open).await;
    }
}

/// Lets each of `clients` ask again as soon as it was answered (a closed loop), for
/// `lasting`, within `window` if there is one.
///
/// # Errors
/// When a client panics.
pub(crate) async fn as_fast_as_possible<C: Client>(
    clients: Vec<(Wire, C)>,
    lasting: Duration,
    good: StatusCode,
    window: Option<Window>,
) -> Result<Answers> {
    let began = Instant::now();
    let until = began + lasting;
    let window = Arc::new(window);
    let n_good = Arc::new(AtomicU64::new(0));
    let asking = clients.into_iter().map(|(mut wire, mut client)| {
        let (window, n_good) = (window.clone(), n_good.clone());
        tokio::spawn(async move {
            let mut answers = Answers::new();
            while Instant::now() < until {
                if let Some(window) = &*window
                    && tokio::time::timeout_at(until, window.wait(&n_good))
                        .await
                        .is_err()
                {
                    break;
                }
                let due = Instant::now();
                let reply = wire.ask(client.next()).await;
                answers.note(&reply, good, due.elapsed());
                match &reply {
                    Ok(reply) => {
                        n_good.fetch_add(u64::from(reply.status == good), Ordering::Relaxed);
                        client.told(reply);
                    }
                    Err(_) => sleep(Duration::from_millis(100)).await,
                }
            }
            answers
        })
    });
    gather(asking.collect(), began).await
}

/// Lets clients ask `rate` times a second altogether, whether the answers come or not (an
/// open loop): each of `clients` has its own requests, due at even distances, and a latency
/// counts from when its request was due, also while the one before is still unanswered.
///
/// # Errors
/// When a client panics.
pub(crate) async fn at_a_pace<C: Client>(
    clients: Vec<(Wire, C)>,
    rate: f64,
    lasting: Duration,
    good: StatusCode,
) -> Result<Answers> {
    let began = Instant::now();
    #[expect(clippy::cast_precision_loss, reason = "some hundred clients")]
    let n_clients = clients.len() as f64;
    let between = Duration::from_secs_f64(n_clients / rate);
    let asking = clients
        .into_iter()
        .zip(0_u32..)
        .map(|((mut wire, mut client), n)| {
            let first = began + between.mul_f64(f64::from(n) / n_clients);
            tokio::spawn(async move {
                let mut answers = Answers::new();
                let mut due = first;
                while due < began + lasting {
                    sleep_until(due).await;
                    let reply = wire.ask(client.next()).await;
                    answers.note(&reply, good, due.elapsed());
                    if let Ok(reply) = &reply {
                        client.told(reply);
                    }
                    due += between;
                }
                answers
            })
        });
    gather(asking.collect(), began).await
}

async fn gather(asking: Vec<tokio::task::JoinHandle<Answers>>, began: Instant) -> Result<Answers> {
    let mut all = Answers::new();
    for client in asking {
        all.add(client.await.context("a client panicked")?)?;
    }
    all.took = began.elapsed();
    Ok(all)
}
