//! What is computed from SQL once for all who ask, and kept in this process' memory.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use vote_cache::LoadError;
use vote_store::StoreError;

use crate::failure::Failure;
use crate::turns::Turns;

/// Most things of a kind computed at once.
const COMPUTED_MAX: usize = 4;

/// Bytes that any thing takes, about.
pub(super) const LEAST_BYTES: u32 = 200;

/// Things by name, up to so many bytes for so long. Cheap to clone.
pub(crate) struct Kept<K, V> {
    kept: Cache<K, Arc<V>>,
    turns: Turns,
}

impl<K, V> Clone for Kept<K, V> {
    fn clone(&self) -> Self {
        Self {
            kept: self.kept.clone(),
            turns: self.turns.clone(),
        }
    }
}

impl<K, V> Kept<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// `n_bytes` says what a thing takes besides what any does.
    pub(crate) fn new(
        life: Duration,
        bytes_max: u64,
        n_bytes: impl Fn(&V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        Self {
            kept: Cache::builder()
                .max_capacity(bytes_max)
                .weigher(move |_, thing: &Arc<V>| n_bytes(thing).saturating_add(LEAST_BYTES))
                .time_to_live(life)
                .build(),
            turns: Turns::new(COMPUTED_MAX),
        }
    }

    /// The thing called `name`, or what `compute` gives, which is then kept.
    pub(crate) async fn get(
        &self,
        name: K,
        compute: impl Future<Output = Result<V, StoreError>>,
    ) -> Result<Arc<V>, Failure> {
        let compute = async {
            let _turn = self.turns.take().await?;
            match compute.await {
                Ok(thing) => Ok(Arc::new(thing)),
                Err(error) => Err(LoadError::Failed(Arc::new(error))),
            }
        };
        self.kept
            .try_get_with(name, compute)
            .await
            .map_err(|error: Arc<LoadError<StoreError>>| LoadError::clone(&error).into())
    }
}
