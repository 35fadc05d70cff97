//! Looks at a deployed Tally from outside, through its API gateway: `cargo xtask compose-test`.
//!
//! `journeys` walks through it once, `load` votes without pause until it is told to stop, and
//! `judge` compares what clients were told with what Tally holds.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use journeys::Site;
use journeys::deployed::{Load, Record, journeys, judge, vote_until};

/// Looks at a deployed Tally from outside.
#[derive(Debug, Parser)]
#[command(name = "compose-check")]
struct Arguments {
    /// Where the API gateway is, without a slash at the end.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Walk through it once: pages, headers, the API's description, votes, a campaign.
    Journeys,
    /// Vote until a file appears, and write down what was answered.
    Load {
        /// How many members vote, each one vote after the other.
        #[arg(long, default_value_t = 24)]
        voters: usize,
        /// Longest pause of a member between votes, in milliseconds.
        #[arg(long, default_value_t = 40)]
        pause_ms: u64,
        /// Voting ends when this file is there.
        #[arg(long)]
        until: PathBuf,
        /// Where to write what was answered.
        #[arg(long)]
        record: PathBuf,
    },
    /// Compare what was answered with what Tally holds: no vote lost, none twice.
    Judge {
        /// What `load` wrote.
        #[arg(long)]
        record: PathBuf,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let site = Site {
        catalog: arguments.url.clone(),
        gateways: vec![arguments.url],
    };
    match arguments.task {
        Task::Journeys => journeys(&site).await,
        Task::Load {
            voters,
            pause_ms,
            until,
            record,
        } => {
            let load = Load { voters, pause_ms };
            let voted = vote_until(&site, &load, || until.exists()).await?;
            println!("{}", voted.summary());
            let text = serde_json::to_vec_pretty(&voted.to_json())?;
            std::fs::write(&record, text)
                .with_context(|| format!("cannot write {}", record.display()))
        }
        Task::Judge { record } => {
            let text = std::fs::read(&record)
                .with_context(|| format!("cannot read {}", record.display()))?;
            let record = Record::from_json(serde_json::from_slice(&text).context("no JSON")?)?;
            println!("{}", judge(&site, &record).await?);
            Ok(())
        }
    }
}
