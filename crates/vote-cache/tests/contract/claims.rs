//! A name is claimed once, and the time is one for all.

use std::time::Duration;

use chrono::TimeDelta;
use vote_cache::Cache;
use vote_domain::Clock;

use crate::{LONG, SHORT};

crate::contract! {
    a_name_is_claimed_once_until_its_time_is_up
    of_many_that_claim_at_once_one_does
    the_time_goes_on_and_is_one_for_all
}

async fn a_name_is_claimed_once_until_its_time_is_up(one: Cache, two: Cache) {
    assert!(one.claim("a", SHORT).await.unwrap());
    assert!(!two.claim("a", LONG).await.unwrap());
    assert!(!one.claim("a", LONG).await.unwrap());
    assert!(two.claim("b", LONG).await.unwrap());
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert!(two.claim("a", LONG).await.unwrap());
    assert!(!one.claim("b", LONG).await.unwrap());
}

async fn of_many_that_claim_at_once_one_does(one: Cache, two: Cache) {
    let claims: Vec<_> = (0..40)
        .map(|n| {
            let cache = if n % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { cache.claim("a", LONG).await.unwrap() })
        })
        .collect();
    let mut n_claimed = 0;
    for claim in claims {
        n_claimed += u32::from(claim.await.unwrap());
    }
    assert_eq!(n_claimed, 1);
}

async fn the_time_goes_on_and_is_one_for_all(one: Cache, two: Cache) {
    let (first, second) = (one.now().await.unwrap(), two.now().await.unwrap());
    assert!(first <= second, "{first} {second}");
    let here = Clock::system().now();
    assert!(
        (here - first).abs() < TimeDelta::seconds(10),
        "{here} {first}"
    );
}
