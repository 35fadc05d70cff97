//! Who is alive, and whether the data is the data from before.

use std::time::Duration;

use uuid::Uuid;
use vote_cache::Cache;

use crate::{LONG, SHORT};

crate::contract! {
    the_first_epoch_stands
    a_gateway_is_alive_until_its_beat_is_old
    the_cache_is_healthy
}

async fn the_first_epoch_stands(one: Cache, two: Cache) {
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(one.epoch().await.unwrap(), None);
    // Each master of a cluster has its own part in what stands.
    let stands = one.set_epoch_if_absent(first).await.unwrap();
    assert_ne!(stands, second);
    assert_eq!(two.set_epoch_if_absent(second).await.unwrap(), stands);
    assert_eq!(one.set_epoch_if_absent(first).await.unwrap(), stands);
    assert_eq!(two.epoch().await.unwrap(), Some(stands));
}

async fn a_gateway_is_alive_until_its_beat_is_old(one: Cache, two: Cache) {
    let gateways = [1, 2, 3].map(Uuid::from_u128);
    assert_eq!(one.alive(&gateways).await.unwrap(), [false; 3]);
    one.beat(gateways[0], SHORT).await.unwrap();
    one.beat(gateways[2], LONG).await.unwrap();
    assert_eq!(two.alive(&gateways).await.unwrap(), [true, false, true]);
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(two.alive(&gateways).await.unwrap(), [false, false, true]);
    assert!(two.alive(&[]).await.unwrap().is_empty());
}

async fn the_cache_is_healthy(one: Cache, _: Cache) {
    one.health().await.unwrap();
}
