//! `votectl import`: votes of elsewhere.

mod campaign;
mod review_votes;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

/// Which votes are imported.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Replay a file of campaign votes, wait for the close and check the result
    Campaign(campaign::ImportCampaign),
    /// Replay a file of review votes and check what they come to
    ReviewVotes(review_votes::ReviewVotes),
}

impl Import {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.kind {
            Kind::Campaign(campaign) => campaign.run().await,
            Kind::ReviewVotes(review_votes) => review_votes.run().await,
        }
    }
}
