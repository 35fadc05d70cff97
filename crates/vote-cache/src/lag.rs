//! How far settling has come: for each ballot box, when the last vote that settled was
//! admitted. Workers write it, gateways tell from it how old a box's oldest vote is.

use std::time::Duration;

use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};

use crate::counter::Newer;
use crate::{Cache, CacheError};

/// A box that settled nothing for so long is as good as one that never did.
const KEPT_FOR: Duration = Duration::from_secs(86_400);

impl Cache {
    /// Notes that a vote of `ballot_box` has settled that was admitted at `admitted_at`. What
    /// was noted of a later one stays, so several workers may note at once.
    ///
    /// # Errors
    /// [`CacheError`]. Safe to repeat.
    pub async fn note_settled(
        &self,
        ballot_box: &str,
        admitted_at: DateTime<Utc>,
    ) -> Result<(), CacheError> {
        let micros = u64::try_from(admitted_at.timestamp_micros()).unwrap_or_default();
        let newer = Newer {
            key: self.keys.settled(ballot_box),
            value: Bytes::copy_from_slice(&micros.to_be_bytes()),
        };
        self.put_newer(vec![newer], KEPT_FOR).await
    }

    /// What was noted of each of `boxes`, in their order, in one round trip. One may fail
    /// without the others: its key may be on a master that is away.
    pub async fn settled_to(
        &self,
        boxes: &[&str],
    ) -> Vec<Result<Option<DateTime<Utc>>, CacheError>> {
        let keys: Vec<_> = boxes.iter().map(|name| self.keys.settled(name)).collect();
        let values = self.get_values(&keys).await;
        let times = keys.iter().zip(values);
        times
            .map(|(key, value)| value?.map(|value| parse(key, value)).transpose())
            .collect()
    }
}

fn parse(key: &str, mut value: Bytes) -> Result<DateTime<Utc>, CacheError> {
    let foreign = || CacheError::Foreign(key.to_owned());
    if value.len() != size_of::<u64>() {
        return Err(foreign());
    }
    let micros = i64::try_from(value.get_u64()).map_err(|_| foreign())?;
    DateTime::from_timestamp_micros(micros).ok_or_else(foreign)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use vote_domain::{Clock, Ids};

    use super::*;

    #[tokio::test]
    async fn the_latest_that_settled_stands_whoever_notes_it_last() {
        let clock = Clock::system();
        let cache = Cache::memory(clock.clone(), 0, Ids::seeded(1));
        let now = DateTime::from_timestamp_micros(clock.now().timestamp_micros()).unwrap();
        for at in [
            now - TimeDelta::seconds(3),
            now,
            now - TimeDelta::seconds(1),
        ] {
            cache.note_settled("votes.reviews", at).await.unwrap();
        }
        let found = cache.settled_to(&["votes.other", "votes.reviews"]).await;
        let found: Result<Vec<_>, _> = found.into_iter().collect();
        assert_eq!(found.unwrap(), [None, Some(now)]);
    }

    #[tokio::test]
    async fn what_cannot_be_read_of_one_box_hides_no_other() {
        let clock = Clock::system();
        let cache = Cache::memory(clock.clone(), 0, Ids::seeded(1));
        cache
            .note_settled("votes.reviews", clock.now())
            .await
            .unwrap();
        let foreign = Newer {
            key: cache.keys.settled("votes.other"),
            value: Bytes::from_static(b"no time of ours"),
        };
        cache.put_newer(vec![foreign], KEPT_FOR).await.unwrap();
        let found = cache.settled_to(&["votes.other", "votes.reviews"]).await;
        assert!(matches!(found[0], Err(CacheError::Foreign(_))), "{found:?}");
        assert!(matches!(found[1], Ok(Some(_))), "{found:?}");
    }
}
