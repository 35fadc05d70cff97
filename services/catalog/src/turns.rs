//! A cap on what is done at once, with a limit to the wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vote_cache::LoadError;
use vote_store::StoreError;

/// Longest wait for a turn.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// So many at once. Cheap to clone; clones share the turns.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(crate) fn new(n_turns: usize) -> Self {
        Self(Arc::new(Semaphore::new(n_turns)))
    }

    /// Waits for a turn; it ends when it is dropped.
    pub(crate) async fn take(&self) -> Result<OwnedSemaphorePermit, LoadError<StoreError>> {
        match tokio::time::timeout(WAIT_MAX, self.0.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(LoadError::Overloaded),
        }
    }
}
