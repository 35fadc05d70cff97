//! Votes without pause while everything is killed, and a judge who looks at nothing but
//! what clients were told and what SQL holds in the end.
//!
//! The seed decides what is killed when and what clients ask for; the machine decides
//! how both meet, so that a run with the same seed is alike and not the same.

mod books;
mod faults;
mod history;
mod judge;
mod plan;
mod reckoning;
mod report;
mod voters;
mod world;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;

pub use books::{Books, Ledger, execute};
pub(crate) use books::{connect, uuid};
pub(crate) use faults::{freeze_service, heal, restart_service};
pub use history::{Accepted, History};
pub use judge::{Promise, Rules, Violation, judge};
pub use report::Report;

use crate::real_stack::RealStack;
use plan::Plan;
use world::World;

/// The votes a day of members who vote a lot.
const BUSY_LIMIT: &str = "10000";

/// Members who must ever have voted a review up before its author is rewarded.
const REWARD_UP_VOTES: i64 = 10;

/// What an author is given then.
const REWARD_CREDIT: i64 = 2;

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long votes are cast, at least; until the plan is carried out in any case.
    pub voting: Duration,
    /// Decides the plan, and what clients ask for.
    pub seed: u64,
    /// Clients that vote at once.
    pub n_clients: usize,
    /// How often each kind of fault happens, at least.
    pub n_rounds: usize,
    /// How long a client rests between two votes, on average.
    pub rest: Duration,
}

impl Options {
    /// What the suite of tests runs: under a minute and a half, each fault at least once.
    #[must_use]
    pub fn short(seed: u64) -> Self {
        Self {
            voting: Duration::from_secs(35),
            seed,
            n_clients: 64,
            n_rounds: 1,
            rest: Duration::from_millis(300),
        }
    }

    /// `minutes` of voting by `n_clients`, each fault at least five times.
    #[must_use]
    pub fn long(minutes: u32, seed: u64, n_clients: usize) -> Self {
        Self {
            voting: Duration::from_secs(u64::from(minutes) * 60),
            seed,
            n_clients,
            n_rounds: 5,
            rest: Duration::from_millis(150),
        }
    }
}

/// A run that is over, with everything healed and drained; its servers still run.
#[derive(Debug)]
pub struct Run {
    /// What happened, and what is wrong.
    pub report: Report,
    /// What clients were told.
    pub history: History,
    /// What SQL must hold to.
    pub rules: Rules,
    /// The services and their servers.
    pub stack: RealStack,
}

/// Votes while everything is killed, heals, and judges.
///
/// # Errors
/// When the stack cannot be started, healed or read. A broken promise is no error: it
/// stands in the report.
pub async fn run(options: Options) -> Result<Run> {
    let plan = Plan::draw(&options);
    println!("{plan}");
    let up_votes = REWARD_UP_VOTES.to_string();
    let credit = REWARD_CREDIT.to_string();
    let mut stack = RealStack::start(
        2,
        2,
        &[
            ("TALLY__REVIEWS__VOTES_PER_DAY", BUSY_LIMIT),
            ("TALLY__REVIEWS__REWARD__UP_VOTES", &up_votes),
            ("TALLY__REVIEWS__REWARD__CREDIT", &credit),
            ("TALLY__AUTH__ACCESS_TOKEN_S", "86400"),
        ],
    )
    .await?;
    // The same service with the usual three votes a day, for members who have no more.
    for _ in 0..2 {
        let usual = [("TALLY__REVIEWS__VOTES_PER_DAY", "3")];
        stack.add_gateway(&usual).await?;
    }
    let world = Arc::new(World::make(stack.site(), &options).await?);
    println!(
        "{} members, {} reviews",
        world.n_members(),
        world.reviews.len()
    );

    let (stop, stopped) = watch::channel(false);
    let clients: Vec<_> = (0..options.n_clients)
        .map(|n| tokio::spawn(voters::vote(world.clone(), options, n, stopped.clone())))
        .collect();
    let carried_out = tokio::join!(
        faults::carry_out(&plan, &stack),
        tokio::time::sleep(options.voting)
    )
    .0?;
    let _ = stop.send(true);
    let mut history = History::default();
    for client in clients {
        history.extend(client.await.context("a client panicked")?);
    }

    println!("healing");
    history.unexpected.extend(faults::heal(&stack).await?);
    voters::settle_what_is_open(&world, &mut history).await?;
    let rules = world.rules(REWARD_UP_VOTES, REWARD_CREDIT);
    let reckoning = reckoning::reckon(&stack, &world, &history, &rules).await?;
    let report = Report::new(options, &carried_out, &history, reckoning);
    Ok(Run {
        report,
        history,
        rules,
        stack,
    })
}
