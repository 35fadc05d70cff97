//! Whoever asks gets an entry; SQL is asked once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, Semaphore};
use vote_cache::{Cache, LoadError, Loader};

use crate::{LONG, SHORT};

crate::contract! {
    what_was_loaded_is_kept_for_all
    a_missing_thing_is_kept_for_its_own_time
    many_who_ask_at_once_cause_one_load
    a_load_that_began_before_an_invalidation_is_not_kept
    who_asks_after_an_invalidation_does_not_join_a_load_from_before
    a_failed_load_is_shared_but_not_kept
    a_load_that_all_left_does_not_hinder_the_next
    loads_wait_for_their_turn
}

/// A row in SQL: counts how often it is read, and lets the test hold a read up.
#[derive(Clone, Default)]
struct Row {
    value: Arc<AtomicU32>,
    n_loads: Arc<AtomicU32>,
    loading: Arc<Notify>,
}

impl Row {
    fn set(&self, value: u32) {
        self.value.store(value, Ordering::SeqCst);
    }

    fn n_loads(&self) -> u32 {
        self.n_loads.load(Ordering::SeqCst)
    }

    /// Reads the row; 0 is no row.
    fn read(&self) -> Option<Bytes> {
        self.n_loads.fetch_add(1, Ordering::SeqCst);
        match self.value.load(Ordering::SeqCst) {
            0 => None,
            value => Some(Bytes::from(value.to_string())),
        }
    }

    async fn get(&self, loader: &Loader<io::Error>) -> Option<Bytes> {
        let row = self.clone();
        let load = || async move { Ok(row.read()) };
        loader.get_or_load("row", LONG, SHORT, load).await.unwrap()
    }

    /// As [`Row::get`], but what was read is held up until `go` has a permit.
    async fn get_slowly(&self, loader: &Loader<io::Error>, go: Arc<Semaphore>) -> Option<Bytes> {
        let row = self.clone();
        let load = || async move {
            let read = row.read();
            row.loading.notify_one();
            go.acquire().await.unwrap().forget();
            Ok(read)
        };
        loader.get_or_load("row", LONG, SHORT, load).await.unwrap()
    }
}

fn loader(cache: &Cache) -> Loader<io::Error> {
    Loader::new(cache.clone(), 8)
}

fn bytes(value: u32) -> Option<Bytes> {
    Some(Bytes::from(value.to_string()))
}

async fn what_was_loaded_is_kept_for_all(one: Cache, two: Cache) {
    let row = Row::default();
    row.set(1);
    assert_eq!(row.get(&loader(&one)).await, bytes(1));
    row.set(2);
    assert_eq!(row.get(&loader(&one)).await, bytes(1));
    assert_eq!(row.get(&loader(&two)).await, bytes(1));
    assert_eq!(row.n_loads(), 1);
    two.invalidate(&["row"]).await.unwrap();
    assert_eq!(row.get(&loader(&one)).await, bytes(2));
    assert_eq!(row.n_loads(), 2);
}

async fn a_missing_thing_is_kept_for_its_own_time(one: Cache, two: Cache) {
    let row = Row::default();
    assert_eq!(row.get(&loader(&one)).await, None);
    row.set(1);
    assert_eq!(row.get(&loader(&two)).await, None);
    assert_eq!(row.n_loads(), 1);
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(row.get(&loader(&two)).await, bytes(1));
}

async fn many_who_ask_at_once_cause_one_load(one: Cache, two: Cache) {
    let row = Row::default();
    row.set(1);
    let (here, there) = (loader(&one), loader(&two));
    let go = Arc::new(Semaphore::new(0));
    let askers: Vec<_> = (0..100)
        .map(|n| {
            let (row, go) = (row.clone(), Arc::clone(&go));
            let loader = if n % 2 == 0 {
                here.clone()
            } else {
                there.clone()
            };
            tokio::spawn(async move { row.get_slowly(&loader, go).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    go.add_permits(2);
    for asker in askers {
        assert_eq!(asker.await.unwrap(), bytes(1));
    }
    // One for each process.
    assert!((1..=2).contains(&row.n_loads()), "{}", row.n_loads());
}

async fn a_load_that_began_before_an_invalidation_is_not_kept(one: Cache, two: Cache) {
    let row = Row::default();
    row.set(1);
    let (slow, go) = (row.clone(), Arc::new(Semaphore::new(0)));
    let (loader_one, held) = (loader(&one), Arc::clone(&go));
    let before = tokio::spawn(async move { slow.get_slowly(&loader_one, held).await });
    row.loading.notified().await;
    row.set(2);
    two.invalidate(&["row"]).await.unwrap();
    go.add_permits(1);
    assert_eq!(
        before.await.unwrap(),
        bytes(1),
        "it asked before the change"
    );
    assert_eq!(one.get("row").await.unwrap(), None, "but it is not kept");
    assert_eq!(row.get(&loader(&one)).await, bytes(2));
}

async fn who_asks_after_an_invalidation_does_not_join_a_load_from_before(one: Cache, two: Cache) {
    let row = Row::default();
    row.set(1);
    let (slow, go, loader) = (row.clone(), Arc::new(Semaphore::new(0)), loader(&one));
    let (same, held) = (loader.clone(), Arc::clone(&go));
    let before = tokio::spawn(async move { slow.get_slowly(&same, held).await });
    row.loading.notified().await;
    row.set(2);
    two.invalidate(&["row"]).await.unwrap();
    assert_eq!(
        row.get(&loader).await,
        bytes(2),
        "while the old load goes on"
    );
    go.add_permits(1);
    assert_eq!(before.await.unwrap(), bytes(1));
    assert_eq!(
        row.get(&loader).await,
        bytes(2),
        "the old load put nothing back"
    );
    assert_eq!(row.n_loads(), 2);
}

async fn a_failed_load_is_shared_but_not_kept(one: Cache, _: Cache) {
    let loader = loader(&one);
    let failing = || async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(io::Error::other("SQL is away"))
    };
    let (first, second) = tokio::join!(
        loader.get_or_load("row", LONG, SHORT, failing),
        loader.get_or_load("row", LONG, SHORT, failing),
    );
    for failed in [first, second] {
        let error = failed.unwrap_err();
        assert!(matches!(&error, LoadError::Failed(_)));
        assert_eq!(error.to_string(), "SQL is away");
    }
    let row = Row::default();
    row.set(1);
    assert_eq!(row.get(&loader).await, bytes(1));
}

async fn a_load_that_all_left_does_not_hinder_the_next(one: Cache, two: Cache) {
    let row = Row::default();
    row.set(1);
    let loader_one = loader(&one);
    let (slow, same) = (row.clone(), loader_one.clone());
    let never = Arc::new(Semaphore::new(0));
    let left = tokio::spawn(async move { slow.get_slowly(&same, never).await });
    row.loading.notified().await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    assert_eq!(row.get(&loader_one).await, bytes(1));
    assert_eq!(row.n_loads(), 2);
    assert_eq!(
        row.get(&loader(&two)).await,
        bytes(1),
        "under the lease it left"
    );
    assert_eq!(row.n_loads(), 2);
}

async fn loads_wait_for_their_turn(one: Cache, _: Cache) {
    let loader: Loader<io::Error> = Loader::new(one, 2);
    let (under_way, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let loads = (0..10).map(|n| {
        let (loader, under_way, most) = (loader.clone(), Arc::clone(&under_way), Arc::clone(&most));
        tokio::spawn(async move {
            let load = || async move {
                let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                under_way.fetch_sub(1, Ordering::SeqCst);
                Ok(None)
            };
            loader
                .get_or_load(&n.to_string(), LONG, SHORT, load)
                .await
                .unwrap()
        })
    });
    for load in loads.collect::<Vec<_>>() {
        load.await.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}
