//! `votectl void`: votes taken out of the count.

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgGroup, Args};
use serde_json::json;
use uuid::Uuid;

use crate::api::Call;
use crate::named::VoterName;
use crate::operator::{Connection, LOGIN};

const HINTS: &str = "Examples:
  votectl void --campaign 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22 --voter jury/DE \\
      --reason 'bought votes' --dry-run
  votectl void --review 2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11 \\
      --vote 6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52 --reason 'a script'

A void covers what is still queued, too. Repeating it changes nothing. It is refused once the \
campaign is drained.";

/// Voids one vote, or all votes of a voter, in a campaign (operators) or on a review
/// (moderators).
#[derive(Debug, Args)]
#[command(
    after_help = HINTS,
    after_long_help = format!("{HINTS}\n\n{LOGIN}"),
    group(ArgGroup::new("place").required(true).args(["campaign", "review"])),
    group(ArgGroup::new("what").required(true).args(["vote", "voter"])),
)]
pub(crate) struct Void {
    #[command(flatten)]
    connection: Connection,
    /// The campaign
    #[arg(long)]
    campaign: Option<Uuid>,
    /// The review
    #[arg(long)]
    review: Option<Uuid>,
    /// One vote
    #[arg(long)]
    vote: Option<Uuid>,
    /// All votes of this voter so far: kind/id
    #[arg(long)]
    voter: Option<VoterName>,
    /// Why, up to 500 characters; voters see it
    #[arg(long)]
    reason: String,
    /// What the votes cost is lost to the voter; else it is returned
    #[arg(long)]
    forfeit: bool,
    /// Only say what would be sent
    #[arg(long)]
    dry_run: bool,
}

impl Void {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let mut operator = self.connection.open().await?;
        let path = match (self.campaign, self.review) {
            (Some(campaign), _) => format!("/campaigns/{campaign}/voids"),
            (None, review) => format!("/reviews/{}/voids", review.unwrap_or_default()),
        };
        let mut body = json!({ "reason": self.reason, "forfeit": self.forfeit });
        match (self.vote, &self.voter) {
            (Some(vote), _) => body["vote_id"] = vote.to_string().into(),
            (None, Some(voter)) => body["voter"] = voter.body(),
            (None, None) => anyhow::bail!("say which: --vote or --voter"),
        }
        let call = Call::post(path).body(body);
        if self.dry_run {
            operator.tell_dry(&call)?;
            return Ok(ExitCode::SUCCESS);
        }
        let answer = operator.ask_gateway(call, "voiding").await?;
        operator.tell(&answer.body, || match answer.body["waiting"].as_bool() {
            Some(true) => {
                "the ledger does not know the vote yet; it is voided when it arrives".to_owned()
            }
            _ => format!("{} votes voided now", answer.body["voided"]),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
