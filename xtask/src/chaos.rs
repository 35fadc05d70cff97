//! `cargo xtask chaos`: votes while everything is broken.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::cargo::{self, Profile};
use crate::packages::require_servers;

/// Votes without pause, on reviews and in campaigns that open and end, while processes,
/// servers, links, locks, commits and messages are broken as the seed says; then decides
/// each promise from what clients were told and what SQL holds.
///
/// Prints what was injected, how often, and what was violated; ends with 1 if anything
/// was. As root, servers get small disks of their own, which are filled now and then.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long to vote, in minutes. From 12 on, a server is out of reach for 5 of them.
    #[arg(long, default_value_t = 5)]
    minutes: u32,
    /// Decides what is broken when: the same seed gives the same plan.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many clients vote at once.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Three brokers and three masters of Redis, of which single ones are killed, frozen and
    /// cut off.
    #[arg(long)]
    cluster: bool,
    /// A minute or so with each fault once, as the suite of tests runs it.
    #[arg(long)]
    short: bool,
    /// Handed to the program; `-- --help` shows what it takes.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the services and runs the chaos program.
///
/// # Errors
/// When a build fails or a promise was broken.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    require_servers()?;
    let chaos = cargo::build_with_services(&["chaos"], Profile::Chaos)?.join("chaos");
    let mut command = own_mounts().map_or_else(
        || Command::new(&chaos),
        |mut unshare| {
            unshare.arg(&chaos).arg("--small-disks");
            unshare
        },
    );
    command
        .args(["--minutes", &arguments.minutes.to_string()])
        .args(["--seed", &arguments.seed.to_string()])
        .args(["--clients", &arguments.clients.to_string()]);
    if arguments.cluster {
        command.arg("--cluster");
    }
    if arguments.short {
        command.arg("--short");
    }
    command.args(&arguments.rest).current_dir(cargo::root());
    let ended = command.status()?;
    ensure!(
        ended.success(),
        "a promise was broken, or the run broke off"
    );
    Ok(())
}

/// A command that runs another in a mount namespace of its own; `None` where this user
/// may not make one.
fn own_mounts() -> Option<Command> {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "--"]);
        command
    };
    let may = cargo::succeeds(unshare().arg("true"));
    if !may {
        println!("no small disks: this user cannot make a mount namespace");
    }
    may.then(unshare)
}
