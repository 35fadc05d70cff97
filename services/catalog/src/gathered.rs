//! Answers that many ask for at the same time, made once for all of them.
//!
//! Whoever asks while one is being made waits for the next, which is begun only then: no
//! answer is older than the question, and none is made twice for those who ask together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt, Shared};
use http_kit::Problem;

use crate::failure::Failure;

/// An answer on its way to all who wait for it.
type Making<V> = Shared<BoxFuture<'static, Result<V, Failure>>>;

/// What is on its way under one key.
struct UnderWay<V> {
    /// Begun: who asks now comes too late for it.
    now: Making<V>,
    /// Not begun yet.
    next: Option<Making<V>>,
}

/// Gathers those who ask for the same. Cheap to clone.
pub(crate) struct Gathered<K, V>(Arc<Mutex<HashMap<K, UnderWay<V>>>>);

impl<K, V> Clone for Gathered<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Default for Gathered<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Gathered<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// What `make` gives, or what another's `make` gives that was begun after this was
    /// asked. `make` is carried on by whoever of those who wait is still there.
    pub(crate) async fn get<Making>(
        &self,
        key: K,
        make: impl FnOnce() -> Making + Send + 'static,
    ) -> Result<V, Failure>
    where
        Making: Future<Output = Result<V, Failure>> + Send + 'static,
    {
        self.join(key, make).await
    }

    fn join<F>(&self, key: K, make: impl FnOnce() -> F + Send + 'static) -> Making<V>
    where
        F: Future<Output = Result<V, Failure>> + Send + 'static,
    {
        match self.lock().entry(key.clone()) {
            Entry::Vacant(place) => {
                let now = self.begin(key, None, make);
                let next = None;
                place.insert(UnderWay { now, next }).now.clone()
            }
            Entry::Occupied(mut under_way) => {
                let UnderWay { now, next } = under_way.get_mut();
                let begin = || self.begin(key, Some(now.clone()), make);
                next.get_or_insert_with(begin).clone()
            }
        }
    }

    fn begin<F>(
        &self,
        key: K,
        before: Option<Making<V>>,
        make: impl FnOnce() -> F + Send + 'static,
    ) -> Making<V>
    where
        F: Future<Output = Result<V, Failure>> + Send + 'static,
    {
        let this = self.clone();
        let making = async move {
            if let Some(before) = before {
                let _ = before.await;
                this.take_over(&key);
            }
            // A panic must not reach those who have not asked yet.
            let made = AssertUnwindSafe(async move { make().await })
                .catch_unwind()
                .await;
            this.end(&key);
            made.unwrap_or_else(|_panic| Err(Problem::internal_unlogged().into()))
        };
        making.boxed().shared()
    }

    /// What was to come next is begun now.
    fn take_over(&self, key: &K) {
        if let Some(under_way) = self.lock().get_mut(key)
            && let Some(next) = under_way.next.take()
        {
            under_way.now = next;
        }
    }

    /// What is under way is made; if another is to come, it takes over.
    fn end(&self, key: &K) {
        let mut all = self.lock();
        if all.get(key).is_some_and(|one| one.next.is_none()) {
            all.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, UnderWay<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tokio::time::sleep;

    const LONG: Duration = Duration::from_millis(200);

    fn counting(
        n_made: &Arc<AtomicU32>,
    ) -> impl FnOnce() -> BoxFuture<'static, Result<u32, Failure>> + use<> {
        let n_made = n_made.clone();
        move || {
            async move {
                let n = n_made.fetch_add(1, Ordering::SeqCst);
                sleep(LONG).await;
                Ok(n)
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn who_asks_meanwhile_shares_one_answer_that_was_begun_later() {
        let (gathered, n_made) = (Gathered::default(), Arc::new(AtomicU32::new(0)));
        let first = tokio::spawn({
            let (gathered, n_made) = (gathered.clone(), n_made.clone());
            async move { gathered.get(7, counting(&n_made)).await.unwrap() }
        });
        sleep(LONG / 2).await;
        let later = (0..100).map(|_| gathered.get(7, counting(&n_made)));
        let later = futures::future::join_all(later).await;
        assert_eq!(first.await.unwrap(), 0);
        assert!(later.into_iter().all(|answer| answer.unwrap() == 1));
        assert_eq!(n_made.load(Ordering::SeqCst), 2);
        assert!(gathered.lock().is_empty());
    }

    #[tokio::test]
    async fn an_answer_that_nobody_waits_for_any_more_hinders_nobody() {
        let (gathered, n_made) = (Gathered::default(), Arc::new(AtomicU32::new(0)));
        for _ in 0..3 {
            let leaving = gathered.get(7, counting(&n_made));
            assert!(tokio::time::timeout(LONG / 2, leaving).await.is_err());
        }
        let last = n_made.load(Ordering::SeqCst);
        assert!(gathered.get(7, counting(&n_made)).await.unwrap() >= last);
        assert!(gathered.lock().is_empty());
    }

    #[tokio::test]
    async fn a_panic_fails_those_who_waited_and_nobody_after_them() {
        let gathered = Gathered::<u8, u8>::default();
        let panics = || async { panic!("on purpose") };
        assert!(gathered.get(7, panics).await.is_err());
        assert_eq!(gathered.get(7, || async { Ok(1) }).await.unwrap(), 1);
    }
}
