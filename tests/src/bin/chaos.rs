//! Votes while everything is broken, then judges: `cargo xtask chaos`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use journeys::chaos::{Options, Run, run};

/// Votes without pause on a private stack, on reviews and in campaigns that open and end,
/// while processes are killed, stopped and frozen, servers restarted, emptied and put out
/// of reach, links cut, slowed and black-holed, tables locked, commits cut, messages
/// published twice and poison published; then decides each promise from what clients were
/// told and what SQL holds. Ends with 1 if one was broken, with 2 if the run, or a
/// fault, broke off.
#[derive(Debug, Parser)]
#[command(name = "chaos")]
struct Arguments {
    /// How long to vote, in minutes; longer where the faults take longer
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Decides what is broken when: the same seed gives the same plan
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many clients vote at once: half on reviews, half in campaigns
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How long a client rests between two votes, on average, in milliseconds
    #[arg(long)]
    rest_ms: Option<u64>,
    /// A minute or so with each fault once, as the suite of tests runs it
    #[arg(long)]
    short: bool,
    /// Three brokers and three masters of Redis, of which single ones are killed, frozen and
    /// cut off
    #[arg(long)]
    cluster: bool,
    /// Give servers small disks of their own, and fill them now and then; only root in a
    /// mount namespace of its own can
    #[arg(long)]
    small_disks: bool,
    /// Where every answer and every fault is written, as JSON lines
    #[arg(long)]
    history: Option<PathBuf>,
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
    let mut options = if arguments.short {
        Options::short(arguments.seed)
    } else {
        Options::long(arguments.minutes, arguments.seed, arguments.clients)
    };
    options.cluster = arguments.cluster;
    options.small_disks = arguments.small_disks;
    if let Some(rest_ms) = arguments.rest_ms {
        options.rest = Duration::from_millis(rest_ms);
    }
    if let Some(history) = arguments.history {
        options.history = history;
    }
    let history = options.history.clone();
    let run = run(options).await?;
    println!("{}", run.report);
    if run.report.violations().is_empty() {
        println!("every promise was kept");
        let is_whole = run.report.broken_off().is_empty();
        return Ok(if is_whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        });
    }
    let folder = arguments
        .logs
        .unwrap_or_else(|| std::env::temp_dir().join(format!("tally-chaos-{}", arguments.seed)));
    keep_logs(&run, &folder)?;
    println!(
        "the services' logs are in {}, every answer in {}",
        folder.display(),
        history.display()
    );
    Ok(ExitCode::FAILURE)
}

fn keep_logs(run: &Run, folder: &std::path::Path) -> Result<()> {
    std::fs::create_dir_all(folder).context("cannot make the folder for logs")?;
    let stack = &run.stack;
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
