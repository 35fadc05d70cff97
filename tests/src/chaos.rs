//! Votes without pause, on reviews and in campaigns, while everything is broken; and judges
//! who look at nothing but what clients were told and what SQL holds in the end.
//!
//! The seed decides what is broken when and what clients ask for; the machine decides
//! how both meet, so that a run with the same seed is alike and not the same.

mod books;
mod faults;
mod history;
pub(crate) mod intents;
mod judge;
mod letters;
pub(crate) mod loss;
mod midnight;
mod panics;
mod plan;
mod reckoning;
pub(crate) mod record;
mod report;
mod season;
mod skew;
mod small_disks;
mod verified;
mod voters;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::time::Instant;
use vote_domain::Clock;

pub use books::{Books, Ledger, execute};
pub(crate) use books::{connect, uuid};
pub(crate) use faults::{freeze_service, heal, lock_tables, restart_service};
pub use history::{Accepted, Doubt, History};
pub use judge::{Promise, Rules, Violation, judge};
pub use report::Report;

use crate::campaign::{Arena, Means};
use crate::real_stack::RealStack;
use faults::{Breaker, Parts};
use panics::Panics;
use plan::Plan;
use record::Record;
use small_disks::SmallDisks;
use world::World;

/// The votes a day of members who vote a lot.
const BUSY_LIMIT: &str = "10000";

/// Members who must ever have voted a review up before its author is rewarded.
const REWARD_UP_VOTES: i64 = 10;

/// What an author is given then.
const REWARD_CREDIT: i64 = 2;

/// Workers of a run.
const N_WORKERS: usize = 3;

/// From how long a run on a server is out of reach for minutes.
const OUTAGE_FROM: Duration = Duration::from_secs(12 * 60);

/// How a run goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long votes are cast, at least; until the plan is carried out in any case.
    pub voting: Duration,
    /// Decides the plan, and what clients ask for.
    pub seed: u64,
    /// Clients that vote at once: half of them on reviews, half in campaigns.
    pub n_clients: usize,
    /// How often each kind of fault happens, at least.
    pub n_rounds: usize,
    /// How long a client rests between two votes, on average.
    pub rest: Duration,
    /// Whether a server is out of reach for five minutes.
    pub outage: bool,
    /// Whether the broker and Redis are clusters of three, of which single nodes break.
    pub cluster: bool,
    /// Whether servers have small disks of their own, which can be filled; only root in a
    /// mount namespace of its own can make them.
    pub small_disks: bool,
    /// The file to which the history goes.
    pub history: PathBuf,
}

impl Options {
    /// What the suite of tests runs: about two minutes, each fault at least once.
    #[must_use]
    pub fn short(seed: u64) -> Self {
        Self {
            voting: Duration::from_secs(75),
            seed,
            n_clients: 64,
            n_rounds: 1,
            rest: Duration::from_millis(300),
            outage: false,
            cluster: false,
            small_disks: false,
            history: std::env::temp_dir().join(format!("tally-chaos-{seed}.jsonl")),
        }
    }

    /// `minutes` of voting by `n_clients`.
    #[must_use]
    pub fn long(minutes: u32, seed: u64, n_clients: usize) -> Self {
        let voting = Duration::from_secs(u64::from(minutes) * 60);
        Self {
            voting,
            n_clients,
            n_rounds: 2,
            rest: Duration::from_millis(100),
            outage: voting >= OUTAGE_FROM,
            ..Self::short(seed)
        }
    }

    /// Clients that vote on reviews.
    fn n_review_clients(&self) -> usize {
        self.n_clients.div_ceil(2)
    }

    /// Clients that vote in campaigns.
    fn n_campaign_clients(&self) -> usize {
        self.n_clients - self.n_review_clients()
    }
}

/// A run that is over, with everything healed and drained; its servers still run.
#[derive(Debug)]
pub struct Run {
    /// What happened, and what is wrong.
    pub report: Report,
    /// What clients were told of votes on reviews.
    pub history: History,
    /// What SQL must hold to.
    pub rules: Rules,
    /// The services and their servers.
    pub stack: Arc<RealStack>,
    // After the servers, so that it is dropped after them.
    _disks: Option<SmallDisks>,
}

/// Votes while everything is broken, heals, and judges.
///
/// # Errors
/// When the stack cannot be started, healed or read. A broken promise is no error: it
/// stands in the report.
pub async fn run(options: Options) -> Result<Run> {
    let plan = Plan::draw(&options);
    println!("{plan}");
    let midnight = midnight::find(Clock::system().now(), options.voting);
    let time_zone = midnight.map_or("UTC", |(zone, _)| zone.name());
    match midnight {
        Some((zone, at)) => println!("a new day begins in {zone} at {at}, during the run"),
        None => println!("no new day begins anywhere during the run"),
    }
    let disks = options.small_disks.then(SmallDisks::mount).transpose()?;
    let panic_file = tempfile::NamedTempFile::new().context("no temporary file")?;
    let stack = start(&options, time_zone, disks.as_ref(), panic_file.path()).await?;
    let stack = Arc::new(stack);
    let record = Arc::new(Record::in_file(&options.history)?);
    let world = Arc::new(World::make(stack.site(), &options, record.clone()).await?);
    let means = Means {
        tickets: 20_000,
        daily_limit: 3_000,
        rest: options.rest,
        time_zone: time_zone.to_owned(),
    };
    let mut arena = Arena::on(stack.clone(), options.n_campaign_clients(), means).await?;
    arena.record = Some(record.clone());
    let arena = Arc::new(arena);
    println!(
        "{} members on {} reviews, {} voters in campaigns; every answer is in {}",
        world.n_members(),
        world.reviews.len(),
        arena.voters().len(),
        record.path().display()
    );

    let (stop, stopped) = watch::channel(false);
    let clients: Vec<_> = (0..options.n_review_clients())
        .map(|n| {
            tokio::spawn(voters::vote(
                world.clone(),
                options.clone(),
                n,
                stopped.clone(),
            ))
        })
        .collect();
    let until = Instant::now() + options.voting;
    let parts = Parts::new();
    let panics = Panics::new(panic_file.path(), world.own_busy());
    let breaker = Breaker::new(&stack, &parts, &record, &panics);
    let breaking = async {
        tokio::join!(
            breaker.carry_out(&plan),
            season::play(&arena, &breaker, &options, until),
            tokio::time::sleep_until(until)
        )
    };
    let gateways = &stack.site().gateways;
    let (carried_out, played, ()) = tokio::select! {
        done = breaking => done,
        () = letters::look_after(&arena.operator, gateways) => unreachable!("it goes on"),
    };
    let _ = stop.send(true);
    let mut history = History::default();
    for client in clients {
        history.extend(client.await.context("a client panicked")?);
    }
    carried_out?;
    let mut played = played?;

    println!("healing");
    record.event("healing");
    history.unexpected.extend(faults::heal(&stack).await?);
    panics.end().await?;
    let healed_at = Instant::now();
    voters::settle_what_is_open(&world, &mut history).await?;
    for campaign in &mut played {
        campaign.settle().await;
    }
    let mut carried_out = breaker.done.into_inner();
    let lost_at = carried_out.lost_at;
    let rules = world.rules(REWARD_UP_VOTES, REWARD_CREDIT, lost_at);
    let picked = panics.picked().await;
    let cleared = letters::clear(&arena.operator, &stack, carried_out.n_poison, &picked).await?;
    carried_out.n_replayed = cleared.n_replayed;
    let mut reckoning = reckoning::reckon(&stack, &world, &history, &rules).await?;
    reckoning.violations.extend(cleared.violations);
    let mut verdicts = Vec::new();
    for campaign in played {
        verdicts.push(campaign.judge(&arena, healed_at, lost_at).await?);
    }
    // With every result frozen.
    reckoning.violations.extend(verified::verify(&stack)?);
    record.flush()?;
    let report = Report::new(options, carried_out, &history, reckoning, verdicts);
    Ok(Run {
        report,
        history,
        rules,
        stack,
        _disks: disks,
    })
}

/// Starts two gateways with many votes a day and two with the usual three, of each two one
/// with a clock ten minutes off, and three workers.
async fn start(
    options: &Options,
    time_zone: &str,
    disks: Option<&SmallDisks>,
    panic_file: &std::path::Path,
) -> Result<RealStack> {
    let up_votes = REWARD_UP_VOTES.to_string();
    let credit = REWARD_CREDIT.to_string();
    let panic_file = panic_file.to_str().context("a file without a name")?;
    let settings = [
        ("TALLY__REVIEWS__VOTES_PER_DAY", BUSY_LIMIT),
        ("TALLY__REVIEWS__REWARD__UP_VOTES", &*up_votes),
        ("TALLY__REVIEWS__REWARD__CREDIT", &*credit),
        ("TALLY__AUTH__ACCESS_TOKEN_S", "86400"),
        ("TALLY__SITE__TIME_ZONE", time_zone),
        // Of one process two at a box, where there is one by default.
        ("TALLY__WORKER__CONSUMERS", "2"),
        ("TALLY__WORKER__CAMPAIGN_CONSUMERS", "2"),
        (panics::FILE_VARIABLE, panic_file),
    ];
    let folder = disks.map(SmallDisks::folder);
    let mut stack = if options.cluster {
        RealStack::start_cluster(folder, 1, N_WORKERS, &settings).await?
    } else {
        RealStack::start_linked(folder, 1, N_WORKERS, &settings).await?
    };
    let usual = ("TALLY__REVIEWS__VOTES_PER_DAY", "3");
    stack.add_gateway(&skew::clock("+600")?).await?;
    stack.add_gateway(&[usual]).await?;
    let skewed = skew::clock("-600")?;
    let settings: Vec<_> = skewed.iter().copied().chain([usual]).collect();
    stack.add_gateway(&settings).await?;
    Ok(stack)
}
