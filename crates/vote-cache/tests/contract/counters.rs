//! Of two versions of a counter the newer one stands.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;
use vote_cache::{Cache, Counter};

use crate::{LONG, SHORT};

crate::contract! {
    counters_nobody_put_are_none
    the_newest_version_stands_in_whichever_order_it_comes
    counters_go_and_the_same_version_again_keeps_them
}

fn counter(id: u128, version: u64) -> Counter {
    Counter {
        id: Uuid::from_u128(id),
        version,
        bytes: Bytes::from(format!("counts of {version}")),
    }
}

async fn get(cache: &Cache, id: u128) -> Option<Counter> {
    let mut counters = cache.get_counters(&[Uuid::from_u128(id)]).await.unwrap();
    assert_eq!(counters.len(), 1);
    counters.remove(0)
}

async fn counters_nobody_put_are_none(one: Cache, two: Cache) {
    assert!(one.get_counters(&[]).await.unwrap().is_empty());
    one.put_counters(&[], LONG).await.unwrap();
    one.put_counters(&[counter(2, 1)], LONG).await.unwrap();
    let ids: Vec<_> = (1..=3).map(Uuid::from_u128).collect();
    let counters = two.get_counters(&ids).await.unwrap();
    assert_eq!(counters, [None, Some(counter(2, 1)), None]);
}

async fn the_newest_version_stands_in_whichever_order_it_comes(one: Cache, two: Cache) {
    // Neighbours where a careless comparison of numbers or strings goes wrong.
    let versions = [
        0,
        1,
        9,
        10,
        255,
        256,
        (1 << 31) - 1,
        (1 << 32) - 1,
        1 << 32,
        (1 << 53) - 1,
        1 << 53,
        (1 << 53) + 1,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
    ];
    for (id, pair) in (0..).zip(versions.windows(2)) {
        let [old, new] = [counter(id, pair[0]), counter(id, pair[1])];
        one.put_counters(std::slice::from_ref(&old), LONG)
            .await
            .unwrap();
        assert_eq!(get(&two, id).await, Some(old.clone()));
        two.put_counters(std::slice::from_ref(&new), LONG)
            .await
            .unwrap();
        assert_eq!(get(&one, id).await, Some(new.clone()));
        one.put_counters(&[old], LONG).await.unwrap();
        assert_eq!(get(&two, id).await, Some(new));
    }
    // Both in one call.
    let both = [counter(99, 2), counter(99, 1)];
    one.put_counters(&both, LONG).await.unwrap();
    assert_eq!(get(&one, 99).await, Some(counter(99, 2)));
}

async fn counters_go_and_the_same_version_again_keeps_them(one: Cache, _: Cache) {
    one.put_counters(&[counter(1, 1), counter(2, 1)], SHORT)
        .await
        .unwrap();
    one.put_counters(&[counter(2, 1)], LONG).await.unwrap();
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(get(&one, 1).await, None);
    assert_eq!(get(&one, 2).await, Some(counter(2, 1)));
}
