//! The gateway as a service: settings to parts, and what readiness asks.

use std::time::Duration;

use bootstrap::settings::Settings;
use http_kit::Readiness;
use vote_domain::review::QuotaPolicy;
use vote_queue::PublisherSettings;

use crate::gateway::{Gateway, GatewaySettings};
use crate::pressure::PressureSettings;

impl GatewaySettings {
    /// What `settings` say of the gateway.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        let gateway = &settings.gateway;
        Self {
            policy: QuotaPolicy {
                votes_per_day: settings.reviews.votes_per_day,
                zone: settings.site.time_zone,
            },
            accept_timeout: Duration::from_millis(gateway.accept_timeout_ms),
            publisher: PublisherSettings {
                lanes: gateway.lanes,
                votes_max: gateway.batch_votes_max,
                bytes_max: gateway.batch_bytes_max,
                waiting_max: gateway.waiting_max,
            },
            base_max_age: Duration::from_secs(gateway.base_max_age_s),
            facts_max_age: Duration::from_millis(gateway.facts_max_age_ms),
            counter_ttl: Duration::from_secs(settings.cache.counter_ttl_s),
            pressure: PressureSettings::from_settings(gateway),
        }
    }
}

impl Gateway {
    /// What the gateway needs to accept votes.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let (queue, cache, store) = (self.clone(), self.clone(), self.clone());
        Readiness::new()
            .needs("queue", move || {
                let ready = queue.reviews.way.ready();
                async move { ready }
            })
            .needs("voter states", move || {
                let cache = cache.cache.clone();
                async move { cache.health().await }
            })
            .needs("database", move || {
                let store = store.store.clone();
                async move { store.ping().await }
            })
    }
}
