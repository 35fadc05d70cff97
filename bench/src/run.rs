//! One run: everything is measured on the same servers, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bootstrap::Secret;
use bootstrap::settings::SigningKey;
use http_kit::Tokens;
use indicatif::{ProgressBar, ProgressStyle};
use journeys::RealStack;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use serde_json::Value;
use test_stack::{Service, ServiceProcess, built_program, free_port};
use vote_domain::Clock;

use crate::ground::{Aim, Ground, Size};
use crate::limits;
use crate::report::{Goal, Report};
use crate::scenario::burst::burst;
use crate::scenario::growth::{self, growth};
use crate::scenario::polls::{Poll, polls};
use crate::scenario::rivals::{Way, rival};
use crate::scenario::steady::steady;
use crate::scenario::sustained::{Sustained, sustained};
use crate::usage::Processes;

/// Signs the voters' tokens; for this run's private services alone.
const SECRET: &str = "a secret of the benchmark alone, for nobody else";

/// Longer than any run.
const TOKENS_LAST_S: u64 = 86_400;

/// Workers at most, and while nothing else is said.
const N_WORKERS_MAX: usize = 4;
const N_WORKERS: usize = 2;

/// What SQL may keep in memory: all that a run makes, as on a server of its own.
const BUFFER_POOL_BYTES: u64 = 6 << 30;

/// What SQL may note in its redo log before it has to write pages.
const REDO_LOG_BYTES: u64 = 1 << 30;

/// How long everything lasts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides who votes for what.
    pub seed: u64,
    /// Two minutes instead of ten: less of everything, and nothing of growth.
    pub quick: bool,
    /// Only what has one of these in its name, if there are any; and of the comparisons
    /// those for which all was measured.
    pub only: Vec<String>,
}

impl Options {
    fn size(&self) -> Size {
        Size {
            n_voters: 100_000,
            n_reviews: 2_000,
            n_options: 1_000,
        }
    }

    fn long(&self) -> Duration {
        Duration::from_secs(if self.quick { 10 } else { 60 })
    }

    fn short(&self) -> Duration {
        Duration::from_secs(if self.quick { 4 } else { 12 })
    }
}

/// Everything that runs.
pub(crate) struct Bench {
    pub(crate) stack: RealStack,
    pub(crate) rival: ServiceProcess,
    rival_worker: ServiceProcess,
    pub(crate) ground: Arc<Ground>,
    /// Votes that Tally accepted so far.
    pub(crate) n_cast: u64,
    n_rounds: usize,
}

impl Bench {
    async fn open(options: &Options) -> Result<Self> {
        let token_s = TOKENS_LAST_S.to_string();
        let settings = [
            ("TALLY__AUTH__SECRET", SECRET),
            ("TALLY__AUTH__ACCESS_TOKEN_S", &token_s),
            ("TALLY__REVIEWS__VOTES_PER_DAY", "10000"),
            // A line for each vote is what the target `vote` is there for; see OPERATIONS.
            ("TALLY__LOG__FILTER", "info,lapin=off,vote=warn"),
        ];
        let stack = RealStack::start(1, N_WORKERS_MAX, &settings).await?;
        give_sql_room(&stack.mysql_url).await?;
        let keys = [SigningKey {
            id: "default".to_owned(),
            secret: Secret::new(SECRET),
        }];
        let tokens = Tokens::new(&keys, TOKENS_LAST_S, Clock::system())?;
        let ground = Ground::prepare(&stack, &tokens, options.size(), options.seed).await?;
        let rival = rival_process("serve", &stack)?.start().await?;
        let rival_worker = rival_process("work", &stack)?.spawn()?;
        let bench = Self {
            stack,
            rival,
            rival_worker,
            ground: Arc::new(ground),
            n_cast: 0,
            n_rounds: 0,
        };
        bench.keep_workers(N_WORKERS).await?;
        Ok(bench)
    }

    /// Lets `n` workers run, and the others not.
    pub(crate) async fn keep_workers(&self, n: usize) -> Result<()> {
        for (worker, no) in self.stack.workers.iter().zip(0..) {
            match (no < n, worker.pid().is_some()) {
                (true, false) => worker.start().await?,
                (false, true) => drop(worker.terminate(Duration::from_secs(30)).await?),
                _ => {}
            }
        }
        Ok(())
    }

    /// The workers that run.
    pub(crate) fn workers(&self) -> impl Iterator<Item = &ServiceProcess> {
        let workers = self.stack.workers.iter();
        workers.filter(|worker| worker.pid().is_some())
    }

    /// All that uses the processor.
    pub(crate) fn processes(&self) -> Result<Processes> {
        let processes = Processes::of(&self.stack)?;
        Ok(processes
            .and("rival", self.rival.pid())
            .and("rival", self.rival_worker.pid()))
    }

    /// A number that no other round of votes has.
    pub(crate) fn next_round(&mut self) -> usize {
        self.n_rounds += 1;
        self.n_rounds
    }

    /// Every vote that was accepted is in a ledger, once, and nothing else is.
    ///
    /// # Errors
    /// When it is not so.
    pub(crate) async fn check_ledgers(&self, n_before: u64) -> Result<()> {
        let mut sql = Conn::new(Opts::from_url(&self.stack.mysql_url)?).await?;
        let found: Option<u64> = sql
            .query_first(
                "SELECT (SELECT COUNT(*) FROM review_votes WHERE reason IS NULL) \
                 + (SELECT COUNT(*) FROM campaign_votes WHERE reason IS NULL)",
            )
            .await?;
        let n_letters: Option<u64> = sql.query_first("SELECT COUNT(*) FROM dead_letters").await?;
        sql.disconnect().await?;
        let (found, due) = (found.unwrap_or_default(), n_before + self.n_cast);
        ensure!(
            found == due,
            "{found} votes are in the ledgers, of {due} accepted"
        );
        ensure!(n_letters == Some(0), "{n_letters:?} dead letters");
        Ok(())
    }

    /// `votectl verify` finds nothing.
    ///
    /// # Errors
    /// When it does.
    async fn verify(&self) -> Result<()> {
        let ran = tokio::process::Command::new(built_program("votectl")?)
            .args(["verify", "--json"])
            .env("TALLY__MYSQL__URL", &self.stack.mysql_url)
            .output()
            .await
            .context("cannot run votectl")?;
        let found: Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
        let (n, first) = (&found["n_violations"], &found["violations"][0]);
        ensure!(
            ran.status.success(),
            "votectl verify finds {n} violations, the first: {first}"
        );
        Ok(())
    }
}

/// Gives SQL what a server of its own has, where the servers of tests are kept small.
async fn give_sql_room(mysql_url: &str) -> Result<()> {
    let mut sql = Conn::new(Opts::from_url(mysql_url)?).await?;
    for (variable, bytes) in [
        ("innodb_buffer_pool_size", BUFFER_POOL_BYTES),
        ("innodb_log_file_size", REDO_LOG_BYTES),
    ] {
        sql.query_drop(format!("SET GLOBAL {variable} = {bytes}"))
            .await
            .with_context(|| format!("SQL refuses another {variable}"))?;
        // What it cannot have, it cuts with a warning.
        let has: Option<u64> = sql.query_first(format!("SELECT @@{variable}")).await?;
        ensure!(
            has == Some(bytes),
            "{variable} stays at {has:?} instead of {bytes}"
        );
    }
    sql.disconnect().await?;
    Ok(())
}

fn rival_process(task: &str, stack: &RealStack) -> Result<Service> {
    let endpoints = stack.servers()?.endpoints();
    Ok(Service::new(
        &format!("rival-{task}"),
        &built_program("rivals")?,
        free_port()?,
    )
    .arg(task)
    .env("RIVAL_MYSQL_URL", endpoints.mysql_url)
    .env("RIVAL_AMQP_URL", endpoints.amqp_url)
    .env("RIVAL_SECRET", SECRET))
}

/// Shows what is being measured, and whether it is asked for.
struct Steps {
    bar: ProgressBar,
    only: Vec<String>,
}

impl Steps {
    fn new(only: Vec<String>) -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{elapsed:>4} {spinner} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, only }
    }

    fn wants(&self, name: &'static str) -> bool {
        let only = &self.only;
        let wanted = only.is_empty() || only.iter().any(|only| name.contains(only));
        if wanted {
            self.bar.set_message(name);
            self.bar.suspend(|| println!("── {name}"));
        }
        wanted
    }
}

/// Measures everything.
///
/// # Errors
/// When something does not start, a vote is lost, doubled or refused: then there are no
/// figures.
pub async fn run(options: &Options) -> Result<Report> {
    let steps = Steps::new(options.only.clone());
    steps.bar.set_message("starting servers and services");
    let mut bench = Bench::open(options).await?;
    let mut report = Report {
        seed: options.seed,
        quick: options.quick,
        ..Report::default()
    };
    measure(options, &steps, &mut bench, &mut report).await?;
    steps.bar.set_message("verify");
    bench.verify().await?;
    if !options.quick && steps.wants("growth") {
        drop(bench);
        // From empty tables on.
        let mut bench = Bench::open(options).await?;
        measure_growth(options, &steps, &mut bench, &mut report).await?;
        steps.bar.set_message("growth: verify");
        bench.verify().await?;
    }
    steps.bar.finish_and_clear();
    Ok(report)
}

async fn measure(
    options: &Options,
    steps: &Steps,
    bench: &mut Bench,
    report: &mut Report,
) -> Result<()> {
    let (long, short) = (options.long(), options.short());
    let endpoints = bench.stack.servers()?.endpoints();
    let times = "times";
    let over = |ours: &Option<Sustained>, theirs: &Option<Sustained>| {
        Some(ours.as_ref()?.rate / theirs.as_ref()?.rate)
    };

    let mut empty = None;
    if steps.wants("limit: empty POST") {
        let rate = limits::empty_route(&bench.rival.base_url(), short).await?;
        report.note("limit: empty POST", rate, "requests/s");
        empty = Some(rate);
    }
    let mut confirms = None;
    if steps.wants("limit: confirms of single messages") {
        let rate = limits::single_confirms(&endpoints.amqp_url, short).await?;
        report.note("limit: confirms of single messages", rate, "messages/s");
        confirms = Some(rate);
    }
    if steps.wants("limit: compare-and-set on Redis") {
        let rate = limits::compare_and_set(&endpoints.redis_url, short).await?;
        report.note("limit: compare-and-set on Redis", rate, "calls/s");
    }
    if steps.wants("limit: batched inserts") {
        let rate = limits::batched_inserts(&endpoints.mysql_url, short).await?;
        report.note("limit: batched inserts", rate, "rows/s");
    }

    let pace = async |name: &'static str, aim: Aim, report: &mut Report, bench: &mut Bench| {
        if !steps.wants(name) {
            return anyhow::Ok(None);
        }
        let found = sustained(bench, aim, long).await?;
        bench.check_ledgers(0).await?;
        note_pace(report, name, &found);
        Ok(Some(found))
    };
    let reviews = pace("sustained, spread: reviews", Aim::Reviews, report, bench).await?;
    let options_ = pace("sustained, spread: options", Aim::Options, report, bench).await?;
    let hot = pace("sustained, hot: one option", Aim::OneOption, report, bench).await?;

    let theirs = async |name: &'static str,
                        (way, aim): (Way, Aim),
                        report: &mut Report,
                        bench: &mut Bench| {
        if !steps.wants(name) {
            return anyhow::Ok(None);
        }
        let found = rival(bench, way, aim, short).await?;
        note_pace(report, name, &found);
        Ok(Some(found))
    };
    let sync_reviews = theirs(
        "synchronous SQL, spread: reviews",
        (Way::Sync, Aim::Reviews),
        report,
        bench,
    )
    .await?;
    let sync_options = theirs(
        "synchronous SQL, spread: options",
        (Way::Sync, Aim::Options),
        report,
        bench,
    )
    .await?;
    let sync_hot = theirs(
        "synchronous SQL, hot: one option",
        (Way::Sync, Aim::OneOption),
        report,
        bench,
    )
    .await?;
    let queued_reviews = theirs(
        "plain queue, spread: reviews",
        (Way::Queued, Aim::Reviews),
        report,
        bench,
    )
    .await?;
    let queued_hot = theirs(
        "plain queue, hot: one option",
        (Way::Queued, Aim::OneOption),
        report,
        bench,
    )
    .await?;

    if let Some(ratio) = over(&reviews, &sync_reviews) {
        report.hold(
            "spread over synchronous SQL: reviews",
            ratio,
            times,
            Goal::AtLeast(3.0),
        );
    }
    if let Some(ratio) = over(&options_, &sync_options) {
        report.hold(
            "spread over synchronous SQL: options",
            ratio,
            times,
            Goal::AtLeast(3.0),
        );
    }
    if let Some(ratio) = over(&hot, &sync_hot) {
        report.hold(
            "hot over synchronous SQL, hot",
            ratio,
            times,
            Goal::AtLeast(10.0),
        );
    }
    if let Some(ratio) = over(&reviews, &queued_reviews) {
        report.note("spread over a plain queue: reviews", ratio, times);
    }
    if let Some(ratio) = over(&hot, &queued_hot) {
        report.note("hot over a plain queue, hot", ratio, times);
    }
    if let Some(ratio) = over(&hot, &options_) {
        report.hold("hot over spread", ratio, times, Goal::AtLeast(0.9));
    }
    if let (Some(reviews), Some(confirms)) = (&reviews, confirms) {
        let ratio = reviews.rate / confirms;
        report.hold(
            "spread over confirms of single messages",
            ratio,
            times,
            Goal::AtLeast(0.5),
        );
    }

    if let Some(reviews) = &reviews
        && steps.wants("steady: reviews at half the sustained rate")
    {
        let found = steady(bench, Aim::Reviews, reviews.rate / 2.0, long).await?;
        bench.check_ledgers(0).await?;
        let ms = |quantile| crate::load::ms(&found.counted, quantile);
        report.note("steady: votes", found.answers.rate(), "votes/s");
        note_cpu(report, "steady", &found.cpu_us);
        report.note("accept p50", found.answers.ms(0.5), "ms");
        report.hold(
            "accept p99",
            found.answers.ms(0.99),
            "ms",
            Goal::AtMost(25.0),
        );
        report.note("accept p99.9", found.answers.ms(0.999), "ms");
        report.note("accepted to counted p50", ms(0.5), "ms");
        report.hold(
            "accepted to counted p99",
            ms(0.99),
            "ms",
            Goal::AtMost(300.0),
        );
    }
    if steps.wants("burst: reviews, then drain") {
        let lasting = Duration::from_secs(if options.quick { 3 } else { 10 });
        let found = burst(bench, Aim::Reviews, lasting).await?;
        bench.check_ledgers(0).await?;
        report.note("burst: accepted", found.answers.rate(), "votes/s");
        report.note("burst: drained", found.drain_rate, "votes/s");
        if let Some(reviews) = &reviews {
            let ratio = found.drain_rate / reviews.rate;
            report.hold("drain over sustained", ratio, times, Goal::AtLeast(2.0));
        }
    }
    for (name, poll) in [
        ("polls answered 304: counts", Poll::SameCounts),
        ("polls answered 304: board", Poll::SameBoard),
        ("polls answered 200: counts", Poll::NewCounts),
    ] {
        if steps.wants(name) {
            let rate = polls(bench, poll, short).await?;
            report.note(name, rate, "polls/s");
            if let (Some(empty), false) = (empty, poll == Poll::NewCounts) {
                let what = format!("{name}, over an empty POST");
                report.hold(&what, rate / empty, times, Goal::AtLeast(0.5));
            }
        }
    }
    for (name, n_workers) in [("workers: 1", 1), ("workers: 4", 4)] {
        if steps.wants(name) {
            bench.keep_workers(n_workers).await?;
            let found = sustained(bench, Aim::Reviews, short).await?;
            bench.check_ledgers(0).await?;
            report.note(name, found.rate, "votes/s");
        }
    }
    bench.keep_workers(N_WORKERS).await?;
    let processes = bench.processes()?;
    for name in ["gateway", "worker", "catalog"] {
        let what = format!("peak memory: {name}");
        report.hold(&what, processes.peak_mib(name), "MiB", Goal::AtMost(96.0));
    }
    Ok(())
}

async fn measure_growth(
    options: &Options,
    steps: &Steps,
    bench: &mut Bench,
    report: &mut Report,
) -> Result<()> {
    let found = growth(bench, options.short(), |level| {
        let what = format!("growth: {level} votes");
        steps.bar.suspend(|| println!("── {what}"));
        steps.bar.set_message(what);
    })
    .await?;
    for (level, found) in &found {
        report.note(
            &format!("growth: pace at {level} votes"),
            found.rate,
            "votes/s",
        );
        report.note(
            &format!("growth: cost at {level} votes"),
            found.cost_us(),
            "µs/vote",
        );
        note_cpu(report, &format!("growth: {level} votes"), &found.cpu_us);
    }
    let ratio = growth::ratio(&found);
    let what = "growth: cost at the most over the fewest";
    report.hold(what, ratio, "times", Goal::AtMost(1.3));
    Ok(())
}

fn note_pace(report: &mut Report, name: &str, found: &Sustained) {
    report.note(name, found.rate, "votes/s");
    let what = format!("{name}: accept p99");
    report.note(&what, found.answers.ms(0.99), "ms");
    note_cpu(report, name, &found.cpu_us);
}

fn note_cpu(report: &mut Report, name: &str, cpu_us: &BTreeMap<&'static str, f64>) {
    for (process, us) in cpu_us {
        if *us >= 1.0 {
            report.note(&format!("{name}: {process}"), *us, "µs/vote");
        }
    }
}
