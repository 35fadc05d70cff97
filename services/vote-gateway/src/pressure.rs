//! Shedding: beyond what the gateway and the workers can do, a ballot is refused before
//! anything is done for it, so that those that are accepted are accepted quickly.
//!
//! Three things are looked at: how many ballots are being cast, how old the oldest vote of
//! the box is ([`crate::lag`]), how much memory the process uses. The latter two by a task,
//! once a second; each box by itself, so that one that cannot be looked into leaves the others
//! alone. Reads are never shed, nor is a voter whose last vote's fate is unknown:
//! whoever sends that again must be let in.

mod memory;
mod watch;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use metrics::{counter, gauge};
use moka::sync::Cache as Memory;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vote_cache::Cache;
use vote_domain::VoterId;
use vote_queue::{BallotBox, Queue};

use crate::error::Unavailable;
pub(crate) use watch::BoxWatch;

/// How often boxes and memory are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a voter is let in whose last vote's fate is unknown, and how many are.
const EXCUSED_FOR: Duration = Duration::from_secs(120);
const EXCUSED_MAX: u64 = 10_000;

/// When to try again: a place is free in a moment, a backlog or memory takes longer.
const RETRY_SOON: Duration = Duration::from_secs(1);
const RETRY_LATER: Duration = Duration::from_secs(5);

/// What is too much.
#[derive(Clone, Debug)]
pub struct PressureSettings {
    /// Most ballots being cast at once.
    pub casts_max: usize,
    /// Oldest that a box's oldest vote may be; zero for no limit. The box takes votes again
    /// at half of it.
    pub box_age_max: Duration,
    /// Most memory the process may use, in bytes; 0 for no limit. Votes are taken again at
    /// nine tenths of it.
    pub memory_max_bytes: u64,
}

impl Default for PressureSettings {
    /// What the settings are where nothing is set.
    fn default() -> Self {
        Self::from_settings(&bootstrap::settings::Gateway::default())
    }
}

impl PressureSettings {
    /// What `settings` say of it.
    #[must_use]
    pub fn from_settings(settings: &bootstrap::settings::Gateway) -> Self {
        Self {
            casts_max: settings.casts_max,
            box_age_max: Duration::from_secs(settings.box_age_max_s),
            memory_max_bytes: settings.memory_max_mib.saturating_mul(1_048_576),
        }
    }
}

/// Who is let in to cast. Cheap to clone; clones share everything.
#[derive(Clone)]
pub(crate) struct Pressure(Arc<Inner>);

struct Inner {
    settings: PressureSettings,
    queue: Queue,
    cache: Cache,
    places: Arc<Semaphore>,
    memory_is_short: AtomicBool,
    boxes: Mutex<HashMap<BallotBox, Arc<BoxWatch>>>,
    excused: Memory<VoterId, ()>,
}

/// A ballot that may be cast; held until it is.
pub(crate) struct Admitted {
    _place: Option<OwnedSemaphorePermit>,
    _count: CastInProgress,
}

impl Pressure {
    /// Begins to look. The task ends with the last clone.
    pub(crate) fn start(settings: PressureSettings, queue: &Queue, cache: &Cache) -> Self {
        let inner = Arc::new(Inner {
            places: Arc::new(Semaphore::new(
                settings.casts_max.min(Semaphore::MAX_PERMITS),
            )),
            settings,
            queue: queue.clone(),
            cache: cache.clone(),
            memory_is_short: AtomicBool::new(false),
            boxes: Mutex::default(),
            excused: Memory::builder()
                .max_capacity(EXCUSED_MAX)
                .time_to_live(EXCUSED_FOR)
                .build(),
        });
        tokio::spawn(look_on(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// What is seen of `ballot_box`, from now on while somebody holds it.
    pub(crate) fn watch(&self, ballot_box: &BallotBox) -> Arc<BoxWatch> {
        let mut boxes = self.0.boxes();
        let watch = boxes
            .entry(ballot_box.clone())
            .or_insert_with(|| Arc::new(BoxWatch::new(ballot_box.clone())));
        watch.clone()
    }

    /// What is seen of `ballot_box`, if it is looked at.
    pub(crate) fn watched(&self, ballot_box: &BallotBox) -> Option<Arc<BoxWatch>> {
        self.0.boxes().get(ballot_box).cloned()
    }

    /// Lets a ballot of `voter` in, if it can be cast in good time.
    ///
    /// # Errors
    /// [`Unavailable`] `overloaded`; nothing was done.
    pub(crate) fn admit(&self, voter: VoterId, watch: &BoxWatch) -> Result<Admitted, Unavailable> {
        watch.note_cast();
        let inner = &*self.0;
        let _count = CastInProgress::begin();
        if inner.excused.contains_key(&voter) {
            return Ok(Admitted {
                _place: None,
                _count,
            });
        }
        if inner.memory_is_short.load(Ordering::Relaxed) {
            return Err(shed("memory", "it is short of memory", RETRY_LATER));
        }
        if watch.is_full() {
            let reason = "votes wait too long to be settled";
            return Err(shed("box_age", reason, RETRY_LATER));
        }
        match inner.places.clone().try_acquire_owned() {
            Ok(place) => Ok(Admitted {
                _place: Some(place),
                _count,
            }),
            Err(_) => Err(shed("casts", "too many ballots are being cast", RETRY_SOON)),
        }
    }

    /// Notes that the fate of a vote of `voter` is unknown: it must be let in to ask again.
    pub(crate) fn excuse(&self, voter: VoterId) {
        self.0.excused.insert(voter, ());
    }

    /// Notes that it is known.
    pub(crate) fn excuse_no_more(&self, voter: VoterId) {
        if self.0.excused.contains_key(&voter) {
            self.0.excused.invalidate(&voter);
        }
    }
}

fn shed(reason: &'static str, words: &str, retry_after: Duration) -> Unavailable {
    counter!("tally_casts_shed_total", "reason" => reason).increment(1);
    Unavailable::overloaded(words, retry_after)
}

impl Inner {
    fn boxes(&self) -> MutexGuard<'_, HashMap<BallotBox, Arc<BoxWatch>>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_at_memory(&self) {
        let Some(used) = memory::used_bytes() else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
        gauge!("tally_process_memory_bytes").set(used as f64);
        let max = self.settings.memory_max_bytes;
        let was_short = self.memory_is_short.load(Ordering::Relaxed);
        let is_short = max > 0 && is_beyond(was_short, used, max, max / 10 * 9);
        if is_short != was_short {
            tracing::warn!(used, max, is_short, "memory");
        }
        self.memory_is_short.store(is_short, Ordering::Relaxed);
    }

    /// Begins to look at the boxes that votes were cast into lately, at all of them at once.
    async fn look_at_boxes(&self) {
        let watches: Vec<_> = {
            let mut boxes = self.boxes();
            // Nobody holds it but this map: its campaign is over.
            boxes.retain(|_, watch| Arc::strong_count(watch) > 1);
            let served = boxes.values().filter(|watch| watch.is_served());
            served.cloned().collect()
        };
        if watches.is_empty() {
            return;
        }
        let Ok(now) = self.cache.now().await else {
            // Without voter states nothing is cast anyway.
            return;
        };
        for watch in watches {
            let (queue, cache) = (self.queue.clone(), self.cache.clone());
            let age_max = self.settings.box_age_max;
            tokio::spawn(async move { watch.look_into(&queue, &cache, now, age_max).await });
        }
    }
}

async fn look_on(pressure: Weak<Inner>) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(inner) = pressure.upgrade() else {
            return;
        };
        inner.look_at_memory();
        inner.look_at_boxes().await;
    }
}

/// Whether `value` is beyond what is allowed: once above `most`, until it is down to
/// `calm`, so that it does not flap.
fn is_beyond<T: Copy + PartialOrd>(was_beyond: bool, value: T, most: T, calm: T) -> bool {
    if was_beyond {
        value > calm
    } else {
        value > most
    }
}

/// A ballot between its request and its answer.
struct CastInProgress;

impl CastInProgress {
    fn begin() -> Self {
        gauge!("tally_casts_in_progress").increment(1.0);
        Self
    }
}

impl Drop for CastInProgress {
    fn drop(&mut self) {
        gauge!("tally_casts_in_progress").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_must_ask_again_is_let_in_while_others_are_shed() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let ids = vote_domain::Ids::random();
        let settings = vote_queue::EmbeddedSettings::at(folder.path().join("votes"));
        let queue = Queue::embedded(settings).await?;
        let cache = Cache::memory(vote_domain::Clock::system(), 0, ids.clone());
        let settings = PressureSettings {
            casts_max: 1,
            ..PressureSettings::default()
        };
        let pressure = Pressure::start(settings, &queue, &cache);
        let watch = pressure.watch(&BallotBox::reviews());
        let (voter, other) = (ids.next(), ids.next());
        let first = pressure.admit(voter, &watch).ok();
        let shed = pressure.admit(voter, &watch).err().map(|error| error.code);
        assert_eq!(shed, Some("overloaded"));
        pressure.excuse(voter);
        assert!(pressure.admit(voter, &watch).is_ok());
        assert!(pressure.admit(other, &watch).is_err());
        pressure.excuse_no_more(voter);
        assert!(pressure.admit(voter, &watch).is_err());
        drop(first);
        assert!(pressure.admit(other, &watch).is_ok());
        Ok(())
    }

    #[tokio::test]
    async fn a_process_short_of_memory_sheds_until_it_has_some() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let ids = vote_domain::Ids::random();
        let settings = vote_queue::EmbeddedSettings::at(folder.path().join("votes"));
        let queue = Queue::embedded(settings).await?;
        let cache = Cache::memory(vote_domain::Clock::system(), 0, ids.clone());
        for (memory_max_bytes, is_let_in) in [(1, false), (u64::MAX, true), (0, true)] {
            let settings = PressureSettings {
                memory_max_bytes,
                ..PressureSettings::default()
            };
            let pressure = Pressure::start(settings, &queue, &cache);
            let watch = pressure.watch(&BallotBox::reviews());
            pressure.0.look_at_memory();
            let admitted = pressure.admit(ids.next(), &watch);
            assert_eq!(admitted.is_ok(), is_let_in, "{memory_max_bytes}");
        }
        Ok(())
    }

    /// Asks until it is so, for ten seconds.
    async fn eventually(is_so: impl Fn() -> bool) -> bool {
        for _ in 0..500 {
            if is_so() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_box_that_is_gone_is_not_looked_for_again_and_hides_no_other() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let ids = vote_domain::Ids::random();
        let settings = vote_queue::EmbeddedSettings::at(folder.path().join("votes"));
        let queue = Queue::embedded(settings).await?;
        queue.declare(&BallotBox::reviews()).await?;
        let cache = Cache::memory(vote_domain::Clock::system(), 0, ids.clone());
        let pressure = Pressure::start(PressureSettings::default(), &queue, &cache);
        let gone = pressure.watch(&BallotBox::campaign(uuid::Uuid::from_u128(7)));
        let there = pressure.watch(&BallotBox::reviews());
        for watch in [&gone, &there] {
            drop(pressure.admit(ids.next(), watch));
        }
        pressure.0.look_at_boxes().await;
        assert!(eventually(|| there.age().is_some() && !gone.is_served()).await);
        assert!(there.is_served());
        // Whoever casts into it asks for it anew.
        drop(pressure.admit(ids.next(), &gone));
        assert!(gone.is_served());
        Ok(())
    }

    #[tokio::test]
    async fn a_box_that_nobody_casts_into_any_more_is_let_go_of() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let ids = vote_domain::Ids::random();
        let settings = vote_queue::EmbeddedSettings::at(folder.path().join("votes"));
        let queue = Queue::embedded(settings).await?;
        let cache = Cache::memory(vote_domain::Clock::system(), 0, ids.clone());
        let pressure = Pressure::start(PressureSettings::default(), &queue, &cache);
        let over = BallotBox::campaign(uuid::Uuid::from_u128(7));
        let watch = pressure.watch(&over);
        drop(pressure.admit(ids.next(), &watch));
        drop(watch);
        assert!(eventually(|| pressure.watched(&over).is_none()).await);
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn boxes_are_looked_into_at_once_and_none_twice_while_the_broker_is_silent()
    -> anyhow::Result<()> {
        let ids = vote_domain::Ids::random();
        let nobody = format!("amqp://127.0.0.1:{}", test_stack::free_port()?);
        let settings = vote_queue::RabbitSettings {
            answer_timeout: Duration::from_secs(2),
            ..vote_queue::RabbitSettings::at(&nobody)
        };
        let queue = Queue::rabbit(&settings, &ids)?;
        let cache = Cache::memory(vote_domain::Clock::system(), 0, ids.clone());
        let pressure = Pressure::start(PressureSettings::default(), &queue, &cache);
        let watches: Vec<_> = (0..20)
            .map(|n| pressure.watch(&BallotBox::campaign(uuid::Uuid::from_u128(n))))
            .collect();
        let began = std::time::Instant::now();
        pressure.0.look_at_boxes().await;
        assert!(began.elapsed() < Duration::from_secs(1), "it waits");
        let all_are_asked = || watches.iter().all(|watch| watch.is_being_asked());
        assert!(eventually(all_are_asked).await);
        let now = cache.now().await?;
        let again = watches[0].look_into(&queue, &cache, now, Duration::ZERO);
        let again = tokio::time::timeout(Duration::from_secs(1), again).await;
        assert!(again.is_ok(), "it is asked twice");
        Ok(())
    }

    #[test]
    fn what_was_beyond_its_limit_must_calm_down_first() {
        let mut was = false;
        let values = [50, 100, 101, 90, 51, 50, 100, 120];
        let beyond: Vec<_> = values
            .into_iter()
            .map(|value| {
                was = is_beyond(was, value, 100, 50);
                was
            })
            .collect();
        assert_eq!(beyond, [false, false, true, true, true, false, false, true]);
    }
}
