//! One option taking all votes, next to votes spread over a thousand options.
//!
//! Build the services first, all with `--release`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use journeys::RealStack;
use journeys::campaign::hot_option::{Aim, HotOption, compare};

/// How many times as fast hot votes must settle as spread ones.
const RATIO_MIN: f64 = 0.8;

/// Fills a campaign's queue with votes on one option, lets the workers settle them, does
/// the same with votes spread over all options, again and again in turn, and compares.
#[derive(Debug, Parser)]
#[command(name = "hot-option")]
struct Arguments {
    /// Votes in each round
    #[arg(long, default_value_t = 20_000)]
    votes: usize,
    /// Who casts them, in turn
    #[arg(long, default_value_t = 2_000)]
    voters: usize,
    /// Options of each campaign
    #[arg(long, default_value_t = 1_000)]
    options: usize,
    /// Rounds of each kind
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Workers that settle
    #[arg(long, default_value_t = 4)]
    workers: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let stack = RealStack::start(2, arguments.workers, &[]).await?;
    let hot_option = HotOption {
        n_votes: arguments.votes,
        n_voters: arguments.voters,
        n_options: arguments.options,
        n_rounds: arguments.rounds,
    };
    let comparison = compare(&stack, hot_option).await?;
    let ratio = comparison.ratio();
    println!(
        "hot {:.0}/s, spread {:.0}/s: {ratio:.2} times as fast; {} dead letters",
        comparison.rate(Aim::Hot),
        comparison.rate(Aim::Spread),
        comparison.n_dead_letters
    );
    let is_well = ratio >= RATIO_MIN && comparison.n_dead_letters == 0;
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        println!("expected: at least {RATIO_MIN} times as fast, and no dead letter");
        ExitCode::FAILURE
    })
}
