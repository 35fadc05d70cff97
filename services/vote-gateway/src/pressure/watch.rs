//! What is seen of one ballot box.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::gauge;
use tokio::time::Instant;
use vote_cache::Cache;
use vote_queue::{BallotBox, Depth, Queue, TopologyError};

use super::is_beyond;
use crate::lag::Lag;

/// How long after its last ballot a box is still looked at, unless its votes wait.
const SERVED_FOR: Duration = Duration::from_secs(60);

/// One box, as the gateway last saw it.
pub(crate) struct BoxWatch {
    ballot_box: BallotBox,
    made_at: Instant,
    /// When the last ballot came, in milliseconds since the watch was made.
    last_cast_ms: AtomicU64,
    /// Whether there was no such box when it was looked for, and no ballot came since.
    gone: AtomicBool,
    /// Held while an answer is awaited.
    asking: tokio::sync::Mutex<()>,
    /// Whether its votes wait for too long.
    full: AtomicBool,
    /// How it was at the last look, and how old its oldest vote.
    seen: Mutex<Option<(Lag, TimeDelta)>>,
}

impl BoxWatch {
    pub(crate) fn new(ballot_box: BallotBox) -> Self {
        Self {
            ballot_box,
            made_at: Instant::now(),
            last_cast_ms: AtomicU64::new(0),
            gone: AtomicBool::new(false),
            asking: tokio::sync::Mutex::default(),
            full: AtomicBool::new(false),
            seen: Mutex::default(),
        }
    }

    /// Notes that a ballot came for it.
    pub(super) fn note_cast(&self) {
        let now_ms = u64::try_from(self.made_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_cast_ms.store(now_ms, Ordering::Relaxed);
        self.gone.store(false, Ordering::Relaxed);
    }

    /// Whether ballots came lately, or votes still wait too long; and the box is there.
    pub(super) fn is_served(&self) -> bool {
        if self.gone.load(Ordering::Relaxed) {
            return false;
        }
        let last_cast = Duration::from_millis(self.last_cast_ms.load(Ordering::Relaxed));
        self.is_full() || self.made_at.elapsed().saturating_sub(last_cast) < SERVED_FOR
    }

    /// Whether it takes no votes for now.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// How old its oldest vote was at the last look, if there was one.
    pub(crate) fn age(&self) -> Option<TimeDelta> {
        self.lock().as_ref().map(|(_, age)| *age)
    }

    /// Asks how full the box is and how far settling has come, and takes that in as of `now`.
    /// While an answer is awaited it is not asked again: the queue's and the cache's own limits
    /// end that.
    pub(super) async fn look_into(
        &self,
        queue: &Queue,
        cache: &Cache,
        now: DateTime<Utc>,
        age_max: Duration,
    ) {
        let Ok(_asking) = self.asking.try_lock() else {
            return;
        };
        let name = [self.ballot_box.name()];
        let (depth, noted) = tokio::join!(queue.depth(&self.ballot_box), cache.settled_to(&name));
        // What cannot be read is no news, as if no worker had noted any.
        let noted = noted.into_iter().find_map(|noted| match noted {
            Ok(noted) => noted,
            Err(error) => {
                tracing::debug!(ballot_box = %self.ballot_box, %error, "how far settling has come is not known");
                None
            }
        });
        match depth {
            Ok(depth) => self.look(now, depth, noted, age_max),
            Err(TopologyError::NoSuchBox) => self.lose(),
            Err(error @ (TopologyError::Unavailable(_) | TopologyError::Mismatch(_))) => {
                tracing::debug!(ballot_box = %self.ballot_box, %error, "a box was not looked into");
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_being_asked(&self) -> bool {
        self.asking.try_lock().is_err()
    }

    /// There is no such box: nothing waits in it, and nobody looks for it until a ballot comes.
    fn lose(&self) {
        self.gone.store(true, Ordering::Relaxed);
        self.full.store(false, Ordering::Relaxed);
        self.show_nothing();
    }

    /// Takes in what the broker and the workers say at `now`.
    fn look(
        &self,
        now: DateTime<Utc>,
        depth: Depth,
        noted: Option<DateTime<Utc>>,
        age_max: Duration,
    ) {
        let mut state = self.lock();
        let mut lag = state.take().map_or_else(|| Lag::begin(now), |(lag, _)| lag);
        let age = lag.look(now, depth.n_ready, noted);
        *state = Some((lag, age));
        drop(state);
        let was_full = self.is_full();
        let age_s = age.as_seconds_f64();
        let most_s = age_max.as_secs_f64();
        let is_full = !age_max.is_zero() && is_beyond(was_full, age_s, most_s, most_s / 2.0);
        if is_full != was_full {
            tracing::warn!(
                ballot_box = %self.ballot_box, age_s, n_ready = depth.n_ready,
                n_consumers = depth.n_consumers, takes_votes = !is_full, "ballot box"
            );
        }
        self.full.store(is_full, Ordering::Relaxed);
        let label = self.ballot_box.name();
        for (name, value) in [
            ("tally_box_ready_messages", f64::from(depth.n_ready)),
            ("tally_box_consumers", f64::from(depth.n_consumers)),
            ("tally_box_age_seconds", age_s),
            ("tally_box_full", f64::from(u8::from(is_full))),
        ] {
            gauge!(name, "box" => label.to_owned()).set(value);
        }
    }

    /// What is not looked at any more must not be shown as it was.
    fn show_nothing(&self) {
        if self.lock().take().is_none() {
            return;
        }
        for name in [
            "tally_box_ready_messages",
            "tally_box_consumers",
            "tally_box_age_seconds",
            "tally_box_full",
        ] {
            gauge!(name, "box" => self.ballot_box.name().to_owned()).set(0.0);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Lag, TimeDelta)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BoxWatch {
    fn drop(&mut self) {
        self.show_nothing();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn depth(n_ready: u32) -> Depth {
        Depth {
            n_ready,
            n_consumers: 0,
        }
    }

    #[tokio::test]
    async fn a_box_whose_votes_wait_too_long_is_full_until_half_of_that() {
        let watch = BoxWatch::new(BallotBox::reviews());
        let at = |s: i64| DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap();
        let look = |s: i64, n_ready, noted: i64| {
            watch.look(at(s), depth(n_ready), Some(at(noted)), MINUTE);
            watch.is_full()
        };
        assert!(!look(0, 0, 0));
        assert!(!look(60, 10, 0));
        assert!(look(61, 10, 0));
        // Workers are back and catch up.
        assert!(look(70, 10, 30));
        assert!(!look(80, 10, 50));
        assert!(!look(81, 0, 81));
        assert!(!look(2_000, 0, 81));
    }

    #[tokio::test]
    async fn without_a_limit_a_box_is_never_full() {
        let watch = BoxWatch::new(BallotBox::reviews());
        let at = |s: i64| DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap();
        watch.look(at(0), depth(1), None, Duration::ZERO);
        watch.look(at(1_000_000), depth(1), None, Duration::ZERO);
        assert!(!watch.is_full());
        assert_eq!(watch.age().unwrap().num_seconds(), 1_000_000);
    }

    #[tokio::test]
    async fn a_box_is_looked_into_though_what_workers_noted_of_it_cannot_be_read()
    -> anyhow::Result<()> {
        let (folder, ids) = (tempfile::tempdir()?, vote_domain::Ids::random());
        let settings = vote_queue::EmbeddedSettings::at(folder.path().join("votes"));
        let queue = Queue::embedded(settings).await?;
        let reviews = BallotBox::reviews();
        queue.declare(&reviews).await?;
        // As a box whose key is on a master that is away.
        let nobody = format!("redis://127.0.0.1:{}", test_stack::free_port()?);
        let away = bootstrap::settings::Redis {
            url: Some(bootstrap::Secret::new(&nobody)),
            response_timeout_ms: 100,
            ..bootstrap::settings::Redis::default()
        };
        let cache = Cache::redis(&away, 0, ids)?;
        let watch = BoxWatch::new(reviews.clone());
        let at = |s: i64| DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap();
        watch.look_into(&queue, &cache, at(0), MINUTE).await;
        assert_eq!(watch.age(), Some(TimeDelta::zero()));
        let soon = Instant::now() + Duration::from_secs(5);
        queue.put_back(&reviews, "a vote".into(), soon).await?;
        watch.look_into(&queue, &cache, at(61), MINUTE).await;
        assert!(watch.is_full());
        Ok(())
    }
}
