//! `cargo xtask bench`: how fast Tally is, beside its rivals and its limits.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::cargo::{self, Profile};
use crate::packages::require_servers;

/// Measures the pace of votes, how long they wait, and what they cost, on private real
/// servers; in the same run also what would be built instead (a transaction for each vote,
/// a plain queue) and what the servers can do at most. Prints a table.
///
/// Figures of one run compare with each other, and with nothing else. A run that lost or
/// doubled a vote prints none, and ends with 1, as does one with `--check` that falls short
/// of a goal.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Decides who votes for what.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Some minutes instead of twenty: less of everything, and nothing of growth.
    #[arg(long)]
    quick: bool,
    /// Only what has this in its name: `limit`, `spread: reviews`, `growth` …; may be repeated.
    #[arg(long)]
    only: Vec<String>,
    /// Fail if a figure falls short of its goal.
    #[arg(long)]
    check: bool,
    /// Keep all figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Builds everything optimised, and measures.
///
/// # Errors
/// When a build fails, there are no figures, or one falls short that is checked.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    require_servers()?;
    let programs = cargo::build_with_services(&["bench", "rivals"], Profile::Release)?;
    let mut command = Command::new(programs.join("bench"));
    command.args(["--seed", &arguments.seed.to_string()]);
    for (wanted, flag) in [(arguments.quick, "--quick"), (arguments.check, "--check")] {
        if wanted {
            command.arg(flag);
        }
    }
    for only in &arguments.only {
        command.args(["--only", only]);
    }
    if let Some(json) = &arguments.json {
        command.arg("--json").arg(json);
    }
    cargo::run(command.current_dir(cargo::root()))
}
