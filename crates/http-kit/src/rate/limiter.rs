//! One limit, held for each of many clients: the generic cell rate algorithm, which keeps
//! one number per client.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tokio::time::Instant;

/// Clients remembered at once. One that is forgotten begins anew: memory is bounded, and a
/// flood from more addresses than this is not for a limit per address to stop.
const CLIENTS_MAX: u64 = 100_000;

/// So many requests in a window of time. They may all come at once; then room for one
/// comes back after each part of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What `RateLimit` headers and metrics call it.
    pub name: &'static str,
    /// How many; 0 counts as 1.
    pub requests: u32,
    /// In how long.
    pub window: Duration,
}

/// Holds a quota for each client. Cheap to clone; clones share what they know.
#[derive(Clone)]
pub struct Limiter {
    quota: Quota,
    /// By the client's hash: when, in nanoseconds since the start, all that it used will
    /// have come back.
    clients: Cache<u64, Arc<AtomicU64>>,
    hasher: RandomState,
    started: Instant,
}

/// Where a client stands with a quota, after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The quota.
    pub quota: Quota,
    /// What is left of it now.
    pub remaining: u32,
    /// When all of it is back.
    pub resets_after: Duration,
    /// When the request that was refused would pass; `None` where it passed.
    pub refused_for: Option<Duration>,
}

impl Limiter {
    /// Holds every client to `quota`.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self {
            clients: Cache::builder()
                .max_capacity(CLIENTS_MAX)
                // Who stayed away for a window has all of it back.
                .time_to_idle(quota.window * 2)
                .build(),
            quota,
            hasher: RandomState::new(),
            started: Instant::now(),
        }
    }

    /// Counts a request of `client`, unless it is one too many: that one costs nothing.
    pub fn take(&self, client: impl Hash) -> Standing {
        let full_at = self
            .clients
            .get_with(self.hasher.hash_one(client), Arc::default);
        let now = nanos(self.started.elapsed());
        let window = nanos(self.quota.window);
        let each = (window / u64::from(self.quota.requests.max(1))).max(1);
        let taking = |full_at: u64| {
            let next = full_at.max(now) + each;
            (next <= now + window).then_some(next)
        };
        match full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, taking) {
            Ok(before) => self.standing((before.max(now) + each) - now, each, None),
            Err(full_at) => {
                let used = full_at.saturating_sub(now);
                self.standing(used, each, Some((used + each).saturating_sub(window)))
            }
        }
    }

    fn standing(&self, used: u64, each: u64, refused_for: Option<u64>) -> Standing {
        let left = nanos(self.quota.window).saturating_sub(used) / each;
        Standing {
            quota: self.quota,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            resets_after: Duration::from_nanos(used),
            refused_for: refused_for.map(Duration::from_nanos),
        }
    }
}

/// Enough for 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_IN_TEN_SECONDS: Quota = Quota {
        name: "test",
        requests: 10,
        window: Duration::from_secs(10),
    };

    #[tokio::test(start_paused = true)]
    async fn a_quota_may_be_used_at_once_and_comes_back_evenly() {
        let limiter = Limiter::new(TEN_IN_TEN_SECONDS);
        for remaining in (0..10).rev() {
            let standing = limiter.take("a");
            assert_eq!(
                (standing.remaining, standing.refused_for),
                (remaining, None)
            );
        }
        let refused = limiter.take("a");
        assert_eq!(refused.remaining, 0);
        assert_eq!(refused.refused_for, Some(Duration::from_secs(1)));
        assert_eq!(refused.resets_after, Duration::from_secs(10));

        tokio::time::advance(Duration::from_millis(999)).await;
        assert!(limiter.take("a").refused_for.is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(limiter.take("a").refused_for.is_none());
        assert!(limiter.take("a").refused_for.is_some());

        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(limiter.take("a").remaining, 9, "and never more than all");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_on_asking_while_refused_waits_no_longer_for_it() {
        let limiter = Limiter::new(TEN_IN_TEN_SECONDS);
        for _ in 0..1_000 {
            limiter.take("a");
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(limiter.take("a").refused_for.is_none());
    }

    #[tokio::test]
    async fn clients_do_not_use_up_each_others_quota() {
        let limiter = Limiter::new(TEN_IN_TEN_SECONDS);
        for _ in 0..11 {
            limiter.take("a");
        }
        assert!(limiter.take("a").refused_for.is_some());
        assert!(limiter.take("b").refused_for.is_none());
    }

    #[test]
    fn threads_at_once_get_the_quota_and_no_more() {
        let limiter = Limiter::new(Quota {
            requests: 1_000,
            window: Duration::from_secs(3_600),
            ..TEN_IN_TEN_SECONDS
        });
        let passed: usize = std::thread::scope(|threads| {
            let limiter = &limiter;
            let taking = (0..8).map(|_| {
                threads.spawn(move || {
                    let taken = (0..500).map(|_| limiter.take("a"));
                    taken.filter(|taken| taken.refused_for.is_none()).count()
                })
            });
            let taking: Vec<_> = taking.collect();
            taking
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(passed, 1_000);
    }
}
