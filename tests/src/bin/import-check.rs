//! Imports the whole file of real votes on both modes, twice each, and checks every
//! author's counts: `cargo run -p journeys --bin import-check`, after
//! `cargo build --workspace --bins`. The suite of tests does the same with fewer rows.

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use journeys::{Embedded, RealStack, Site, check_import};

/// Imports tests/data/review-votes.csv twice and compares with review-totals.csv.
#[derive(Debug, Parser)]
#[command(name = "import-check")]
struct Arguments {
    /// On what
    #[arg(long, value_enum, default_value_t = Mode::Both)]
    mode: Mode,
    /// Only so many rows
    #[arg(long)]
    rows: Option<usize>,
    /// How many workers settle, on real servers
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Processes on MariaDB, RabbitMQ and Redis
    Real,
    /// One process
    Embedded,
    /// One after the other
    Both,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments {
        mode,
        rows,
        workers,
    } = Arguments::parse();
    ensure!(workers > 0, "somebody must settle");
    if mode != Mode::Embedded {
        println!("on real servers with {workers} workers");
        let stack = RealStack::start(1, workers, journeys::IMPORT_SETTINGS).await?;
        twice(stack.site(), rows).await?;
    }
    if mode != Mode::Real {
        println!("embedded");
        let embedded = Embedded::start(journeys::IMPORT_SETTINGS).await?;
        twice(embedded.site(), rows).await?;
    }
    Ok(())
}

async fn twice(site: &Site, rows: Option<usize>) -> Result<()> {
    for time in ["first", "second"] {
        let started = Instant::now();
        let summary = check_import(site, rows).await?;
        println!(
            "the {time} run took {:.0} s: {summary}",
            started.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
