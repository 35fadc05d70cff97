//! Look-ups that are asked for one by one and made many at a time.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use vote_store::StoreError;

/// The most keys looked up in one statement.
const KEYS_MAX: usize = 256;

/// The most statements under way at once.
const LOADS_MAX: usize = 2;

/// The least time from one statement's begin to the next one's: a statement for one key costs
/// nearly what it costs for twenty. Who asks after a longer silence does not wait.
const GAP: Duration = Duration::from_millis(3);

type Answer<V> = Result<Option<V>, Arc<StoreError>>;

/// Gathers look-ups: while [`LOADS_MAX`] statements are under way, or the last began less than
/// [`GAP`] ago, the next keys wait together, and leave as one statement. Keys asked for twice
/// are looked up once. Cheap to clone.
pub(crate) struct Coalesced<K, V>(mpsc::UnboundedSender<(K, oneshot::Sender<Answer<V>>)>);

impl<K, V> Clone for Coalesced<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Coalesced<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Starts gathering for `load`, which looks up some keys and leaves out those it does
    /// not find. Call it within a tokio runtime; it ends with the last clone.
    pub(crate) fn new<F, Loaded>(load: F) -> Self
    where
        F: Fn(Vec<K>) -> Loaded + Send + 'static,
        Loaded: Future<Output = Result<HashMap<K, V>, StoreError>> + Send + 'static,
    {
        let (sender, mut waiting) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let loads = Arc::new(Semaphore::new(LOADS_MAX));
            let mut gathered = Vec::with_capacity(KEYS_MAX);
            let mut next_at = Instant::now();
            loop {
                // A place first, then whatever has gathered meanwhile.
                let Ok(place) = loads.clone().acquire_owned().await else {
                    return;
                };
                sleep_until(next_at).await;
                if waiting.recv_many(&mut gathered, KEYS_MAX).await == 0 {
                    return;
                }
                next_at = Instant::now() + GAP;
                let mut askers = HashMap::<K, Vec<oneshot::Sender<Answer<V>>>>::new();
                for (key, asker) in gathered.drain(..) {
                    askers.entry(key).or_default().push(asker);
                }
                let loading = load(askers.keys().cloned().collect());
                tokio::spawn(async move {
                    let found = loading.await.map_err(Arc::new);
                    drop(place);
                    for (key, askers) in askers {
                        let answer = match &found {
                            Ok(found) => Ok(found.get(&key).cloned()),
                            Err(error) => Err(error.clone()),
                        };
                        for asker in askers {
                            // Whoever asked may have gone.
                            let _ = asker.send(answer.clone());
                        }
                    }
                });
            }
        });
        Self(sender)
    }

    /// Looks `key` up, together with whatever others ask for meanwhile.
    pub(crate) async fn get(&self, key: K) -> Answer<V> {
        let (asker, answer) = oneshot::channel();
        let gone = || Arc::new(StoreError::Unavailable("shutting down".to_owned()));
        self.0.send((key, asker)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn keys_asked_for_meanwhile_leave_together_and_once() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = calls.clone();
        let coalesced = Coalesced::new(move |keys: Vec<u32>| {
            seen.lock().unwrap().push(keys.len());
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok(keys
                    .into_iter()
                    .filter(|k| k % 2 == 0)
                    .map(|k| (k, k * 10))
                    .collect())
            }
        });
        let mut answers = tokio::task::JoinSet::new();
        for n in 0..300_u32 {
            let coalesced = coalesced.clone();
            answers.spawn(async move { (n % 100, coalesced.get(n % 100).await.unwrap()) });
        }
        for (key, answer) in answers.join_all().await {
            assert_eq!(answer, (key % 2 == 0).then_some(key * 10));
        }
        assert!(calls.lock().unwrap().len() <= 4);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_soon_after_another_waits_for_more_and_who_asks_later_does_not() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (seen, began) = (calls.clone(), Instant::now());
        let coalesced = Coalesced::new(move |keys: Vec<u32>| {
            seen.lock().unwrap().push((began.elapsed(), keys.len()));
            async move { Ok(keys.into_iter().map(|key| (key, key)).collect()) }
        });
        let ask = |key, after| {
            let coalesced = coalesced.clone();
            async move {
                tokio::time::sleep(after).await;
                coalesced.get(key).await.unwrap()
            }
        };
        let ms = Duration::from_millis;
        tokio::join!(ask(1, ms(0)), ask(2, ms(1)), ask(3, ms(2)), ask(4, ms(50)));
        let begun: Vec<_> = vec![(ms(0), 1), (GAP, 2), (ms(50), 1)];
        // The clock of tests goes on by whole milliseconds.
        let seen: Vec<_> = calls.lock().unwrap().clone();
        assert_eq!(seen.len(), begun.len(), "{seen:?}");
        for ((at, n), (due, n_due)) in seen.into_iter().zip(begun) {
            assert_eq!(n, n_due);
            assert!(due <= at && at <= due + ms(1), "{at:?}, due {due:?}");
        }
    }

    #[tokio::test]
    async fn an_outage_reaches_everyone_who_waits() {
        let coalesced = Coalesced::<u32, u32>::new(|_| async {
            Err(StoreError::Unavailable("gone".to_owned()))
        });
        let (a, b) = tokio::join!(coalesced.get(1), coalesced.get(2));
        assert!(a.is_err() && b.is_err());
    }
}
