//! What is lost while clients vote in a campaign: all that Redis knows, or one node of
//! each cluster after the other.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use test_stack::ServiceProcess;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::arena::Arena;
use super::books::CampaignBooks;
use super::history::CampaignHistory;
use super::judge::{CampaignPromise, CampaignViolation, Closing, judge};
use super::shown::{judge_shown, wallet_faults};

/// How long wallets may be wrong after the last loss.
const RIGHT_WITHIN: Duration = Duration::from_secs(60);

/// How long a node of a cluster is gone, and how long all are there before the next goes.
const NODE_GONE: Duration = Duration::from_secs(3);
const NODES_THERE: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug)]
pub struct Loss {
    /// What clients were told.
    pub history: CampaignHistory,
    /// What SQL holds.
    pub books: CampaignBooks,
    /// What promises were broken.
    pub violations: Vec<CampaignViolation>,
    /// From the last loss until all wallets were right.
    pub right_after: Duration,
    /// How often something was lost.
    pub n_losses: usize,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "lost {} times: {} votes in the ledger, {} accepted, rejected {:?}, all \
             wallets right {:.1} s after the last time, answers {:?}, {} violations",
            self.n_losses,
            self.books.n_votes(),
            self.history.n_accepted(),
            self.books.rejected(),
            self.right_after.as_secs_f64(),
            self.history.answers,
            self.violations.len(),
        )
    }
}

/// Empties Redis `n_losses` times while everybody votes, each second time while votes wait
/// in the queue; then waits until all wallets are right, and judges.
///
/// # Errors
/// When something does not come back. A broken promise is no error.
pub async fn lose_redis_under_load(arena: &Arena, seed: u64, n_losses: usize) -> Result<Loss> {
    let losing = async || {
        for n in 0..n_losses {
            sleep(Duration::from_secs(2)).await;
            let frozen: Vec<&ServiceProcess> = (arena.stack.workers.iter())
                .filter(|worker| n % 2 == 1 && worker.pause().is_ok())
                .collect();
            if !frozen.is_empty() {
                sleep(Duration::from_secs(2)).await;
            }
            arena.stack.servers()?.flush_redis().await?;
            if !frozen.is_empty() {
                // Nobody remembers the votes that wait, and voters spend once more.
                sleep(Duration::from_secs(2)).await;
            }
            for worker in frozen {
                worker.resume()?;
            }
        }
        Ok(n_losses)
    };
    lose_under_load(arena, seed, losing).await
}

/// Kills each broker of a cluster, and with it each master of Redis, one pair after the
/// other while everybody votes; then waits until all wallets are right, and judges.
///
/// # Errors
/// When something does not come back. A broken promise is no error.
pub async fn lose_nodes_under_load(arena: &Arena, seed: u64) -> Result<Loss> {
    let losing = async || {
        let servers = arena.stack.servers()?;
        let (brokers, masters) = (servers.brokers(), servers.redis_masters());
        for (broker, master) in brokers.iter().zip(&masters) {
            sleep(NODES_THERE).await;
            broker.kill();
            master.kill();
            sleep(NODE_GONE).await;
            tokio::try_join!(servers.start_brokers(), servers.start_redis())?;
        }
        Ok(brokers.len())
    };
    lose_under_load(arena, seed, losing).await
}

/// Has everybody vote while `losing` says how often it lost something.
async fn lose_under_load(
    arena: &Arena,
    seed: u64,
    losing: impl AsyncFnOnce() -> Result<usize>,
) -> Result<Loss> {
    let crowd = arena
        .campaign("Something is lost", TimeDelta::hours(2), seed)
        .await?;
    let campaign = crowd.campaign;
    let (stop, stopped) = watch::channel(false);
    let clients = crowd.begin(&stopped);
    // A node's last two seconds may never have reached its file, so it counts as a loss.
    let closing = Closing::RunningAfterLoss(arena.clock.now());
    let n_losses = losing().await?;
    let lost_at = Instant::now();
    sleep(Duration::from_secs(2)).await;
    let _ = stop.send(true);
    let mut history = CampaignHistory::default();
    for each in clients {
        history.extend(each.await.context("a client panicked")?);
    }
    crowd.settle_what_is_open(&mut history).await?;

    let url = &arena.stack.mysql_url;
    let deadline = lost_at + RIGHT_WITHIN;
    let (books, wrong) = loop {
        let books = CampaignBooks::read(url, campaign).await?;
        let wrong = wallet_faults(campaign, &books, arena.voters(), closing).await?;
        let are_settled = books.n_votes() >= history.n_accepted();
        if wrong.is_empty() && are_settled || Instant::now() > deadline {
            break (books, wrong);
        }
        sleep(Duration::from_millis(500)).await;
    };
    let right_after = lost_at.elapsed();
    let wrong = wrong.into_iter();
    let mut violations: Vec<CampaignViolation> = wrong
        .map(|detail| CampaignViolation::new(CampaignPromise::WalletsAreTrue, detail))
        .collect();
    violations.extend(judge(&books, &history, closing));
    // Boards are a second old at most.
    sleep(Duration::from_secs(2)).await;
    let client = &arena.stack.site().client()?;
    violations.extend(judge_shown(client, campaign, &books, arena.voters(), closing).await?);
    Ok(Loss {
        history,
        books,
        violations,
        right_after,
        n_losses,
    })
}
