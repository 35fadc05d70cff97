//! What this process knows of its own publishes: under way, or confirmed.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use vote_domain::VoteId;

/// How many confirmed votes a generation has at most, and how long votes are added to it. The
/// last two are remembered; a vote that is forgotten is published once more when asked after,
/// which is safe.
const GENERATION_MAX: usize = 50_000;
const GENERATION_FOR: Duration = Duration::from_secs(300);

/// The publishes of this process.
#[derive(Clone)]
pub(crate) struct Confirmed {
    under_way: Arc<Mutex<HashMap<VoteId, watch::Receiver<()>>>>,
    confirmed: Arc<Mutex<Generations>>,
}

/// Votes that were confirmed of late. What knows the age of each would take more memory.
struct Generations {
    current: HashSet<VoteId>,
    former: HashSet<VoteId>,
    began: Instant,
}

impl Generations {
    fn new() -> Self {
        Self {
            current: HashSet::new(),
            former: HashSet::new(),
            began: Instant::now(),
        }
    }

    fn insert(&mut self, vote_id: VoteId) {
        self.turn();
        self.current.insert(vote_id);
    }

    fn contains(&mut self, vote_id: &VoteId) -> bool {
        self.turn();
        self.current.contains(vote_id) || self.former.contains(vote_id)
    }

    /// Begins another generation if it is time to.
    fn turn(&mut self) {
        let age = self.began.elapsed();
        if self.current.len() >= GENERATION_MAX || age >= GENERATION_FOR {
            self.former = std::mem::take(&mut self.current);
            self.began = Instant::now();
        }
        if age >= 2 * GENERATION_FOR {
            self.former = HashSet::new();
        }
    }
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
            confirmed: Arc::new(Mutex::new(Generations::new())),
        }
    }

    /// Notes that `vote_id` is being published; `None` if another task is at it.
    pub(crate) fn begin(&self, vote_id: VoteId) -> Option<UnderWay> {
        let (end, ended) = watch::channel(());
        match self.under_way().entry(vote_id) {
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
        let under_way = self.under_way().get(&vote_id).cloned();
        if let Some(mut ended) = under_way {
            // The sender sends nothing; it goes when the publish has ended.
            while ended.changed().await.is_ok() {}
        }
        self.confirmed().contains(&vote_id)
    }

    fn confirmed(&self) -> MutexGuard<'_, Generations> {
        self.confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<VoteId, watch::Receiver<()>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// Notes that the broker has the vote.
    pub(crate) fn confirm(&self) {
        self.of.confirmed().insert(self.vote_id);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.of.under_way().remove(&self.vote_id);
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

    #[tokio::test(start_paused = true)]
    async fn what_was_confirmed_is_remembered_for_a_generation_and_not_for_ever() {
        let mut generations = Generations::new();
        let vote = |n: usize| VoteId(Uuid::from_u128(n as u128));
        for n in 0..=GENERATION_MAX {
            generations.insert(vote(n));
        }
        assert!(generations.contains(&vote(0)));
        tokio::time::advance(GENERATION_FOR).await;
        // The first generation goes, the second is the former one now.
        assert!(!generations.contains(&vote(0)));
        assert!(generations.contains(&vote(GENERATION_MAX)));
        tokio::time::advance(2 * GENERATION_FOR).await;
        assert!(!generations.contains(&vote(GENERATION_MAX)));
    }

    #[tokio::test]
    async fn a_publish_that_failed_confirms_nothing() {
        let confirmed = Confirmed::new();
        let vote = VoteId(Uuid::from_u128(1));
        drop(confirmed.begin(vote));
        assert!(!confirmed.settled(vote).await);
    }
}
