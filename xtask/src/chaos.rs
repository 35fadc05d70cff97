//! `cargo xtask chaos`: votes while everything is killed.

use std::process::Command;

use anyhow::Result;

use crate::cargo;
use crate::packages::require_servers;

/// Votes without pause while servers and services are killed and restarted, then
/// checks that every accepted vote was counted once or rejected with a reason.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long to vote, in minutes.
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Decides what is killed when: the same seed gives the same plan.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Handed to the program.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the services and runs the chaos program.
///
/// # Errors
/// When a build fails or a promise was broken.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    require_servers()?;
    let chaos = cargo::build_all()?.join("chaos");
    let minutes = arguments.minutes.to_string();
    let seed = arguments.seed.to_string();
    cargo::run(
        Command::new(chaos)
            .args(["--minutes", &minutes, "--seed", &seed])
            .args(&arguments.rest)
            .current_dir(cargo::root()),
    )
}
