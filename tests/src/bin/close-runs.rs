//! Campaigns end while clients vote and workers are killed: `cargo xtask close-runs`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use journeys::campaign::Arena;
use journeys::campaign::close_run::close_under_fire;

/// Workers of the arena.
const N_WORKERS: usize = 3;

/// Lets one campaign for each seed end while 64 clients vote across the end and workers
/// are killed, one campaign after the other on one private set of servers; then checks
/// that the result is exactly what was accepted, and never moves. Ends with 1 if it is not, with
/// 2 if a run broke off.
#[derive(Debug, Parser)]
#[command(name = "close-runs")]
struct Arguments {
    /// Which runs: `7`, or `1..20`, the last one included
    #[arg(long, default_value = "1..20")]
    seeds: String,
    /// How long each campaign takes votes, in seconds
    #[arg(long, default_value_t = 12)]
    voting: u64,
    /// How many clients vote at once
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Where the services' logs are kept if a promise was broken
    #[arg(long)]
    logs: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run_and_judge().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: the run broke off: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run_and_judge() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let seeds = parse_seeds(&arguments.seeds)?;
    let folder = arguments
        .logs
        .unwrap_or_else(|| std::env::temp_dir().join("tally-close-runs"));
    let arena = Arena::open(N_WORKERS, arguments.clients).await?;
    let n_runs = seeds.clone().count();
    let mut broken = Vec::new();
    for (seed, n) in seeds.zip(1..) {
        let voting = Duration::from_secs(arguments.voting);
        let run = match close_under_fire(&arena, seed, voting).await {
            Ok(run) => run,
            Err(error) => {
                keep_logs(&arena, &folder)?;
                return Err(error.context(format!("run {seed}; logs: {}", folder.display())));
            }
        };
        println!("{n}/{n_runs} {run}");
        if !run.violations.is_empty() {
            println!("    the same plan again: cargo xtask close-runs --seeds {seed}");
            broken.push(seed);
        }
    }
    if broken.is_empty() {
        println!("every result is what was accepted, in {n_runs} runs");
        return Ok(ExitCode::SUCCESS);
    }
    keep_logs(&arena, &folder)?;
    println!(
        "promises were broken in the runs {broken:?}; the services' logs are in {}",
        folder.display()
    );
    Ok(ExitCode::FAILURE)
}

fn parse_seeds(text: &str) -> Result<std::ops::RangeInclusive<u64>> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| {
        let digits = text.trim_start_matches('=');
        digits
            .parse::<u64>()
            .with_context(|| format!("{digits:?} is no seed"))
    };
    let seeds = number(first)?..=number(last)?;
    if seeds.is_empty() {
        bail!("there is no seed in {text}");
    }
    Ok(seeds)
}

fn keep_logs(arena: &Arena, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).context("cannot make the folder for logs")?;
    let stack = &arena.stack;
    let services = [&stack.catalog]
        .into_iter()
        .chain(&stack.gateways)
        .chain(&stack.workers);
    for service in services {
        let log = service.log_path();
        let name = log.file_name().context("a log without a name")?;
        std::fs::copy(&log, folder.join(name)).context("cannot keep a log")?;
    }
    Ok(())
}
