//! Whether the voter states are the ones that were there before.

use chrono::{DateTime, TimeDelta, Utc};
use vote_cache::Cache;
use vote_domain::Ids;
use vote_store::Store;

use crate::error::Unavailable;

/// The states' name in SQL.
const NAME: &str = "voters";

/// How long after a loss nobody can say of a vote that it never was.
const OPEN_FOR: TimeDelta = TimeDelta::minutes(10);

/// Tells a loss of the voter states from their first start: SQL remembers which
/// incarnation of them it saw last.
#[derive(Clone)]
pub(crate) struct Epoch {
    store: Store,
    cache: Cache,
    ids: Ids,
}

impl Epoch {
    pub(crate) fn new(store: Store, cache: Cache, ids: Ids) -> Self {
        Self { store, cache, ids }
    }

    /// Notes which incarnation the states are at `now`, so that a later loss is noticed;
    /// answers when one was last lost.
    pub(crate) async fn check(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Unavailable> {
        let unavailable = |error| Unavailable::of("voter states", error);
        let epoch = match self.cache.epoch().await.map_err(unavailable)? {
            Some(epoch) => epoch,
            None => {
                let mine = self.ids.next();
                self.cache
                    .set_epoch_if_absent(mine)
                    .await
                    .map_err(unavailable)?
            }
        };
        Ok(self.store.note_epoch(NAME, epoch, now).await?)
    }

    /// Whether states were lost so lately that a vote nobody knows may still be under way.
    pub(crate) async fn is_open(&self, now: DateTime<Utc>) -> Result<bool, Unavailable> {
        let lost_at = self.check(now).await?;
        Ok(lost_at.is_some_and(|lost_at| now < lost_at + OPEN_FOR))
    }
}
