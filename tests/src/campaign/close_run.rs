//! Campaigns that end while clients vote and workers are killed.
//!
//! The seed decides what is killed when and what clients ask for; the machine decides
//! how both meet, so that a run with the same seed is alike and not the same.

mod faults;
mod plan;

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use self::faults::CarriedOut;
pub(crate) use self::faults::closer_of;
use self::plan::Plan;
use super::arena::Arena;
use super::books::CampaignBooks;
use super::history::CampaignHistory;
use super::judge::{CampaignPromise, CampaignViolation, Closing, judge};
use super::shown::{board, judge_shown};
use crate::client::send;

/// What creating a campaign and granting its tickets may take of its life.
const PREPARATION: Duration = Duration::from_secs(4);

/// The longest from the end to the result, whatever is killed: lost leases and connections
/// that nobody closed take half a minute each.
const FINAL_WITHIN: Duration = Duration::from_secs(180);

/// How long the board is watched after the result, while clients go on trying.
const WATCHED: Duration = Duration::from_secs(3);

/// The most violations that are printed.
const SHOWN_MAX: usize = 20;

/// What came of a run.
#[derive(Debug)]
pub struct CloseRun {
    /// Decides the plan, and what clients ask for.
    pub seed: u64,
    /// The campaign.
    pub campaign: Uuid,
    /// What clients were told.
    pub history: CampaignHistory,
    /// What SQL holds.
    pub books: CampaignBooks,
    /// What promises were broken.
    pub violations: Vec<CampaignViolation>,
    broken: CarriedOut,
    to_final: Duration,
}

impl CloseRun {
    /// How many unknown votes, which a 503 named, the ledger holds, and how many not.
    fn unknown(&self) -> (usize, usize) {
        let unknown = self.history.unknown();
        let n_unknown = unknown.len();
        let in_ledger = |id: &Uuid| self.books.votes.iter().any(|vote| vote.vote_id == *id);
        let n_counted = unknown.iter().filter(|id| in_ledger(id)).count();
        (n_counted, n_unknown - n_counted)
    }
}

impl fmt::Display for CloseRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counted, gone) = self.unknown();
        let tickets: i64 = (self.books.votes.iter())
            .filter(|vote| vote.counts())
            .map(|vote| vote.tickets)
            .sum();
        write!(
            f,
            "seed {:>3}: {} votes with {tickets} tickets in the ledger, {} accepted, \
             {counted} + {gone} left open (counted + not), {} refused as too late, {}, final {:.1} s after the end, \
             slowest answer {:.1} s, {} violations",
            self.seed,
            self.books.n_votes(),
            self.history.n_accepted(),
            self.history
                .answers
                .get("409 campaign_not_open")
                .unwrap_or(&0),
            self.broken,
            self.to_final.as_secs_f64(),
            self.history.slowest.as_secs_f64(),
            self.violations.len(),
        )?;
        for violation in self.violations.iter().take(SHOWN_MAX) {
            write!(f, "\n    {violation}")?;
        }
        Ok(())
    }
}

/// Lets a campaign of `arena` end while everybody votes and workers are killed, and judges.
///
/// # Errors
/// When something does not come back, or the campaign does not become final. A broken
/// promise is no error: it stands in the run.
pub async fn close_under_fire(arena: &Arena, seed: u64, voting: Duration) -> Result<CloseRun> {
    let plan = Plan::draw(seed, voting, arena.stack.workers.len());
    let life = TimeDelta::from_std(PREPARATION + voting)?;
    let name = format!("Close run {seed}");
    let crowd = arena.campaign(&name, life, seed).await?;
    let campaign = crowd.campaign;
    let left = (crowd.ends_at - arena.clock.now()).to_std();
    let ends_at = Instant::now() + left.context("preparing took longer than the campaign")?;

    let (stop, stopped) = watch::channel(false);
    let clients = crowd.begin(&stopped);
    let (done, is_done) = watch::channel(false);
    let breaking = faults::carry_out(&plan, arena, campaign, ends_at, is_done);
    let waiting = async {
        let closed = wait_until_final(arena, campaign, ends_at).await;
        let _ = done.send(true);
        closed
    };
    let (broken, to_final) = tokio::join!(breaking, waiting);
    let (broken, to_final) = (broken?, to_final);

    // Judged all the same if it never became final.
    let client = &arena.stack.site().client()?;
    let mut violations = Vec::new();
    let mut moved = |detail: String| {
        let promise = CampaignPromise::ClosedStaysClosed;
        violations.push(CampaignViolation::new(promise, detail));
    };
    let first = board(client, campaign, "").await?;
    let watched_until = Instant::now() + WATCHED;
    while Instant::now() < watched_until {
        let later = board(client, campaign, "").await?;
        if later != first {
            moved(format!("the board moved from {first:?} to {later:?}"));
        }
        sleep(Duration::from_millis(250)).await;
    }
    let _ = stop.send(true);
    let mut history = CampaignHistory::default();
    for each in clients {
        history.extend(each.await.context("a client panicked")?);
    }
    let gone = crate::chaos::heal(&arena.stack).await?;
    history.unexpected.extend(gone);
    if let Err(error) = crowd.settle_what_is_open(&mut history).await {
        history.unexpected.push(format!("{error:#}"));
    }

    let to_final = to_final.unwrap_or_else(|error| {
        moved(format!("{error:#}"));
        ends_at.elapsed()
    });
    if let Some(queue) = queue_of(arena, campaign).await? {
        moved(format!("the queue {queue} is still there"));
    }
    let later = board(client, campaign, "").await?;
    if later != first {
        moved(format!(
            "the board moved from {first:?} to {later:?} in the end"
        ));
    }
    let books = CampaignBooks::read(&arena.stack.mysql_url, campaign).await?;
    violations.extend(judge(&books, &history, Closing::Final));
    let shown = judge_shown(client, campaign, &books, arena.voters(), Closing::Final).await;
    violations.extend(shown.unwrap_or_else(|error| {
        let promise = CampaignPromise::ShownIsTrue;
        vec![CampaignViolation::new(promise, format!("{error:#}"))]
    }));
    Ok(CloseRun {
        seed,
        campaign,
        history,
        books,
        violations,
        broken,
        to_final,
    })
}

/// Waits for the result; answers how long after the end it was there.
async fn wait_until_final(arena: &Arena, campaign: Uuid, ends_at: Instant) -> Result<Duration> {
    let deadline = ends_at + FINAL_WITHIN;
    loop {
        let (state, _) = arena.state(campaign).await?;
        if state == "final" {
            return Ok(ends_at.elapsed());
        }
        if Instant::now() > deadline {
            anyhow::bail!("{campaign} is {state} {FINAL_WITHIN:?} after its end");
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// The campaign's queue, if the broker still has one.
async fn queue_of(arena: &Arena, campaign: Uuid) -> Result<Option<String>> {
    let servers = arena.stack.servers()?;
    let queues = servers.rabbitmqctl(&["-q", "list_queues", "name"]).await?;
    let named = campaign.to_string();
    let plain = campaign.simple().to_string();
    let mut queues = queues.lines();
    let found = queues.find(|queue| queue.contains(&named) || queue.contains(&plain));
    Ok(found.map(str::to_owned))
}

/// Clients that are too late are told so.
///
/// # Errors
/// When they are not.
pub async fn is_refused_after_the_end(arena: &Arena, run: &CloseRun) -> Result<()> {
    let voter = &arena.voters()[0];
    let ballot = ("option-01", "app", 1);
    let answer = voter.spend(run.campaign, ballot, None).await?;
    answer.expect_problem(409, "campaign_not_open")?;
    let client = arena.stack.site().client()?;
    let path = format!("/campaigns/{}/result", run.campaign);
    send(client.catalog(reqwest::Method::GET, &path))
        .await?
        .expect(200)?;
    Ok(())
}
