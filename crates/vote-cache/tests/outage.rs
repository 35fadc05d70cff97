//! Redis may vanish at any moment. Calls say so quickly, and go on when it is back.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bootstrap::{Secret, settings};
use bytes::Bytes;
use test_stack::{Stack, free_port};
use tokio::sync::{Mutex, OnceCell};
use vote_cache::{Cache, CacheError, Keep, LoadError, Loader, StateKey, Token, Written};
use vote_domain::Ids;

const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Longest a call may take while Redis is away: a new connection, and a little.
const QUICK: Duration = Duration::from_millis(1_500);

/// Longest until a cache goes on after Redis is back.
const RECOVERY: Duration = Duration::from_secs(5);

/// One private stack for these tests, which take turns at breaking it.
static STACK: OnceCell<(Stack, Mutex<()>)> = OnceCell::const_new();

async fn stack() -> &'static (Stack, Mutex<()>) {
    let start = || async { (Stack::start().await.unwrap(), Mutex::default()) };
    STACK.get_or_init(start).await
}

fn cache(url: &str, connections: usize) -> Cache {
    let settings = settings::Redis {
        url: Some(Secret::new(url)),
        key_prefix: "tally".to_owned(),
        connections,
        response_timeout_ms: u64::try_from(RESPONSE_TIMEOUT.as_millis()).unwrap(),
    };
    Cache::redis(&settings, 20, Ids::random()).unwrap()
}

/// Writes a state and reads it back.
async fn use_states(cache: &Cache, ids: &Ids) -> Result<(), CacheError> {
    let key = StateKey::new("votes.reviews", Token::draw(ids).0[0]);
    let read = cache.read_states(std::slice::from_ref(&key)).await?;
    let write = vote_cache::Write {
        key: key.clone(),
        expected: read[0].state.as_ref().map(|state| state.token),
        new_token: Token::draw(ids),
        bytes: Bytes::from_static(b"state"),
        keep: Keep::ForEver,
    };
    let written = cache.write_states(vec![write]).await?;
    assert_eq!(written, [Written::Written]);
    Ok(())
}

async fn recovers(cache: &Cache, ids: &Ids) {
    let back = Instant::now();
    while let Err(error) = use_states(cache, ids).await {
        assert!(back.elapsed() < RECOVERY, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn fails_quickly(cache: &Cache, ids: &Ids) {
    for _ in 0..10 {
        let asked = Instant::now();
        let error = use_states(cache, ids).await.unwrap_err();
        assert!(matches!(error, CacheError::Unavailable(_)), "{error}");
        assert!(asked.elapsed() < QUICK, "{:?}", asked.elapsed());
    }
    assert!(cache.health().await.is_err());
}

#[tokio::test]
async fn a_redis_that_is_killed_is_missed_quickly_and_found_again() {
    let (stack, turn) = stack().await;
    let _turn = turn.lock().await;
    let ids = Ids::random();
    let cache = cache(&stack.redis_url(), 4);
    recovers(&cache, &ids).await;
    for _ in 0..3 {
        stack.redis.kill();
        fails_quickly(&cache, &ids).await;
        stack.redis.start().await.unwrap();
        recovers(&cache, &ids).await;
    }
    cache.health().await.unwrap();
}

#[tokio::test]
async fn a_restart_between_two_calls_is_not_noticed() {
    let (stack, turn) = stack().await;
    let _turn = turn.lock().await;
    let ids = Ids::random();
    for connections in [1, 4] {
        let cache = cache(&stack.redis_url(), connections);
        recovers(&cache, &ids).await;
        stack.redis.restart().await.unwrap();
        use_states(&cache, &ids).await.unwrap();
        use_states(&cache, &ids).await.unwrap();
    }
}

#[tokio::test]
async fn a_redis_that_stands_still_is_given_up_in_time_and_found_again() {
    let (stack, turn) = stack().await;
    let _turn = turn.lock().await;
    let ids = Ids::random();
    let cache = cache(&stack.redis_url(), 2);
    recovers(&cache, &ids).await;
    stack.redis.pause().unwrap();
    fails_quickly(&cache, &ids).await;
    stack.redis.resume().unwrap();
    recovers(&cache, &ids).await;
}

#[tokio::test]
async fn scripts_that_were_flushed_are_loaded_again() {
    let (stack, turn) = stack().await;
    let _turn = turn.lock().await;
    let ids = Ids::random();
    let cache = cache(&stack.redis_url(), 2);
    recovers(&cache, &ids).await;
    let mut redis = TcpStream::connect(("127.0.0.1", stack.redis.port())).unwrap();
    redis.write_all(b"SCRIPT FLUSH\r\n").unwrap();
    let mut answer = [0; 5];
    redis.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+OK\r\n");
    use_states(&cache, &ids).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_was_never_there_fails_quickly_and_says_why() {
    let cache = cache(&format!("redis://127.0.0.1:{}", free_port().unwrap()), 2);
    let asked = Instant::now();
    let error = cache.health().await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(asked.elapsed() < QUICK);
}

#[tokio::test]
async fn what_is_no_redis_url_is_refused_without_quoting_it() {
    for url in [
        "",
        "hunter2",
        "http://user:hunter2@host/",
        "redis://:hunter2@:x/",
    ] {
        let settings = settings::Redis {
            url: Some(Secret::new(url)),
            ..settings::Redis::default()
        };
        let Err(error) = Cache::redis(&settings, 0, Ids::random()) else {
            panic!("{url} was taken");
        };
        assert!(matches!(error, CacheError::InvalidUrl));
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn without_redis_entries_are_loaded_once_for_all_who_ask() {
    let cache = cache(&format!("redis://127.0.0.1:{}", free_port().unwrap()), 2);
    let loader: Loader<std::io::Error> = Loader::new(cache.clone(), 1);
    let n_loads = Arc::new(AtomicU32::new(0));
    let load = |name: &'static str| {
        let (loader, n_loads) = (loader.clone(), Arc::clone(&n_loads));
        let load = || async move {
            n_loads.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(Some(Bytes::from_static(b"row")))
        };
        async move {
            let ttl = Duration::from_secs(60);
            loader.get_or_load(name, ttl, ttl, load).await
        }
    };
    // Settled, so that all of them ask at the same time.
    let _ = cache.health().await;
    let (a, b, c) = tokio::join!(load("row"), load("row"), load("row"));
    for loaded in [a, b, c] {
        assert_eq!(loaded.unwrap(), Some(Bytes::from_static(b"row")));
    }
    assert_eq!(n_loads.load(Ordering::SeqCst), 1);
    // An invalidation fails, but who asks after it still joins no load from before.
    let before = tokio::spawn(load("row"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(cache.invalidate(&["row"]).await.is_err());
    load("row").await.unwrap();
    before.await.unwrap().unwrap();
    assert_eq!(n_loads.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn loads_that_wait_too_long_for_their_turn_are_turned_away() {
    let cache = Cache::memory(vote_domain::Clock::system(), 0, Ids::random());
    let loader: Loader<std::io::Error> = Loader::new(cache, 1);
    let ttl = Duration::from_secs(60);
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(None)
    };
    let (first, second) = tokio::join!(
        loader.get_or_load("a", ttl, ttl, slow),
        loader.get_or_load("b", ttl, ttl, slow),
    );
    assert_eq!(first.unwrap(), None);
    assert!(matches!(second, Err(LoadError::Overloaded)));
}
