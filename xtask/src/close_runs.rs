//! `cargo xtask close-runs`: campaigns end while clients vote and workers are killed.

use std::process::Command;

use anyhow::Result;

use crate::cargo;
use crate::packages::require_servers;

/// Lets one campaign for each seed end while 64 clients vote across the end and workers
/// are killed, then checks that its result is exactly what was accepted. One line for
/// each run; the whole takes about a minute for each seed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which runs: `7`, or `1..20`, the last one included.
    #[arg(long, default_value = "1..20")]
    seeds: String,
    /// Handed to the program.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the services and runs the program.
///
/// # Errors
/// When a build fails or a promise was broken.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    require_servers()?;
    let close_runs = cargo::build_all()?.join("close-runs");
    cargo::run(
        Command::new(close_runs)
            .args(["--seeds", &arguments.seeds])
            .args(&arguments.rest)
            .current_dir(cargo::root()),
    )
}
