//! How many votes are counted, while it goes on.

use std::time::Duration;

use anyhow::{Result, ensure};
use mysql_async::prelude::Queryable;
use mysql_async::{Opts, Pool};
use test_stack::ServiceProcess;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::run::Bench;

/// How often it is asked.
const ASKED_EVERY: Duration = Duration::from_millis(100);

/// The longest that nothing may be counted while votes wait.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// Asks again and again how many votes are counted, until it is dropped.
pub(crate) struct Progress {
    n_counted: watch::Receiver<u64>,
    asking: JoinHandle<()>,
}

impl Progress {
    /// Counts from now on what the workers count that run.
    ///
    /// # Errors
    /// When they do not say.
    pub(crate) async fn of_workers(bench: &Bench) -> Result<Self> {
        let urls: Vec<_> = bench.workers().map(ServiceProcess::base_url).collect();
        let http = reqwest::Client::new();
        Self::watch(move || {
            let (http, urls) = (http.clone(), urls.clone());
            async move { n_settled(&http, &urls).await }
        })
        .await
    }

    /// Counts from now on what the statement `sum` says more.
    ///
    /// # Errors
    /// When SQL does not answer.
    pub(crate) async fn of_sum(mysql_url: &str, sum: &'static str) -> Result<Self> {
        let pool = Pool::new(Opts::from_url(mysql_url)?);
        Self::watch(move || {
            let pool = pool.clone();
            async move {
                let found: Option<Option<u64>> = pool.get_conn().await?.query_first(sum).await?;
                Ok(found.flatten().unwrap_or_default())
            }
        })
        .await
    }

    async fn watch<F: Future<Output = Result<u64>> + Send>(
        ask: impl Fn() -> F + Send + 'static,
    ) -> Result<Self> {
        let before = ask().await?;
        let (tell, n_counted) = watch::channel(0);
        let asking = tokio::spawn(async move {
            while !tell.is_closed() {
                sleep(ASKED_EVERY).await;
                if let Ok(now) = ask().await {
                    tell.send_replace(now - before);
                }
            }
        });
        Ok(Self { n_counted, asking })
    }

    /// What was counted, as it goes on.
    pub(crate) fn n_counted(&self) -> watch::Receiver<u64> {
        self.n_counted.clone()
    }

    /// Waits until `n` votes were counted; answers when that was.
    ///
    /// # Errors
    /// When nothing is counted for long.
    pub(crate) async fn wait_for(&self, n: u64) -> Result<Instant> {
        let mut n_counted = self.n_counted.clone();
        let (mut last, mut moved_at) = (0, Instant::now());
        loop {
            let now = *n_counted.borrow_and_update();
            if now >= n {
                return Ok(Instant::now());
            }
            if now > last {
                (last, moved_at) = (now, Instant::now());
            }
            ensure!(
                moved_at.elapsed() < STUCK_AFTER,
                "{now} of {n} votes were counted, and then no more"
            );
            let _ = tokio::time::timeout(ASKED_EVERY * 10, n_counted.changed()).await;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

/// Votes that workers have settled so far, those known before left out.
async fn n_settled(http: &reqwest::Client, urls: &[String]) -> Result<u64> {
    let mut sum = 0;
    for url in urls {
        let metrics = http
            .get(format!("{url}/metrics"))
            .send()
            .await?
            .text()
            .await?;
        sum += sum_of(&metrics, "tally_votes_counted_total");
        let n_rejected = sum_of(&metrics, "tally_votes_rejected_total");
        ensure!(n_rejected == 0, "{n_rejected} votes were rejected");
    }
    Ok(sum)
}

/// The sum of a counter over all its labels.
fn sum_of(metrics: &str, name: &str) -> u64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let values = lines.filter(|rest| rest.starts_with(['{', ' ']));
    values
        .filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}
