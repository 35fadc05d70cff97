//! What the votes on reviews come to, beside SQL.

use std::collections::HashMap;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use vote_domain::ReviewId;
use vote_domain::review::Counts;

use crate::{Cache, CacheError, Counter};

impl Cache {
    /// Puts the counts of reviews, except where newer ones are there already.
    ///
    /// # Errors
    /// [`CacheError`]: some may have been put. Safe to repeat.
    pub async fn put_counts(
        &self,
        counts: &[(ReviewId, Counts)],
        ttl: Duration,
    ) -> Result<(), CacheError> {
        let counters: Vec<_> = counts
            .iter()
            .map(|(review, counts)| Counter {
                id: review.0,
                version: counts.version,
                bytes: encode(*counts),
            })
            .collect();
        self.put_counters(&counters, ttl).await
    }

    /// Forgets the counts of reviews that are gone. A worker that settles late votes on
    /// one may put them again, until their time is up.
    ///
    /// # Errors
    /// [`CacheError`]: some may be kept. Safe to repeat.
    pub async fn forget_counts(&self, reviews: &[ReviewId]) -> Result<(), CacheError> {
        let keys: Vec<_> = reviews
            .iter()
            .map(|review| self.keys.counter(review.0))
            .collect();
        self.delete(&keys).await
    }

    /// Reads the counts of those of `reviews` that are here.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn get_counts(
        &self,
        reviews: &[ReviewId],
    ) -> Result<HashMap<ReviewId, Counts>, CacheError> {
        let ids: Vec<_> = reviews.iter().map(|review| review.0).collect();
        let counters = self.get_counters(&ids).await?;
        Ok(counters
            .into_iter()
            .flatten()
            .filter_map(|counter| Some((ReviewId(counter.id), decode(&counter)?)))
            .collect())
    }
}

fn encode(counts: Counts) -> Bytes {
    let mut bytes = BytesMut::with_capacity(16);
    bytes.put_u64(counts.up);
    bytes.put_u64(counts.down);
    bytes.freeze()
}

/// `None` for what another version put there; it is read from SQL then.
fn decode(counter: &Counter) -> Option<Counts> {
    let mut bytes = counter.bytes.clone();
    Some(Counts {
        up: bytes.try_get_u64().ok()?,
        down: bytes.try_get_u64().ok()?,
        version: counter.version,
    })
}
