//! The worker as a service: settings to parts, and what readiness asks.

use std::time::Duration;

use bootstrap::settings::Settings;
use http_kit::Readiness;
use vote_queue::LinkHealth;
use vote_store::settle::RewardPolicy;

use crate::worker::{Worker, WorkerSettings};

impl WorkerSettings {
    /// What `settings` say of the worker.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        let worker = &settings.worker;
        Self {
            boxes: worker.boxes.clone(),
            batch_votes_max: worker.batch_votes_max,
            batch_linger: Duration::from_millis(worker.batch_linger_ms),
            consumers: worker.consumers,
            campaign_consumers: worker.campaign_consumers,
            prefetch: worker.prefetch,
            reward: RewardPolicy {
                up_votes: settings.reviews.reward.up_votes,
                credit: settings.reviews.reward.credit,
            },
            counter_ttl: Duration::from_secs(settings.cache.counter_ttl_s),
            close_quiet: Duration::from_millis(
                worker
                    .close_quiet_ms
                    .max(settings.gateway.accept_timeout_ms),
            ),
        }
    }
}

impl Worker {
    /// What the worker needs to settle votes.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let (queue, store, settling) = (self.queue.clone(), self.store.clone(), self.clone());
        Readiness::new()
            .needs("queue", move || {
                let health = queue.health().consume;
                async move {
                    match health {
                        LinkHealth::Up => Ok(()),
                        LinkHealth::Blocked(reason) => Err(format!("blocked: {reason}")),
                        LinkHealth::Down(reason) => Err(format!("down: {reason}")),
                    }
                }
            })
            .needs("database", move || {
                let store = store.clone();
                async move { store.ping().await }
            })
            .needs("settling", move || {
                let check = settling.check();
                async move { check }
            })
    }
}
