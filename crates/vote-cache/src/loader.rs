//! Loading entries: once for all who ask at the same time, however many.

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use metrics::counter;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::entry::{Entry, Found};
use crate::{Cache, Token};

/// Longest a load waits for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(2);

/// Why a thing was not loaded; shared by all who asked for it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError<E: Error + 'static> {
    /// The load itself failed.
    #[error(transparent)]
    Failed(Arc<E>),
    /// Too many loads are under way; try again in a second.
    #[error("too many loads from SQL are under way")]
    Overloaded,
}

impl<E: Error> Clone for LoadError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Overloaded => Self::Overloaded,
        }
    }
}

/// Gives entries from the cache, or loads them: one load per name at a time, and no more
/// than a set number at once. Without Redis it still loads. Cheap to clone.
pub struct Loader<E: Error + 'static>(Arc<Inner<E>>);

impl<E: Error> Clone for Loader<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<E: Error + 'static> {
    cache: Cache,
    turns: Semaphore,
    n_loads: AtomicU64,
    flights: Mutex<HashMap<Flight, UnderWay<E>>>,
}

struct UnderWay<E: Error + 'static> {
    /// Tells this load from a later one of the same flight, when nobody waited for this.
    number: u64,
    load: WeakShared<Load<E>>,
}

type Outcome<E> = Result<Option<Bytes>, LoadError<E>>;
type Load<E> = BoxFuture<'static, Outcome<E>>;

/// A load that others may join. Who asks after an invalidation finds another lease, or
/// without Redis another count of invalidations, and so joins no load from before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flight {
    name: String,
    since: Since,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Since {
    Lease(Token),
    Invalidations(u64),
}

impl<E: Error + Send + Sync + 'static> Loader<E> {
    /// A loader in front of `cache`, with at most `loads_max` loads at once.
    #[must_use]
    pub fn new(cache: Cache, loads_max: usize) -> Self {
        Self(Arc::new(Inner {
            cache,
            turns: Semaphore::new(loads_max),
            flights: Mutex::default(),
            n_loads: AtomicU64::new(0),
        }))
    }

    /// What is kept under `name`, or what `load` gives, which is then kept: a thing for
    /// `ttl`, that there is none for `missing_ttl`, both jittered.
    ///
    /// # Errors
    /// [`LoadError`]; nothing is kept.
    pub async fn get_or_load<F, Loading>(
        &self,
        name: &str,
        ttl: Duration,
        missing_ttl: Duration,
        load: F,
    ) -> Outcome<E>
    where
        F: FnOnce() -> Loading + Send + 'static,
        Loading: Future<Output = Result<Option<Bytes>, E>> + Send + 'static,
    {
        let since = match self.find_or_lease(name).await {
            Ok(Found::Entry(Entry::Value(bytes))) => {
                count("hit");
                return Ok(Some(bytes));
            }
            Ok(Found::Entry(Entry::Missing)) => {
                count("missing");
                return Ok(None);
            }
            Ok(Found::Leased(lease)) => {
                count("load");
                Since::Lease(lease)
            }
            Err(_) => {
                count("bypass");
                Since::Invalidations(self.0.cache.n_invalidations())
            }
        };
        let flight = Flight {
            name: name.to_owned(),
            since,
        };
        self.join(flight, ttl, missing_ttl, load).await
    }

    /// What is kept, or else the lease to load under: one that lies there, or a new one.
    async fn find_or_lease(&self, name: &str) -> Result<Found, crate::CacheError> {
        let cache = &self.0.cache;
        if let Some(found) = cache.find(name).await? {
            return Ok(found);
        }
        let lease = Token::draw(&cache.ids);
        let found = cache.lease(name, lease).await?;
        Ok(found.unwrap_or(Found::Leased(lease)))
    }

    /// The load of `flight`: the one under way, or `load`.
    fn join<F, Loading>(
        &self,
        flight: Flight,
        ttl: Duration,
        missing_ttl: Duration,
        load: F,
    ) -> Shared<Load<E>>
    where
        F: FnOnce() -> Loading + Send + 'static,
        Loading: Future<Output = Result<Option<Bytes>, E>> + Send + 'static,
    {
        let mut flights = self
            .0
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let under_way = flights.get(&flight);
        if let Some(load) = under_way.and_then(|under_way| under_way.load.upgrade()) {
            return load;
        }
        let number = self.0.n_loads.fetch_add(1, Ordering::Relaxed);
        let landing = Landing {
            inner: Arc::clone(&self.0),
            number,
            flight: flight.clone(),
        };
        let load = async move {
            let inner = &landing.inner;
            let turn = timeout(TURN_LIMIT, inner.turns.acquire()).await;
            let Ok(Ok(_turn)) = turn else {
                return Err(LoadError::Overloaded);
            };
            let loaded = load()
                .await
                .map_err(|error| LoadError::Failed(Arc::new(error)))?;
            if let Since::Lease(lease) = landing.flight.since {
                let (entry, ttl) = match &loaded {
                    Some(bytes) => (Entry::Value(bytes.clone()), ttl),
                    None => (Entry::Missing, missing_ttl),
                };
                // Without Redis, the next who asks loads again.
                let _ = inner
                    .cache
                    .fill(&landing.flight.name, lease, &entry, ttl)
                    .await;
            }
            Ok(loaded)
        };
        let shared = load.boxed().shared();
        if let Some(load) = shared.downgrade() {
            flights.insert(flight, UnderWay { number, load });
        }
        shared
    }
}

/// Strikes the flight off when it ends, also when all who waited have gone.
struct Landing<E: Error + 'static> {
    inner: Arc<Inner<E>>,
    number: u64,
    flight: Flight,
}

impl<E: Error> Drop for Landing<E> {
    fn drop(&mut self) {
        let mut flights = self
            .inner
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if flights
            .get(&self.flight)
            .is_some_and(|under_way| under_way.number == self.number)
        {
            flights.remove(&self.flight);
        }
    }
}

fn count(outcome: &'static str) {
    counter!("tally_cache_entries_total", "outcome" => outcome).increment(1);
}
