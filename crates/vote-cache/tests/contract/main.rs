//! What both adapters promise, asked of each of them: Redis and memory.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

mod claims;
mod counters;
mod entries;
mod loading;
mod presence;
mod states;

use std::time::Duration;

use bootstrap::{Secret, settings};
use test_stack::Stack;
use uuid::Uuid;
use vote_cache::Cache;
use vote_domain::{Clock, Ids};

/// No jitter, so that tests may count on times to live.
const JITTER_PERCENT: u32 = 0;

/// Long enough not to end within a test.
const LONG: Duration = Duration::from_secs(100);

/// Short enough to wait for; a busy machine must not exceed it between two calls.
const SHORT: Duration = Duration::from_millis(400);

/// A cache in Redis below a prefix of its own, seen by one more process.
async fn redis() -> (Cache, Cache) {
    let endpoints = Stack::shared().await.unwrap();
    let settings = settings::Redis {
        url: Some(Secret::new(endpoints.redis_url.clone())),
        key_prefix: format!("t:{}", Ids::random().next::<Uuid>()),
        connections: 2,
        response_timeout_ms: 5_000,
    };
    let open = || Cache::redis(&settings, JITTER_PERCENT, Ids::random()).unwrap();
    (open(), open())
}

/// A cache in memory; there can be no other process.
async fn memory() -> (Cache, Cache) {
    let cache = Cache::memory(Clock::system(), JITTER_PERCENT, Ids::random());
    (cache.clone(), cache)
}

/// Runs each test of the module on both adapters. A test takes the cache as two
/// processes see it.
macro_rules! contract {
    ($($name:ident)+) => {
        mod on_redis {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let (one, two) = crate::redis().await;
                    super::$name(one, two).await;
                }
            )+
        }
        mod in_memory {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let (one, two) = crate::memory().await;
                    super::$name(one, two).await;
                }
            )+
        }
    };
}
use contract;
