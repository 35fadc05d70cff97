//! How fast Tally is, beside its rivals and its limits: `cargo xtask bench`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use bench::run::{Options, run};
use clap::Parser;

/// Measures Tally on private real servers, beside what would be built instead and beside
/// what the servers can do at most. Ends with 1 if `--check` finds a figure that falls
/// short, and with 2 if there are no figures, for a vote was lost, doubled or refused.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Decides who votes for what
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Two minutes instead of ten or more
    #[arg(long)]
    quick: bool,
    /// Only what has this in its name: `limit`, `spread: reviews`, `growth` …; may be repeated
    #[arg(long)]
    only: Vec<String>,
    /// End with 1 if a figure falls short of its goal
    #[arg(long)]
    check: bool,
    /// Keep all figures as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: no figures: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<ExitCode> {
    let report = run(&Options {
        seed: arguments.seed,
        quick: arguments.quick,
        only: arguments.only.clone(),
    })
    .await?;
    println!("\n{report}");
    if let Some(file) = &arguments.json {
        report.keep(file)?;
    }
    let short = report.short();
    if short.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("short of the goal: {}", short.join("; "));
    Ok(if arguments.check {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
