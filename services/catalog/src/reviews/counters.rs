//! What the votes on reviews come to: from the cache, where workers put it after each
//! commit; what is not there from SQL, once for all who ask at the same time.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_kit::etag::tag_of;
use moka::future::Cache as Kept;
use vote_cache::{Cache, LoadError};
use vote_domain::ReviewId;
use vote_domain::review::Counts;
use vote_store::{Store, StoreError};

use crate::catalog::CatalogSettings;
use crate::failure::Failure;
use crate::gathered::Gathered;
use crate::turns::Turns;

/// How long what was read from SQL serves others who lack the same, should the cache be
/// away.
const SHARED_FOR: Duration = Duration::from_millis(200);

/// Answers shared at once.
const SHARED_MAX: u64 = 10_000;

/// Missing reviews remembered at once.
const MISSING_MAX: u64 = 100_000;

/// Most loads from SQL at once.
const LOADS_MAX: usize = 8;

type Found = Arc<HashMap<ReviewId, Counts>>;

/// The form in which counts are answered. A tag stands for the answer: raise this where
/// `CountBody` changes.
const FORM: u8 = 1;

/// What the votes on some reviews come to; one that is not there is left out.
#[derive(Debug)]
pub(crate) struct Counted {
    asked: Vec<ReviewId>,
    found: HashMap<ReviewId, Counts>,
    tag: OnceLock<String>,
}

impl Counted {
    fn new(asked: Vec<ReviewId>, found: HashMap<ReviewId, Counts>) -> Self {
        let tag = OnceLock::new();
        Self { asked, found, tag }
    }

    /// The counts of `review`, if it is there.
    pub(crate) fn get(&self, review: ReviewId) -> Option<Counts> {
        self.found.get(&review).copied()
    }

    /// A weak entity tag of all counts in the order they were asked for; made once for all
    /// who share them.
    pub(crate) fn tag(&self) -> &str {
        self.tag.get_or_init(|| {
            let mut content = Vec::with_capacity(1 + 32 * self.asked.len());
            content.push(FORM);
            for review in &self.asked {
                content.extend_from_slice(review.0.as_bytes());
                if let Some(counts) = self.get(*review) {
                    content.extend_from_slice(&counts.up.to_be_bytes());
                    content.extend_from_slice(&counts.down.to_be_bytes());
                }
            }
            format!("W/{}", tag_of(&content))
        })
    }
}

/// The counters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Counters {
    store: Store,
    cache: Cache,
    ttl: Duration,
    reading: Gathered<Vec<ReviewId>, Arc<Counted>>,
    shared: Kept<Vec<ReviewId>, Found>,
    /// Reviews that SQL did not find: asking for nonsense costs it nothing.
    missing: Kept<ReviewId, ()>,
    turns: Turns,
}

impl Counters {
    pub(crate) fn new(store: Store, cache: Cache, settings: &CatalogSettings) -> Self {
        Self {
            store,
            cache,
            ttl: settings.counter_ttl,
            reading: Gathered::new(),
            shared: Kept::builder()
                .max_capacity(SHARED_MAX)
                .time_to_live(SHARED_FOR)
                .build(),
            missing: Kept::builder()
                .max_capacity(MISSING_MAX)
                .time_to_live(settings.missing_ttl)
                .build(),
            turns: Turns::new(LOADS_MAX),
        }
    }

    /// The counts of `reviews`, read after this was asked, once for all who ask for the same.
    pub(crate) async fn of(&self, reviews: &[ReviewId]) -> Result<Arc<Counted>, Failure> {
        let this = self.clone();
        let read = move |reviews: Vec<ReviewId>| {
            let this = this.clone();
            async move {
                let found = this.read(&reviews).await?;
                Ok(Arc::new(Counted::new(reviews, found)))
            }
        };
        self.reading.get(reviews.to_vec(), read).await
    }

    async fn read(&self, reviews: &[ReviewId]) -> Result<HashMap<ReviewId, Counts>, Failure> {
        // Without the cache, SQL is asked.
        let mut found = self.cache.get_counts(reviews).await.unwrap_or_default();
        let mut lacking: Vec<_> = reviews
            .iter()
            .copied()
            .filter(|review| !found.contains_key(review) && !self.missing.contains_key(review))
            .collect();
        if lacking.is_empty() {
            return Ok(found);
        }
        lacking.sort_unstable();
        lacking.dedup();
        let load = self.load(lacking.clone());
        let loaded = self
            .shared
            .try_get_with(lacking, load)
            .await
            .map_err(|error| LoadError::clone(&error))?;
        found.extend(loaded.iter().map(|(review, counts)| (*review, *counts)));
        Ok(found)
    }

    /// Forgets the counts of a review that is gone.
    pub(crate) async fn forget(&self, review: ReviewId) {
        self.missing.insert(review, ()).await;
        if let Err(error) = self.cache.forget_counts(&[review]).await {
            tracing::warn!(%error, "counters not forgotten");
        }
    }

    async fn load(&self, lacking: Vec<ReviewId>) -> Result<Found, LoadError<StoreError>> {
        let _turn = self.turns.take().await?;
        let failed = |error| LoadError::Failed(Arc::new(error));
        let found = self.store.visible_counts(&lacking).await.map_err(failed)?;
        for review in lacking.iter().filter(|review| !found.contains_key(review)) {
            self.missing.insert(*review, ()).await;
        }
        let counts: Vec<_> = found
            .iter()
            .map(|(review, counts)| (*review, *counts))
            .collect();
        // The version keeps an older count from replacing a newer one.
        let _ = self.cache.put_counts(&counts, self.ttl).await;
        Ok(Arc::new(found))
    }
}
