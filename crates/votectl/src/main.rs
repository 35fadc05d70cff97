//! `votectl`: the operator's command line.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match votectl::Command::parse().run().await {
        Ok(exit_code) => exit_code,
        Err(error) => {
            eprintln!("votectl: {error:#}");
            votectl::exit_code(&error)
        }
    }
}
