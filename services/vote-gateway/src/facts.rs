//! What admission must know of a review.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use vote_domain::ReviewId;
use vote_domain::review::ReviewFacts;
use vote_store::{Store, StoreError};

use crate::coalesce::Coalesced;

/// How many reviews' facts are kept in memory.
const KEPT_MAX: u64 = 100_000;

/// The facts of reviews, read from SQL a moment ago. That a review is missing is kept
/// too, so that asking for nonsense costs SQL nothing.
#[derive(Clone)]
pub(crate) struct Facts {
    kept: Cache<ReviewId, Option<ReviewFacts>>,
    load: Coalesced<ReviewId, ReviewFacts>,
}

impl Facts {
    pub(crate) fn new(store: &Store, max_age: Duration) -> Self {
        let store = store.clone();
        Self {
            kept: Cache::builder()
                .max_capacity(KEPT_MAX)
                .time_to_live(max_age)
                .build(),
            load: Coalesced::new(move |reviews| {
                let store = store.clone();
                async move {
                    let authors = store.review_authors(&reviews).await?;
                    Ok(authors
                        .into_iter()
                        .map(|(review, author)| (review, ReviewFacts { author }))
                        .collect())
                }
            }),
        }
    }

    /// The facts of `review`; `None` if it is not there to be voted on.
    pub(crate) async fn get(
        &self,
        review: ReviewId,
    ) -> Result<Option<ReviewFacts>, Arc<StoreError>> {
        if let Some(facts) = self.kept.get(&review).await {
            return Ok(facts);
        }
        let facts = self.load.get(review).await?;
        self.kept.insert(review, facts).await;
        Ok(facts)
    }
}
