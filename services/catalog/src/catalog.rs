//! The catalog's parts, put together.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bootstrap::Settings;
use chrono::TimeDelta;
use http_kit::rate::Limiter;
use http_kit::{RateLimits, Readiness, Tokens};
use partner_auth::Vault;
use tokio::runtime::Handle;
use vote_cache::{Cache, VoterStates};
use vote_domain::review::QuotaPolicy;
use vote_domain::{Clock, Ids};
use vote_queue::Queue;
use vote_store::Store;

use crate::accounts::passwords::Passwords;
use crate::campaigns::Campaigns;
use crate::entries::Entries;
use crate::failure::Failure;
use crate::reviews::counters::Counters;
use crate::reviews::my_votes::MyVotes;
use crate::reviews::rankings::Rankings;

/// The outside systems a catalog works with.
#[derive(Clone)]
pub struct CatalogParts {
    /// SQL.
    pub store: Store,
    /// Voter states, counters and entries.
    pub cache: Cache,
    /// Where the ballot boxes of campaigns are declared.
    pub queue: Queue,
    /// Makes access tokens.
    pub tokens: Tokens,
    /// The time.
    pub clock: Clock,
    /// Where ids and secrets come from.
    pub ids: Ids,
}

/// What the catalog is held to.
#[derive(Clone)]
pub struct CatalogSettings {
    /// Votes per member and day, and where days begin.
    pub policy: QuotaPolicy,
    /// bcrypt's work factor for new passwords, 4 to 31.
    pub bcrypt_cost: u32,
    /// Passwords hashed at once; 0 for one for every two cores.
    pub hashes_at_once: usize,
    /// How often one user name may be signed in under; `None` where that is not limited.
    pub name_logins: Option<Limiter>,
    /// How long a refresh token is good for.
    pub refresh_token_life: TimeDelta,
    /// Oldest a voter's base may be before SQL is asked again.
    pub base_max_age: TimeDelta,
    /// How long counters are kept in the cache.
    pub counter_ttl: Duration,
    /// How long restaurants, items and reviews are kept in the cache.
    pub entity_ttl: Duration,
    /// How long it is kept that something is not there.
    pub missing_ttl: Duration,
    /// How long lists are kept in the cache.
    pub list_ttl: Duration,
    /// Seals partners' secrets.
    pub vault: Vault,
}

impl CatalogSettings {
    /// What the process' settings say of it.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        let seconds = |s: u64| TimeDelta::seconds(i64::try_from(s).unwrap_or(i64::MAX / 1_000));
        Self {
            policy: QuotaPolicy {
                votes_per_day: settings.reviews.votes_per_day,
                zone: settings.site.time_zone,
            },
            bcrypt_cost: settings.auth.bcrypt_cost,
            hashes_at_once: settings.auth.hashes_at_once,
            name_logins: RateLimits::name_logins(&settings.rate_limits),
            refresh_token_life: seconds(settings.auth.refresh_token_s),
            base_max_age: seconds(settings.gateway.base_max_age_s),
            counter_ttl: Duration::from_secs(settings.cache.counter_ttl_s),
            entity_ttl: Duration::from_secs(settings.cache.entity_ttl_s),
            missing_ttl: Duration::from_secs(settings.cache.missing_ttl_s),
            list_ttl: Duration::from_millis(settings.cache.list_ttl_ms),
            vault: Vault::from_settings(&settings.partners),
        }
    }
}

/// Accounts, restaurants, items and reviews. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    pub(crate) settings: Arc<CatalogSettings>,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) passwords: Passwords,
    pub(crate) states: VoterStates,
    pub(crate) entries: Entries,
    pub(crate) counters: Counters,
    pub(crate) my_votes: MyVotes,
    pub(crate) rankings: Rankings,
    pub(crate) campaigns: Campaigns,
    /// Where writes run: a client that hangs up must not end one between its commit and
    /// the invalidation that follows.
    runtime: Handle,
}

impl Catalog {
    /// Puts the parts together. Call it within the tokio runtime that is to do the work;
    /// connections are made when first used.
    #[must_use]
    pub fn new(parts: CatalogParts, settings: CatalogSettings) -> Self {
        let CatalogParts {
            store,
            cache,
            queue,
            tokens,
            clock,
            ids,
        } = parts;
        let states = VoterStates::of_reviews(cache.clone(), ids.clone());
        Self {
            passwords: Passwords::new(settings.bcrypt_cost, settings.hashes_at_once, ids.clone()),
            entries: Entries::new(cache.clone(), ids.clone()),
            counters: Counters::new(store.clone(), cache.clone(), &settings),
            my_votes: MyVotes::new(store.clone(), states.clone(), &settings),
            rankings: Rankings::new(store.clone(), &settings),
            campaigns: Campaigns::new(queue),
            settings: Arc::new(settings),
            store,
            cache,
            tokens,
            clock,
            ids,
            states,
            runtime: Handle::current(),
        }
    }

    /// What the catalog cannot do without: SQL. Without Redis it still reads.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let store = self.store.clone();
        Readiness::new().needs("database", move || {
            let store = store.clone();
            async move { store.ping().await }
        })
    }

    /// Carries `write` through to its end, also when the client hangs up meanwhile.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        match self.runtime.spawn(write).await {
            Ok(result) => result,
            Err(panic) => Err(Failure::internal(&panic)),
        }
    }
}
