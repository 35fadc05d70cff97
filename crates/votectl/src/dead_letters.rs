//! `votectl dead-letters`: what no worker could settle, and what is decided on it.

mod decide;
mod look;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use uuid::Uuid;

use crate::operator::{Connection, LOGIN};

const HINTS: &str = "Examples:
  votectl dead-letters list
      those on which nobody has decided, oldest first
  votectl dead-letters show 0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11
      why it is one, its votes, and what the ledger has of them
  votectl dead-letters replay --all --box votes.reviews --dry-run
      what would be sent to its box again, once what it failed for is mended
  votectl dead-letters drop 0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11 --reason 'broken client'
      rejects its votes, and lets a close that waits for it go on

A replay is safe to repeat: no vote counts twice. A letter that fails once more is open again.";

/// Lists, shows, replays and drops dead letters; for operators.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct DeadLettersTask {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// List letters, oldest first
    List(look::List),
    /// Show one letter, with its votes
    Show {
        /// The letter
        id: Uuid,
    },
    /// Send letters to their boxes again
    Replay(decide::Replay),
    /// Give letters up: their votes are rejected
    Drop(decide::Drop),
}

impl DeadLettersTask {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let mut operator = self.connection.open().await?;
        match self.kind {
            Kind::List(list) => list.run(&mut operator).await,
            Kind::Show { id } => look::show(&mut operator, id).await,
            Kind::Replay(replay) => replay.run(&mut operator).await,
            Kind::Drop(drop) => drop.run(&mut operator).await,
        }
    }
}
