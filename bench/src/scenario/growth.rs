//! What a vote costs when there are many already.
//!
//! The votes of before are written into SQL as the workers would have written them, so that
//! `votectl verify` finds nothing to say about them.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tokio::time::{Instant, sleep};

use super::sustained::{Sustained, sustained};
use crate::ground::Aim;
use crate::run::Bench;

/// How many votes there are before it is measured.
const LEVELS: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// Who cast them, in turn.
const N_VOTERS: u64 = 200_000;

/// Rows written in one statement.
const ROWS: u64 = 100_000;

/// Pages that may still have to be written, and old rows to be thrown away, when it is measured.
const UNWRITTEN_MAX: u64 = 1_000;

/// How long SQL may take to write the votes of before to where they belong.
const WRITTEN_WITHIN: Duration = Duration::from_secs(300);

/// Measures the pace at each level; `tell` is told which comes.
///
/// # Errors
/// When SQL refuses, or a vote is not counted.
pub(crate) async fn growth(
    bench: &mut Bench,
    lasting: Duration,
    tell: impl Fn(u64),
) -> Result<Vec<(u64, Sustained)>> {
    let mut sql = Conn::new(Opts::from_url(&bench.stack.mysql_url)?).await?;
    number_reviews(&mut sql).await?;
    let (mut found, mut n_before) = (Vec::new(), 0);
    for level in LEVELS {
        tell(level);
        while n_before < level {
            let last = level.min(n_before + ROWS);
            write_votes(&mut sql, n_before, last).await?;
            n_before = last;
        }
        add_up(&mut sql, level).await?;
        until_written(&mut sql).await?;
        // States and counters of before are old news.
        sustained(bench, Aim::Reviews, lasting / 4).await?;
        found.push((level, sustained(bench, Aim::Reviews, lasting).await?));
        bench.check_ledgers(level).await?;
    }
    sql.query_drop("DROP TABLE bench_reviews").await?;
    sql.disconnect().await?;
    Ok(found)
}

/// Waits until SQL has nothing left to do of what was written at once.
async fn until_written(sql: &mut Conn) -> Result<()> {
    sql.query_drop("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        .await?;
    let until = Instant::now() + WRITTEN_WITHIN;
    loop {
        let left: Vec<(String, u64)> = sql
            .query(
                "SHOW GLOBAL STATUS WHERE Variable_name IN \
                 ('Innodb_buffer_pool_pages_dirty', 'Innodb_history_list_length')",
            )
            .await?;
        if left.iter().all(|(_, n)| *n <= UNWRITTEN_MAX) {
            break;
        }
        if Instant::now() >= until {
            bail!("SQL does not come to rest: {left:?}");
        }
        sleep(Duration::from_millis(200)).await;
    }
    sql.query_drop("SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT")
        .await?;
    Ok(())
}

/// What a vote costs at the last level, by what it costs at the first.
pub(crate) fn ratio(found: &[(u64, Sustained)]) -> f64 {
    match found {
        [(_, first), .., (_, last)] => last.cost_us() / first.cost_us(),
        _ => f64::NAN,
    }
}

async fn number_reviews(sql: &mut Conn) -> Result<()> {
    for statement in [
        "DROP TABLE IF EXISTS bench_reviews",
        "CREATE TABLE bench_reviews (no INT NOT NULL PRIMARY KEY, review_id BINARY(16) NOT NULL)",
        "INSERT INTO bench_reviews SELECT ROW_NUMBER() OVER (ORDER BY review_id) - 1, review_id \
         FROM reviews",
    ] {
        sql.query_drop(statement).await?;
    }
    Ok(())
}

/// Writes the votes numbered `first` to `last`, which is not included. A voter's votes go
/// to one review after the other.
async fn write_votes(sql: &mut Conn, first: u64, last: u64) -> Result<()> {
    let n_reviews: Option<u64> = sql
        .query_first("SELECT COUNT(*) FROM bench_reviews")
        .await?;
    let n_reviews = n_reviews.context("no reviews")?;
    let from = format!(
        "FROM seq_{first}_to_{last} AS votes JOIN bench_reviews AS reviews \
         ON reviews.no = (votes.seq DIV {N_VOTERS} + votes.seq) % {n_reviews}",
        last = last - 1
    );
    let voter = format!("UNHEX(MD5(CONCAT('voter ', votes.seq % {N_VOTERS})))");
    let vote = "UNHEX(MD5(CONCAT('vote ', votes.seq)))";
    sql.query_drop(format!(
        "INSERT INTO review_votes SELECT {vote}, {voter}, reviews.review_id, votes.seq + 1, 1, \
         '2026-01-01', 1, 10000, NULL, '2026-01-01' {from}"
    ))
    .await?;
    sql.query_drop(format!(
        "INSERT INTO review_standings SELECT {voter}, reviews.review_id, votes.seq + 1, {vote}, 1, \
         TRUE {from}"
    ))
    .await?;
    Ok(())
}

/// Adds up what follows from the first `n_votes` votes: voters, accounts, their day, counters.
async fn add_up(sql: &mut Conn, n_votes: u64) -> Result<()> {
    let n_voters = N_VOTERS.min(n_votes);
    let voter = "UNHEX(MD5(CONCAT('voter ', seq)))";
    let n_own = format!("({n_votes} - 1 - seq) DIV {N_VOTERS} + 1");
    let from = format!("FROM seq_0_to_{}", n_voters - 1);
    for statement in [
        format!(
            "REPLACE INTO users (user_id, user_name, password_hash, role, credit, created_at) \
             SELECT {voter}, CONCAT('voter ', seq), '', 'member', 0, '2026-01-01' {from}"
        ),
        format!(
            "REPLACE INTO review_voters SELECT {voter}, 1, \
             ({n_own} - 1) * {N_VOTERS} + seq + 1, {n_own} {from}"
        ),
        format!(
            "REPLACE INTO review_voter_days SELECT {voter}, '2026-01-01', {n_own}, 10000 {from}"
        ),
        "UPDATE review_counters JOIN (SELECT review_id, SUM(direction = 1) AS n_up, \
         SUM(direction = -1) AS n_down, SUM(ever_up) AS n_ever FROM review_standings \
         GROUP BY review_id) AS sums USING (review_id) \
         SET up = n_up, down = n_down, ever_up = n_ever, version = version + 1"
            .to_owned(),
    ] {
        sql.query_drop(statement).await?;
    }
    Ok(())
}
