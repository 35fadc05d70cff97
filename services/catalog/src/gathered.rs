//! Answers that many ask for at the same time, made once for all of them.
//!
//! Whoever asks while one is being made waits for the next, which is begun only then: no
//! answer is older than the question, and none is made twice for those who ask together.
//! What is begun is made to its end, whoever hangs up meanwhile.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use http_kit::Problem;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::failure::Failure;

/// Somebody who waits.
type Asker<V> = oneshot::Sender<Result<V, Failure>>;

/// Gathers those who ask for the same. Cheap to clone.
pub(crate) struct Gathered<K, V> {
    /// Who waits for the next answer; a key is there while one is being made.
    waiting: Arc<Mutex<HashMap<K, Vec<Asker<V>>>>>,
    /// Where answers are made.
    runtime: Handle,
}

impl<K, V> Clone for Gathered<K, V> {
    fn clone(&self) -> Self {
        Self {
            waiting: self.waiting.clone(),
            runtime: self.runtime.clone(),
        }
    }
}

impl<K, V> Gathered<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Nobody asks yet. Call it within the tokio runtime that is to make the answers.
    pub(crate) fn new() -> Self {
        Self {
            waiting: Arc::default(),
            runtime: Handle::current(),
        }
    }

    /// What `make` gives for `key`, begun after this was asked, by this or by another asker's.
    ///
    /// # Errors
    /// What `make` fails with; 500 if it panics.
    pub(crate) async fn get<Making>(
        &self,
        key: K,
        make: impl Fn(K) -> Making + Send + 'static,
    ) -> Result<V, Failure>
    where
        Making: Future<Output = Result<V, Failure>> + Send + 'static,
    {
        let (asker, answer) = oneshot::channel();
        let is_first = match self.waiting().entry(key.clone()) {
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(asker);
                false
            }
            Entry::Vacant(place) => {
                place.insert(vec![asker]);
                true
            }
        };
        if is_first {
            let this = self.clone();
            self.runtime
                .spawn(async move { this.serve(key, make).await });
        }
        // Nobody answers only where the runtime ends.
        let ended = |_| Failure::from(Problem::internal_unlogged());
        answer.await.map_err(ended)?
    }

    /// Answers those who wait, again and again, until nobody does.
    async fn serve<Making>(&self, key: K, make: impl Fn(K) -> Making)
    where
        Making: Future<Output = Result<V, Failure>>,
    {
        while let Some(askers) = self.take(&key) {
            let making = AssertUnwindSafe(make(key.clone())).catch_unwind();
            // The panic hook has logged it.
            let made = making
                .await
                .unwrap_or_else(|_panic| Err(Problem::internal_unlogged().into()));
            for asker in askers {
                // Whoever asked may have gone.
                let _ = asker.send(made.clone());
            }
        }
    }

    /// Those who wait for `key`; forgets it when nobody does any more.
    fn take(&self, key: &K) -> Option<Vec<Asker<V>>> {
        let mut waiting = self.waiting();
        let askers = waiting.get_mut(key)?;
        askers.retain(|asker| !asker.is_closed());
        if askers.is_empty() {
            waiting.remove(key);
            return None;
        }
        Some(std::mem::take(askers))
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<K, Vec<Asker<V>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tokio::task::yield_now;
    use tokio::time::{sleep, timeout};

    const LONG: Duration = Duration::from_millis(200);

    /// Makes the number of answers that were begun before, slowly.
    fn counting(n_begun: &Arc<AtomicU32>) -> impl Fn(u8) -> Answer + Send + use<> {
        let n_begun = n_begun.clone();
        move |_| {
            let n = n_begun.fetch_add(1, Ordering::SeqCst);
            async move {
                sleep(LONG).await;
                Ok(n)
            }
            .boxed()
        }
    }

    type Answer = futures::future::BoxFuture<'static, Result<u32, Failure>>;

    async fn until_nobody_is_served(gathered: &Gathered<u8, u32>) {
        while !gathered.waiting().is_empty() {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_asks_meanwhile_shares_one_answer_that_was_begun_later() {
        let (gathered, n_begun) = (Gathered::new(), Arc::new(AtomicU32::new(0)));
        let first = gathered.get(7, counting(&n_begun));
        let later = async {
            sleep(LONG / 2).await;
            let later = (0..100).map(|_| gathered.get(7, counting(&n_begun)));
            futures::future::join_all(later).await
        };
        let (first, later) = tokio::join!(first, later);
        assert_eq!(first.unwrap(), 0);
        assert!(later.into_iter().all(|answer| answer.unwrap() == 1));
        until_nobody_is_served(&gathered).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_all_who_asked_for_hung_up_on_is_made_once_and_forgotten() {
        let (gathered, n_begun) = (Gathered::new(), Arc::new(AtomicU32::new(0)));
        for _ in 0..3 {
            let leaving = gathered.get(7, counting(&n_begun));
            assert!(timeout(LONG / 10, leaving).await.is_err());
        }
        until_nobody_is_served(&gathered).await;
        assert_eq!(n_begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_fails_those_who_waited_and_nobody_after_them() {
        let gathered = Gathered::<u8, u32>::new();
        let panics = |_| async { panic!("on purpose") };
        assert!(gathered.get(7, panics).await.is_err());
        until_nobody_is_served(&gathered).await;
        let answer = gathered.get(7, |_| async { Ok(1) }).await;
        assert_eq!(answer.unwrap(), 1);
    }
}
