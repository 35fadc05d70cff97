//! Which gateways live, so that the votes of one that is gone are sent again.

use std::time::Duration;

use moka::future::Cache as Memory;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vote_cache::Cache;

/// How often a gateway says that it lives, and how long one is believed.
const BEAT_EVERY: Duration = Duration::from_secs(1);
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// How long what was learned of another gateway is used again.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// The gateways' signs of life.
#[derive(Clone)]
pub(crate) struct Heartbeats {
    own: Uuid,
    cache: Cache,
    others: Memory<Uuid, bool>,
    stop: CancellationToken,
}

impl Heartbeats {
    /// Begins to say that `own` lives.
    pub(crate) fn start(cache: Cache, own: Uuid) -> Self {
        let stop = CancellationToken::new();
        let heartbeats = Self {
            own,
            cache: cache.clone(),
            others: Memory::builder()
                .max_capacity(10_000)
                .time_to_live(KEPT_FOR)
                .build(),
            stop: stop.clone(),
        };
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(BEAT_EVERY);
            beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while stop.run_until_cancelled(beat.tick()).await.is_some() {
                if let Err(error) = cache.beat(own, BELIEVED_FOR).await {
                    // Readiness tells; others send our votes again, which is safe.
                    tracing::debug!(%error, "no heartbeat");
                }
            }
        });
        heartbeats
    }

    /// Whether `gateway` lives. Where nobody can say, it is taken for dead: sending its
    /// votes again is safe, stranding them is not.
    pub(crate) async fn is_alive(&self, gateway: Uuid) -> bool {
        if gateway == self.own {
            return true;
        }
        if let Some(alive) = self.others.get(&gateway).await {
            return alive;
        }
        let alive = self.cache.alive(&[gateway]).await;
        let alive = alive.is_ok_and(|alive| alive.first() == Some(&true));
        self.others.insert(gateway, alive).await;
        alive
    }

    /// Says no more that this process lives.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}
