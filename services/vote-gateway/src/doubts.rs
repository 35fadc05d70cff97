//! Votes of unknown fate that could not be noted as such at once.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use vote_domain::{VoteId, VoterId};

use crate::booth::Booth;
use crate::product::Product;

/// How long until the next try.
const PAUSE: Duration = Duration::from_millis(250);

/// How long it is tried: then the vote's patience has run out, and it is sent again at its
/// voter's next request all the same.
const WITHIN: Duration = Duration::from_secs(30);

/// How often a vote may be looked for in vain: a write that timed out may still arrive.
const MISSES_MAX: u32 = 8;

/// Votes looked after at once.
static PLACES: Semaphore = Semaphore::const_new(1_000);

impl<P: Product> Booth<P> {
    /// Goes on trying to note that nobody knows whether the broker has `vote_id`, which is
    /// in the state of `voter` or may be: so that the voter's next request sends it again,
    /// instead of trusting this gateway to have sent it.
    pub(crate) fn note_doubt_later(&self, voter: VoterId, vote_id: VoteId) {
        let Ok(place) = PLACES.try_acquire() else {
            return;
        };
        let booth = self.clone();
        self.office.runtime.spawn(async move {
            let _place = place;
            let until = Instant::now() + WITHIN;
            let mut n_misses = 0;
            while n_misses < MISSES_MAX && Instant::now() < until {
                sleep(PAUSE).await;
                match booth.mark_unknown(voter, vote_id).await {
                    Ok(true) => {
                        tracing::info!(%vote_id, "vote marked as unknown");
                        return;
                    }
                    // Settled, marked by another, or not there yet.
                    Ok(false) => n_misses += 1,
                    Err(error) => tracing::debug!(%vote_id, %error, "vote not marked as unknown"),
                }
            }
        });
    }
}
