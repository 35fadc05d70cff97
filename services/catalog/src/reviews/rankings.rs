//! Rankings: computed from SQL at most once in a while for each list that is asked for,
//! and kept in this process' memory; the pages that are looked at most lie in the cache.

use std::sync::Arc;

use moka::future::Cache as Kept;
use vote_cache::LoadError;
use vote_store::catalog::ReviewScope;
use vote_store::{Store, StoreError};

use super::order::{RankedBy, Ranking};
use crate::catalog::CatalogSettings;
use crate::failure::Failure;
use crate::turns::Turns;

/// How many of a list's reviews are ranked, the newest.
const RANKED_MAX: u32 = 10_000;

/// Bytes of all rankings kept.
const KEPT_BYTES_MAX: u64 = 64 * 1_024 * 1_024;

/// Most rankings computed at once: each reads thousands of rows.
const COMPUTED_MAX: usize = 4;

/// Which ranking: the list's generation, so that one's own review shows at once.
type Name = (String, ReviewScope, RankedBy);

/// The rankings. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rankings {
    store: Store,
    kept: Kept<Name, Arc<Ranking>>,
    turns: Turns,
}

impl Rankings {
    pub(crate) fn new(store: Store, settings: &CatalogSettings) -> Self {
        Self {
            store,
            kept: Kept::builder()
                .max_capacity(KEPT_BYTES_MAX)
                .weigher(|_, ranking: &Arc<Ranking>| ranking.n_bytes())
                .time_to_live(settings.list_ttl)
                .build(),
            turns: Turns::new(COMPUTED_MAX),
        }
    }

    /// The ranking of `scope` in its `generation`; computed once for all who ask.
    pub(crate) async fn get(
        &self,
        generation: String,
        scope: ReviewScope,
        by: RankedBy,
    ) -> Result<Arc<Ranking>, Failure> {
        let compute = async {
            let _turn = self.turns.take().await?;
            let failed = |error: StoreError| LoadError::Failed(Arc::new(error));
            let reviews = self.store.ranked_reviews(scope, RANKED_MAX).await;
            Ok(Arc::new(Ranking::new(by, &reviews.map_err(failed)?)))
        };
        self.kept
            .try_get_with((generation, scope, by), compute)
            .await
            .map_err(|error: Arc<LoadError<StoreError>>| LoadError::clone(&error).into())
    }
}
