//! What this process knows of its own publishes: under way, or confirmed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::watch;
use vote_domain::VoteId;

/// How many confirmed votes are remembered, and for how long; one that is forgotten is
/// published once more when asked after, which is safe.
const REMEMBERED_MAX: u64 = 100_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// The publishes of this process.
#[derive(Clone)]
pub(crate) struct Confirmed {
    under_way: Arc<Mutex<HashMap<VoteId, watch::Receiver<()>>>>,
    confirmed: Cache<VoteId, ()>,
}

/// A publish under way. Dropped, it lets those go on who wait for its end.
pub(crate) struct UnderWay {
    vote_id: VoteId,
    of: Confirmed,
    _end: watch::Sender<()>,
}

impl Confirmed {
    pub(crate) fn new() -> Self {
        Self {
            under_way: Arc::default(),
            confirmed: Cache::builder()
                .max_capacity(REMEMBERED_MAX)
                .time_to_live(REMEMBERED_FOR)
                .build(),
        }
    }

    /// Notes that `vote_id` is being published; `None` if another task is at it.
    pub(crate) fn begin(&self, vote_id: VoteId) -> Option<UnderWay> {
        let (end, ended) = watch::channel(());
        match self.lock().entry(vote_id) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                place.insert(ended);
                Some(UnderWay {
                    vote_id,
                    of: self.clone(),
                    _end: end,
                })
            }
        }
    }

    /// Waits for the end of `vote_id`'s publish, if one is under way; then, whether the
    /// broker certainly has the vote.
    pub(crate) async fn settled(&self, vote_id: VoteId) -> bool {
        let under_way = self.lock().get(&vote_id).cloned();
        if let Some(mut ended) = under_way {
            // The sender sends nothing; it goes when the publish has ended.
            while ended.changed().await.is_ok() {}
        }
        self.confirmed.contains_key(&vote_id)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<VoteId, watch::Receiver<()>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// Notes that the broker has the vote.
    pub(crate) fn confirm(&self) {
        self.of.confirmed.insert(self.vote_id, ());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.of.lock().remove(&self.vote_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn whoever_asks_meanwhile_waits_for_the_end() {
        let confirmed = Confirmed::new();
        let vote = VoteId(Uuid::from_u128(1));
        assert!(!confirmed.settled(vote).await);
        let under_way = confirmed.begin(vote).unwrap();
        assert!(confirmed.begin(vote).is_none());
        let asking = tokio::spawn({
            let confirmed = confirmed.clone();
            async move { confirmed.settled(vote).await }
        });
        tokio::task::yield_now().await;
        assert!(!asking.is_finished());
        under_way.confirm();
        drop(under_way);
        assert!(asking.await.unwrap());
    }

    #[tokio::test]
    async fn a_publish_that_failed_confirms_nothing() {
        let confirmed = Confirmed::new();
        let vote = VoteId(Uuid::from_u128(1));
        drop(confirmed.begin(vote));
        assert!(!confirmed.settled(vote).await);
    }
}
