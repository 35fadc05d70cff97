//! Locks that somebody else holds.

use std::time::Duration;

use anyhow::Result;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tokio::time::{Instant, sleep};

use crate::chaos::books::connect;
use crate::real_stack::RealStack;

/// How long the adversary thinks between two locks.
const PAUSE: Duration = Duration::from_millis(10);

/// Lets nobody write for `away`.
pub(crate) async fn lock_tables(away: Duration, stack: &RealStack) -> Result<()> {
    let mut sql = connect(&stack.mysql_url).await?;
    sql.query_drop("FLUSH TABLES WITH READ LOCK").await?;
    sleep(away).await;
    sql.query_drop("UNLOCK TABLES").await?;
    sql.disconnect().await?;
    Ok(())
}

/// Locks rows that settling locks, in the opposite order, again and again for `away`.
///
/// Settling takes voters before counters and each in the order of their keys; this takes
/// counters from the last to the first and then voters from the last to the first.
pub(super) async fn provoke_deadlocks(
    which: usize,
    away: Duration,
    stack: &RealStack,
) -> Result<()> {
    let mut sql = connect(&stack.mysql_url).await?;
    let reviews: Vec<Vec<u8>> = sql
        .query("SELECT review_id FROM review_counters ORDER BY review_id DESC LIMIT 40")
        .await?;
    let voters: Vec<Vec<u8>> = sql
        .query("SELECT voter_id FROM review_voters ORDER BY voter_id DESC LIMIT 40")
        .await?;
    let totals: Vec<(Vec<u8>, i64, i64)> = sql
        .query(
            "SELECT campaign_id, option_no, channel_no FROM campaign_totals \
             ORDER BY campaign_id DESC, option_no DESC, channel_no DESC LIMIT 40",
        )
        .await?;
    let until = Instant::now() + away;
    let mut n = which;
    while Instant::now() < until {
        n += 1;
        // Whoever is chosen as the victim starts over, the adversary too.
        let _ = lock_backwards(&mut sql, &reviews, &voters, &totals, n).await;
        let _ = sql.query_drop("ROLLBACK").await;
        sleep(PAUSE).await;
    }
    sql.disconnect().await?;
    Ok(())
}

async fn lock_backwards(
    sql: &mut Conn,
    reviews: &[Vec<u8>],
    voters: &[Vec<u8>],
    totals: &[(Vec<u8>, i64, i64)],
    n: usize,
) -> Result<()> {
    sql.query_drop("START TRANSACTION").await?;
    for total in totals.iter().skip(n % 3).step_by(3).take(6) {
        sql.exec_drop(
            "SELECT tickets FROM campaign_totals WHERE campaign_id = ? AND option_no = ? \
             AND channel_no = ? FOR UPDATE",
            total.clone(),
        )
        .await?;
        sleep(PAUSE).await;
    }
    for review in reviews.iter().skip(n % 5).step_by(5).take(4) {
        let lock = "SELECT up FROM review_counters WHERE review_id = ? FOR UPDATE";
        sql.exec_drop(lock, (review,)).await?;
        sleep(PAUSE).await;
    }
    for voter in voters.iter().skip(n % 5).step_by(5).take(4) {
        let lock = "SELECT version FROM review_voters WHERE voter_id = ? FOR UPDATE";
        sql.exec_drop(lock, (voter,)).await?;
        sleep(PAUSE).await;
    }
    Ok(())
}
