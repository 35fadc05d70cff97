//! The operator's command line. One file for each command; [`Command`] lists them.
//!
//! What a command finds goes to standard output, how it gets on to standard error.
//! It ends with 0 when all is well, 1 when it is not or a service refused, 2 when it could
//! not be done or was called wrongly, and 130 when it was interrupted.

mod api;
mod boxes;
mod campaign;
mod database;
mod dead_letters;
mod export;
mod grant;
mod import;
mod list;
mod migrate;
mod named;
mod operator;
mod partner;
mod progress;
mod purge;
mod recount;
mod result;
mod seed;
mod session;
mod signing;
mod table;
mod user;
mod verify;
mod void;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Looks after a running Tally.
///
/// Imports talk to the services over HTTP, as any client does; where a command needs an
/// account, its name and password may come from the environment, so that they stand in no
/// list of processes. What checks the books reads SQL itself.
#[derive(Debug, Parser)]
#[command(name = "votectl", version, after_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    task: Task,
}

const EXAMPLES: &str = "Examples:
  votectl import review-votes tests/data/review-votes.csv --url http://127.0.0.1:8080
      replays real votes into an embedded Tally (set VOTECTL_ADMIN_USER and
      VOTECTL_ADMIN_PASSWORD first)
  votectl import campaign tests/data/campaign-votes.csv \\
      --results tests/data/campaign-results.csv --url http://127.0.0.1:8080
      replays the finals of a song contest, each year a campaign, waits for their close and
      compares with the official scoreboards
  votectl result verify 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22
      recomputes a campaign's frozen result from the ledger
  votectl verify && echo clean
      checks every invariant; what is broken is named, with what mends it
  votectl recount --dry-run
      shows which sums are not what the ledger adds up to; without --dry-run it mends them

  votectl dead-letters list
      shows what no worker could settle; replay or drop it
  votectl campaign watch 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22
      waits for a campaign's result, and says what its close waits for
  votectl seed --url http://127.0.0.1:8080
      furnishes a Tally to look at

Exit codes: 0 all is well, 1 it is not or a service refused, 2 it could not be done or was called
wrongly, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Task {
    /// Bring votes of elsewhere in, through the public HTTP paths
    Import(import::Import),
    /// Show how full the ballot boxes are, and how far behind
    Boxes(boxes::Boxes),
    /// Prove a campaign's frozen result
    Result(result::ResultTask),
    /// Look at what no worker could settle, replay or drop it
    DeadLetters(dead_letters::DeadLettersTask),
    /// Take votes out of the count
    Void(void::Void),
    /// Grant tickets
    Grant(grant::GrantTask),
    /// Create, list, show, edit and watch campaigns
    Campaign(campaign::CampaignTask),
    /// Admit partners, and look after their keys
    Partner(partner::PartnerTask),
    /// Make accounts and give roles
    User(user::UserTask),
    /// Furnish a Tally with the demo
    Seed(seed::Seed),
    /// Prove from SQL alone that every invariant holds, and look for orphans
    Verify(verify::Verify),
    /// Rebuild sums from the ledger, while votes flow
    Recount(recount::Recount),
    /// Write a ledger as CSV or as JSON lines
    Export(export::Export),
    /// Delete what is kept no longer, as `retention` in the settings says
    Purge(purge::Purge),
    /// Bring the schema up to date, or say how far it is
    Migrate(migrate::Migrate),
}

/// How the process ends over `error`: 1 where a service refused, else 2.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(if error.is::<api::Refused>() { 1 } else { 2 })
}

impl Command {
    /// Does what was asked for.
    ///
    /// # Errors
    /// When it could not be done; what the command found wrong in doing it is told by
    /// the exit code instead.
    pub async fn run(self) -> Result<ExitCode> {
        match self.task {
            Task::Import(import) => import.run().await,
            Task::Boxes(boxes) => boxes.run().await,
            Task::Result(result) => result.run().await,
            Task::DeadLetters(letters) => letters.run().await,
            Task::Void(void) => void.run().await,
            Task::Grant(grant) => grant.run().await,
            Task::Campaign(campaign) => campaign.run().await,
            Task::Partner(partner) => partner.run().await,
            Task::User(user) => user.run().await,
            Task::Seed(seed) => seed.run().await,
            Task::Verify(verify) => verify.run().await,
            Task::Recount(recount) => recount.run().await,
            Task::Export(export) => export.run().await,
            Task::Purge(purge) => purge.run().await,
            Task::Migrate(migrate) => migrate.run().await,
        }
    }
}
