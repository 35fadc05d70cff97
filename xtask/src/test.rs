//! `cargo xtask test`: every check, in the order in which they fail fastest.

use anyhow::Result;
use test_stack::{Endpoints, Stack};

use crate::cargo::{self, cargo, succeeds};
use crate::packages::require_servers;
use crate::steps::Steps;
use crate::tools::{require_deny, require_nextest};

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
    /// Handed to `cargo nextest run`, for example a test's name or
    /// `-E 'package(vote-store)'`.
    #[arg(last = true)]
    nextest: Vec<String>,
}

/// Runs all steps and prints a summary.
///
/// # Errors
/// When a step failed.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
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
    let built = steps.run("build", || cargo::build_all().map(|_programs| ()));
    if !built {
        steps.skip("tests");
        return steps.finish();
    }
    match Stack::shared().await {
        Ok(endpoints) => steps.run("tests", || run_tests(arguments, endpoints)),
        Err(error) => steps.run("tests", || Err(error)),
    };
    if !arguments.quick {
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
    command.args(&arguments.nextest).envs(endpoints.variables());
    cargo::run(&mut command)
}
