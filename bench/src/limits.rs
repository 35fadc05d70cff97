//! What the servers of this machine can do at most, asked in the plainest way.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use deadpool_redis::redis::Script;
use futures::{StreamExt, TryStreamExt, stream};
use http_body_util::Full;
use hyper::{Request, StatusCode};
use lapin::options::QueueDeleteOptions;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tokio::time::Instant;
use uuid::Uuid;

use crate::amqp;
use crate::load::{Client, as_fast_as_possible, per_second};
use crate::wire::{Call, Wire, address_of};

/// Requests under way at once.
const AT_ONCE: usize = 64;

/// Bytes of a vote on its way, and of a voter's state: about what Tally's have.
const VOTE_BYTES: usize = 200;
const STATE_BYTES: usize = 600;

/// Rows of one insert.
const ROWS: usize = 256;

/// Keys that are compared and set.
const N_KEYS: usize = 10_000;

/// A request that asks for nothing.
struct Nothing;

impl Client for Nothing {
    fn next(&mut self) -> Call {
        #[expect(clippy::unwrap_used, reason = "all parts are constants")]
        Request::post("/empty")
            .header("host", "localhost")
            .body(Full::new(Bytes::new()))
            .unwrap()
    }
}

/// Requests a second that the rivals' server at `url` answers when it has nothing to do.
pub(crate) async fn empty_route(url: &str, lasting: Duration) -> Result<f64> {
    let address = address_of(url)?;
    let clients = (0..AT_ONCE).map(|_| (Wire::to(&address), Nothing));
    let good = StatusCode::NO_CONTENT;
    let answers = as_fast_as_possible(clients.collect(), lasting, good, None).await?;
    answers.all_good()?;
    Ok(answers.rate())
}

/// Carries `work` out again and again, `AT_ONCE` at a time; how often a second.
async fn again_and_again<F: Future<Output = Result<()>>>(
    lasting: Duration,
    work: impl Fn(usize) -> F,
) -> Result<f64> {
    let began = Instant::now();
    let turns = stream::iter(0..).take_while(|_| {
        let goes_on = began.elapsed() < lasting;
        async move { goes_on }
    });
    let done = turns.map(work).buffer_unordered(AT_ONCE);
    let n = done
        .try_fold(0_u64, |n, ()| async move { Ok(n + 1) })
        .await?;
    Ok(per_second(n, began.elapsed()))
}

/// Single messages a second that a quorum queue confirms.
pub(crate) async fn single_confirms(amqp_url: &str, lasting: Duration) -> Result<f64> {
    let queue = "bench.confirms";
    let (_connection, channel) = amqp::open(amqp_url, queue).await?;
    let body = [7; VOTE_BYTES];
    let rate = again_and_again(lasting, |_| amqp::publish(&channel, queue, &body)).await;
    let deleting = QueueDeleteOptions::default();
    channel.queue_delete(queue.into(), deleting).await?;
    rate
}

/// Values a second that Redis compares and sets.
pub(crate) async fn compare_and_set(redis_url: &str, lasting: Duration) -> Result<f64> {
    let client = deadpool_redis::redis::Client::open(redis_url)?;
    let connection = client.get_multiplexed_async_connection().await?;
    let script = Script::new(
        "if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then \
         redis.call('SET', KEYS[1], ARGV[2]) end return 1",
    );
    let (script, value) = (&script, &[7_u8; STATE_BYTES]);
    again_and_again(lasting, |n| {
        let mut connection = connection.clone();
        async move {
            let key = format!("bench:{}", n % N_KEYS);
            let mut call = script.key(key);
            call.arg("another").arg(&value[..]);
            let _: i64 = call.invoke_async(&mut connection).await?;
            Ok(())
        }
    })
    .await
}

/// Rows of the ledger a second that SQL takes in batches, each with a commit.
pub(crate) async fn batched_inserts(mysql_url: &str, lasting: Duration) -> Result<f64> {
    let mut sql = Conn::new(Opts::from_url(mysql_url)?).await?;
    sql.query_drop("DROP TABLE IF EXISTS bench_ledger").await?;
    sql.query_drop("CREATE TABLE bench_ledger LIKE review_votes")
        .await?;
    let row = "(?, ?, ?, ?, 1, '2026-01-01', 1, 3, NULL, '2026-01-01')";
    let statement = format!(
        "INSERT INTO bench_ledger VALUES {}",
        vec![row; ROWS].join(", ")
    );
    let began = Instant::now();
    let mut n_rows = 0_u64;
    while began.elapsed() < lasting {
        let mut values = Vec::with_capacity(ROWS * 4);
        for n in 0..ROWS {
            for _ in 0..3 {
                values.push(
                    Uuid::from_u128(scattered(n_rows, n, values.len()))
                        .as_bytes()
                        .as_slice()
                        .into(),
                );
            }
            values.push(mysql_async::Value::from(n_rows));
        }
        sql.exec_drop(&statement, values)
            .await
            .context("an insert")?;
        n_rows += ROWS as u64;
    }
    let rate = per_second(n_rows, began.elapsed());
    sql.query_drop("DROP TABLE bench_ledger").await?;
    sql.disconnect().await?;
    Ok(rate)
}

/// Numbers that are spread over the whole range, as ids are.
fn scattered(n_rows: u64, n: usize, which: usize) -> u128 {
    let seed = u128::from(n_rows) << 32 | (n as u128) << 16 | which as u128;
    (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}
