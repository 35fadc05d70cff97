//! Votes while everything is killed, then judges: `cargo xtask chaos`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use journeys::chaos::{Options, Run, run};

/// Votes without pause on a private stack while workers, gateways, Redis, RabbitMQ and
/// MariaDB are killed or restarted, each at least five times; then checks that every
/// accepted vote was counted once or rejected with a reason, that counters equal the
/// ledger and that no quota was passed.
#[derive(Debug, Parser)]
#[command(name = "chaos")]
struct Arguments {
    /// How long to vote, in minutes; longer where the faults take longer
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Decides what is killed when: the same seed gives the same plan
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many clients vote at once
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Half a minute with each fault once, as the suite of tests runs it
    #[arg(long)]
    short: bool,
    /// Where the services' logs are kept if a promise was broken
    #[arg(long)]
    logs: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let options = if arguments.short {
        Options::short(arguments.seed)
    } else {
        Options::long(arguments.minutes, arguments.seed, arguments.clients)
    };
    let run = run(options).await?;
    println!("{}", run.report);
    if run.report.violations().is_empty() {
        println!("every promise was kept");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = arguments
        .logs
        .unwrap_or_else(|| std::env::temp_dir().join(format!("tally-chaos-{}", arguments.seed)));
    keep_logs(&run, &folder)?;
    println!("the services' logs are in {}", folder.display());
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
