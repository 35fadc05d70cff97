//! `cargo xtask start`: Tally in one process.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{Profile, build, root};
use crate::web;

/// Builds and starts Tally in one process: no server, no configuration. The front end is
/// built where npm is.
///
/// It prints its address, a demo login and where its data lie; Ctrl-C stops it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The port to listen on.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where data lie; they stay over restarts.
    #[arg(long, default_value = "data/standalone")]
    data_dir: PathBuf,
    /// Start without the demo: restaurants, members, reviews, votes, a campaign, and the only
    /// admin (for one of your own set `TALLY__ADMIN__USER_NAME` and `TALLY__ADMIN__PASSWORD`).
    #[arg(long)]
    no_demo: bool,
    /// Build optimised: takes longer, runs faster.
    #[arg(long)]
    release: bool,
}

/// Becomes the started program, so that signals reach it directly.
///
/// # Errors
/// When it cannot be built or started; otherwise this does not return.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    web::build_if_possible();
    println!("Building Tally; the first time this takes some minutes.");
    let programs = build(&["standalone"], Profile::from_flag(arguments.release))?;
    let mut command = Command::new(programs.join("standalone"));
    command
        .current_dir(root())
        .arg("--data-dir")
        .arg(&arguments.data_dir)
        .args(["--port", &arguments.port.to_string()]);
    if arguments.no_demo {
        command.arg("--no-demo");
    }
    println!(
        "Starting Tally on http://127.0.0.1:{}; Ctrl-C stops it.",
        arguments.port
    );
    Err(command.exec()).context("cannot start the standalone program")
}
