//! Imports the whole files of real votes on both modes and checks every author's counts
//! and every campaign's board: `cargo run -p journeys --bin import-check`, after
//! `cargo build --workspace --bins`. The suite of tests does the same with fewer rows.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use journeys::{
    Books, Embedded, RealStack, Site, check_campaign_import, check_import, verify_result,
};

/// Imports tests/data/review-votes.csv twice and compares with review-totals.csv; imports
/// campaign-votes.csv, compares with campaign-results.csv and verifies the results.
#[derive(Debug, Parser)]
#[command(name = "import-check")]
struct Arguments {
    /// On what
    #[arg(long, value_enum, default_value_t = Mode::Both)]
    mode: Mode,
    /// Which votes
    #[arg(long, value_enum, default_value_t = Votes::Both)]
    votes: Votes,
    /// Only so many rows of the review votes
    #[arg(long)]
    rows: Option<usize>,
    /// How many workers settle, on real servers
    #[arg(long, default_value_t = 3)]
    workers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Votes {
    /// Of reviews, twice
    Review,
    /// Of campaigns
    Campaign,
    /// One after the other
    Both,
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
        votes,
        rows,
        workers,
    } = Arguments::parse();
    ensure!(workers > 0, "somebody must settle");
    if mode != Mode::Embedded {
        println!("on real servers with {workers} workers");
        let stack = RealStack::start(1, workers, journeys::IMPORT_SETTINGS).await?;
        check(stack.site(), Books::Server(&stack.mysql_url), votes, rows).await?;
    }
    if mode != Mode::Real {
        println!("embedded");
        let embedded = Embedded::start(journeys::IMPORT_SETTINGS).await?;
        let books = Books::Folder(embedded.data_dir());
        check(embedded.site(), books, votes, rows).await?;
    }
    Ok(())
}

async fn check(site: &Site, books: Books<'_>, votes: Votes, rows: Option<usize>) -> Result<()> {
    if votes != Votes::Campaign {
        twice(site, rows).await?;
    }
    if votes != Votes::Review {
        campaigns(site, books).await?;
    }
    Ok(())
}

async fn campaigns(site: &Site, books: Books<'_>) -> Result<()> {
    let started = Instant::now();
    let summary = check_campaign_import(site, &[], 4_940).await?;
    println!(
        "the campaigns took {:.0} s: {summary}",
        started.elapsed().as_secs_f64()
    );
    for campaign in summary["campaigns"].as_array().context("no campaigns")? {
        let id = campaign["campaign_id"].as_str().context("no id")?;
        let verified = verify_result(site, books, id).await?;
        ensure!(
            verified.exit_code == Some(0),
            "the result of {id} does not hold: {verified:?}"
        );
    }
    println!("every result holds");
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
