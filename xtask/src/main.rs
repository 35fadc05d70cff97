//! Starts, tests and torments Tally: `cargo xtask --help`.

mod bench;
mod cargo;
mod chaos;
mod close_runs;
mod compose;
mod fuzz;
mod mutants;
mod packages;
mod schemathesis;
mod servers;
mod stack;
mod start;
mod steps;
mod test;
mod tools;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Starts, tests and torments Tally.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Start Tally in one process, with demo data: nothing else is needed.
    Start(start::Arguments),
    /// Run every check: format, lints, licences, tests on real servers, docs.
    Test(test::Arguments),
    /// Run the services as processes of their own on private real servers.
    #[command(subcommand)]
    Stack(stack::Task),
    /// Vote without pause while servers and services are killed, then count.
    Chaos(chaos::Arguments),
    /// Let campaigns end while clients vote and workers are killed, then compare results.
    CloseRuns(close_runs::Arguments),
    /// Break Tally on purpose, and see whether chaos and close runs notice.
    Mutants(mutants::Arguments),
    /// Measure Tally, beside what would be built instead and what the servers can do.
    Bench(bench::Arguments),
    /// Bring up docker-compose.yml on a private engine, and judge it under load.
    ComposeTest(compose::Arguments),
    /// Try every route against its description, with schemathesis.
    ApiCheck(schemathesis::Arguments),
    /// Feed made-up bytes to what reads bytes from outside, with libFuzzer.
    Fuzz(fuzz::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Start(arguments) => start::run(&arguments),
        Task::Test(arguments) => test::run(&arguments).await,
        Task::Stack(task) => stack::run(&task).await,
        Task::Chaos(arguments) => chaos::run(&arguments),
        Task::CloseRuns(arguments) => close_runs::run(&arguments),
        Task::Mutants(arguments) => mutants::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::ComposeTest(arguments) => compose::compose_test(&arguments),
        Task::ApiCheck(arguments) => schemathesis::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
