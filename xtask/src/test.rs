//! `cargo xtask test`: every check, in the order in which they fail fastest.

use std::env;
use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use test_stack::{Endpoints, LAYOUT_VARIABLE, SERVERS_VARIABLE, Stack};

use crate::cargo::{self, cargo, succeeds};
use crate::packages::require_servers;
use crate::schemathesis;
use crate::servers::require_current;
use crate::steps::Steps;
use crate::tools::{require_deny, require_nextest};
use crate::web;

/// Runs every check, in the order in which they fail fastest; all run even if one fails.
///
/// Missing servers (Debian packages) and cargo tools are installed where possible.
/// One MariaDB, RabbitMQ and Redis are started for all tests; servers named by
/// `TALLY_TEST_MYSQL_URL`, `TALLY_TEST_AMQP_URL` (with `TALLY_TEST_RABBITMQ_API`) and
/// `TALLY_TEST_REDIS_URL` are used instead.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only format, lints and tests, without the tests that kill servers.
    #[arg(long)]
    quick: bool,
    /// Which servers the tests run on.
    #[arg(long, value_enum, default_value_t = Servers::Installed)]
    stack: Servers,
    /// Handed to `cargo nextest run`, for example a test's name or
    /// `-E 'package(vote-store)'`.
    #[arg(last = true)]
    nextest: Vec<String>,
}

/// Which servers the tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Servers {
    /// Those of this system: MariaDB, RabbitMQ and Redis.
    Installed,
    /// MySQL, RabbitMQ and Redis from Debian's unstable distribution, fetched once into
    /// target/servers (700 MB, two minutes, as root). Runs the tests alone: nothing else
    /// depends on servers.
    Latest,
    /// Those of this system, three brokers and three masters of Redis, a cluster each.
    /// Runs the tests alone, by default those that a cluster can answer otherwise.
    Cluster,
}

/// The groups of `.config/nextest.toml`. Tests of servers mostly wait, so that one of each runs
/// also where there are fewer cores.
const N_TEST_GROUPS: usize = 3;

/// The tests that a cluster can answer otherwise: the contracts of queue and cache, and
/// the journeys. (A test of one broker's death stays with one broker.)
const OF_CLUSTERS: &str = "(package(vote-queue) - test(/(^|::)faults::/)) \
     | package(vote-cache) | package(journeys)";

/// Runs all steps and prints a summary.
///
/// # Errors
/// When a step failed.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    match arguments.stack {
        Servers::Installed => check_all(arguments).await,
        Servers::Latest => run_on_current_servers(arguments).await,
        Servers::Cluster => run_on_clusters(arguments).await,
    }
}

async fn check_all(arguments: &Arguments) -> Result<()> {
    let mut steps = Steps::new();
    let ready = steps.run("prepare", || {
        require_servers()?;
        require_nextest()?;
        if arguments.quick {
            Ok(())
        } else {
            require_deny()
        }
    });
    if !ready {
        return steps.finish();
    }
    steps.run("format", || {
        cargo::run(&mut cargo(&["fmt", "--all", "--check"]))
    });
    steps.run("lints", || {
        cargo::run(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    });
    if !arguments.quick {
        steps.run("licences", check_licences);
    }
    let built = build_and_test(&mut steps, arguments).await;
    if !arguments.quick {
        web::check(&mut steps, built);
    }
    if built && !arguments.quick {
        steps.run("schemathesis", || {
            schemathesis::run(&schemathesis::Arguments::of_tests())
        });
        steps.run("doc tests", || {
            cargo::run(&mut cargo(&["test", "--workspace", "--doc"]))
        });
        steps.run("docs", || {
            cargo::run(
                cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
            )
        });
    }
    steps.finish()
}

/// Becomes this program once more, so that it and all it starts know of the servers.
async fn run_on_current_servers(arguments: &Arguments) -> Result<()> {
    if env::var_os(SERVERS_VARIABLE).is_none() {
        let servers = require_current()?;
        let this = env::current_exe().context("cannot tell where this program lies")?;
        let error = Command::new(this)
            .args(env::args_os().skip(1))
            .env(SERVERS_VARIABLE, servers)
            .exec();
        return Err(error).context("cannot start this program once more");
    }
    let mut steps = Steps::new();
    // Some tests use the installed clients.
    let ready = steps.run("prepare", || {
        require_servers()?;
        require_nextest()
    });
    if ready {
        build_and_test(&mut steps, arguments).await;
    }
    steps.finish()
}

async fn run_on_clusters(arguments: &Arguments) -> Result<()> {
    let mut steps = Steps::new();
    let ready = steps.run("prepare", || {
        require_servers()?;
        require_nextest()
    });
    if !ready || !steps.run("build", || cargo::build_all().map(|_programs| ())) {
        return steps.finish();
    }
    let stack = match Stack::start_cluster().await {
        Ok(stack) => stack,
        Err(error) => {
            steps.run("tests", || Err(error));
            return steps.finish();
        }
    };
    let mut command = cargo(&["nextest", "run", "--workspace", "--profile", "ci"]);
    if arguments.nextest.is_empty() {
        command.args(["-E", OF_CLUSTERS]);
    }
    command
        .args(&arguments.nextest)
        .envs(stack.endpoints().variables())
        // For journeys that start servers of their own, too.
        .env(LAYOUT_VARIABLE, "cluster");
    steps.run("tests", || cargo::run(&mut command));
    steps.finish()
}

/// Whether there was something to test.
async fn build_and_test(steps: &mut Steps, arguments: &Arguments) -> bool {
    let built = steps.run("build", || cargo::build_all().map(|_programs| ()));
    if !built {
        steps.skip("tests");
        return false;
    }
    match Stack::shared().await {
        Ok(endpoints) => steps.run("tests", || run_tests(arguments, endpoints)),
        Err(error) => steps.run("tests", || Err(error)),
    };
    true
}

/// The advisory database comes from GitHub, which not every machine reaches.
fn check_licences() -> Result<()> {
    cargo::run(&mut cargo(&[
        "deny",
        // Duplicate versions are for who looks at them: `cargo deny check bans`.
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    if !succeeds(&mut cargo(&["deny", "fetch", "db"])) {
        println!(
            "warning: the advisory database cannot be fetched, so advisories were NOT checked"
        );
        return Ok(());
    }
    cargo::run(&mut cargo(&["deny", "check", "advisories"]))
}

fn run_tests(arguments: &Arguments, endpoints: &Endpoints) -> Result<()> {
    let profile = if arguments.quick { "quick" } else { "ci" };
    let mut command = cargo(&["nextest", "run", "--workspace", "--profile", profile]);
    if !arguments.quick {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        // What is asked for in `arguments` counts more.
        command.env("NEXTEST_TEST_THREADS", cores.max(N_TEST_GROUPS).to_string());
    }
    command
        .args(&arguments.nextest)
        .envs(endpoints.variables())
        // What the store says to SQL must be listed, and was held to the storage rules.
        .env("TALLY_TEST_STATEMENTS", "check");
    cargo::run(&mut command)
}
