//! How fast votes settle that all go to one option, next to votes spread over many.
//!
//! Votes wait in the queue while workers are frozen; what is timed is how long the workers
//! take to count them all. Both kinds of rounds take turns on the same servers.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use mysql_async::prelude::Queryable;
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use vote_domain::Clock;

use super::draft::Draft;
use super::partner::{Call, Partner, Service};
use crate::chaos::connect;
use crate::member::Member;
use crate::real_stack::RealStack;

/// Requests under way at once while the queue is filled.
const AT_ONCE: usize = 64;

/// How often a request is sent again that was answered 503.
const TRIES: usize = 20;

/// The longest the workers may take for a round.
const SETTLED_WITHIN: Duration = Duration::from_secs(300);

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct HotOption {
    /// Votes in each round.
    pub n_votes: usize,
    /// Who casts them, in turn.
    pub n_voters: usize,
    /// Options of each campaign.
    pub n_options: usize,
    /// Rounds of each kind.
    pub n_rounds: usize,
}

/// Where the votes of a round go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// All to one option.
    Hot,
    /// To all options, evenly.
    Spread,
}

/// How a round went.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Where its votes went.
    pub aim: Aim,
    /// How many there were.
    pub n_votes: usize,
    /// How long the workers took.
    pub took: Duration,
    /// How often a batch was tried again.
    pub n_retries: u64,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = self.n_votes as f64 / seconds;
        write!(
            f,
            "{:?}: {} votes settled in {seconds:.2} s, {rate:.0}/s, {} retries",
            self.aim, self.n_votes, self.n_retries
        )
    }
}

/// All rounds.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// In the order they were run.
    pub rounds: Vec<Round>,
    /// Dead letters, of which there may be none.
    pub n_dead_letters: u64,
}

impl Comparison {
    /// Votes a second over all rounds of a kind.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub fn rate(&self, aim: Aim) -> f64 {
        let rounds = || self.rounds.iter().filter(|round| round.aim == aim);
        let n_votes: usize = rounds().map(|round| round.n_votes).sum();
        let took: Duration = rounds().map(|round| round.took).sum();
        n_votes as f64 / took.as_secs_f64()
    }

    /// How many times as fast hot votes settle as votes that are spread.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.rate(Aim::Hot) / self.rate(Aim::Spread)
    }
}

/// Runs all rounds on `stack`, one kind and the other in turn.
///
/// # Errors
/// When a vote is refused, is counted for another option, or does not settle.
pub async fn compare(stack: &RealStack, hot_option: HotOption) -> Result<Comparison> {
    let admin = stack.site().admin().await?;
    let partner = Partner::admit(&admin, "Crowd", "crowd").await?;
    let mut rounds = Vec::new();
    for n in 0..hot_option.n_rounds {
        // Whoever is first has the colder caches, so that changes too.
        let aims = match n % 2 {
            0 => [Aim::Hot, Aim::Spread],
            _ => [Aim::Spread, Aim::Hot],
        };
        for aim in aims {
            let round = run_round(stack, hot_option, (&admin, &partner), aim).await?;
            println!("{round}");
            rounds.push(round);
        }
    }
    let mut sql = connect(&stack.mysql_url).await?;
    let n_dead_letters = sql.query_first("SELECT COUNT(*) FROM dead_letters").await?;
    sql.disconnect().await?;
    Ok(Comparison {
        rounds,
        n_dead_letters: n_dead_letters.context("no count")?,
    })
}

async fn run_round(
    stack: &RealStack,
    hot_option: HotOption,
    (admin, partner): (&Member, &Partner),
    aim: Aim,
) -> Result<Round> {
    let HotOption {
        n_votes,
        n_voters,
        n_options,
        ..
    } = hot_option;
    let mut draft = Draft::open_for(Clock::system().now(), TimeDelta::hours(6));
    draft.name = format!("{aim:?}");
    draft.free_daily_tickets = 0;
    draft.options = (0..n_options).map(|n| format!("option-{n}")).collect();
    let campaign = draft.create(admin).await?;
    let per_voter = n_votes.div_ceil(n_voters) + 1;
    let grants = (0..n_voters).map(|voter| grant(partner, campaign, voter, per_voter));
    all(grants).await?;

    // The first vote shows that the workers serve the campaign.
    let gateways = &stack.site().gateways;
    vote(partner, campaign, (0, "option-0".to_owned())).await?;
    wait_for_votes(stack, campaign, 1).await?;
    let retries = n_retries(stack).await?;
    for worker in &stack.workers {
        worker.pause()?;
    }
    let votes = (0..n_votes).map(|n| {
        let partner = partner.by_way_of(&gateways[n % gateways.len()]);
        let option = match aim {
            Aim::Hot => "option-0".to_owned(),
            Aim::Spread => format!("option-{}", n % n_options),
        };
        async move { vote(&partner, campaign, (n % n_voters, option)).await }
    });
    let filled = all(votes).await;
    let began = Instant::now();
    for worker in &stack.workers {
        worker.resume()?;
    }
    filled?;
    wait_for_votes(stack, campaign, n_votes + 1).await?;
    let took = began.elapsed();
    Ok(Round {
        aim,
        n_votes,
        took,
        n_retries: n_retries(stack).await? - retries,
    })
}

/// Carries all of `work` out, some at once.
async fn all<F: Future<Output = Result<()>>>(work: impl Iterator<Item = F>) -> Result<()> {
    stream::iter(work)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn grant(partner: &Partner, campaign: Uuid, voter: usize, tickets: usize) -> Result<()> {
    let path = format!("/campaigns/{campaign}/grants");
    let mut call = Call::new(Service::Gateway, Method::POST, path);
    call.body = Some(json!({
        "voter": { "kind": partner.kind(), "id": format!("voter-{voter}") },
        "tickets": tickets, "reason": "bought", "grant_key": format!("voter-{voter}"),
    }));
    accepted(partner, &call).await
}

async fn vote(partner: &Partner, campaign: Uuid, (voter, option): (usize, String)) -> Result<()> {
    let path = format!("/campaigns/{campaign}/votes");
    let mut call = Call::new(Service::Gateway, Method::POST, path);
    call.voter = Some(format!("voter-{voter}"));
    call.body = Some(json!({ "option": option, "channel": "web", "tickets": 1 }));
    accepted(partner, &call).await
}

/// Sends `call` until it is accepted.
async fn accepted(partner: &Partner, call: &Call) -> Result<()> {
    for _ in 0..TRIES {
        let answer = partner.ask(call.clone()).await?;
        match answer.status {
            202 => return Ok(()),
            // Certainly not cast.
            503 if answer.vote_id().is_none() => sleep(Duration::from_millis(100)).await,
            _ => answer.expect(202).map(drop)?,
        }
    }
    anyhow::bail!("{call:?} is answered 503 again and again")
}

/// Waits until `n_votes` votes of the campaign are counted.
async fn wait_for_votes(stack: &RealStack, campaign: Uuid, n_votes: usize) -> Result<()> {
    let mut sql = connect(&stack.mysql_url).await?;
    let asked_at = Instant::now();
    let due = i64::try_from(n_votes)?;
    loop {
        let found: Option<i64> = sql
            .exec_first(
                "SELECT CAST(COALESCE(SUM(n_votes), 0) AS SIGNED) FROM campaign_totals \
                 WHERE campaign_id = ?",
                (campaign.as_bytes().to_vec(),),
            )
            .await?;
        let found = found.context("no sum")?;
        ensure!(found <= due, "{found} votes were counted, of {due} cast");
        if found == due {
            sql.disconnect().await?;
            return Ok(());
        }
        ensure!(
            asked_at.elapsed() < SETTLED_WITHIN,
            "only {found} of {due} votes were counted in {SETTLED_WITHIN:?}"
        );
        sleep(Duration::from_millis(20)).await;
    }
}

/// How often the workers tried a batch again so far.
async fn n_retries(stack: &RealStack) -> Result<u64> {
    let mut n_retries = 0;
    for worker in &stack.workers {
        let url = format!("{}/metrics", worker.base_url());
        let text = reqwest::get(url).await?.text().await?;
        n_retries += text
            .lines()
            .filter(|line| line.starts_with("tally_settle_retries_total"))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum::<u64>();
    }
    Ok(n_retries)
}
