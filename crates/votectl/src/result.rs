//! `votectl result`: what campaigns came to.

mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

/// What is done with a result.
#[derive(Debug, Args)]
pub(crate) struct ResultTask {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Recompute a frozen result from the ledger, and compare
    Verify(verify::Verify),
}

impl ResultTask {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.kind {
            Kind::Verify(verify) => verify.run().await,
        }
    }
}
