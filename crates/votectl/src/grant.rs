//! `votectl grant`: tickets for voters.

mod file;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::Ids;

use crate::api::{Call, Refused};
use crate::named::VoterName;
use crate::operator::{Connection, LOGIN, Operator};
use crate::progress::Progress;

const HINTS: &str = "Examples:
  votectl grant 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22 --voter jury/DE --tickets 5 \\
      --reason 'for waiting' --key delay-17
  votectl grant 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22 --file grants.csv --dry-run

The file has the columns voter, tickets, reason and key; a voter is kind/id. What is granted under a \
key is granted once, however often it is repeated: give keys of your own, and an interrupted command \
can simply be started again.";

/// Grants tickets to one voter, or to those of a file; for operators.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct GrantTask {
    #[command(flatten)]
    connection: Connection,
    /// The campaign
    campaign_id: Uuid,
    /// Who gets them: kind/id
    #[arg(
        long,
        required_unless_present = "file",
        requires = "tickets",
        requires = "reason"
    )]
    voter: Option<VoterName>,
    /// How many, at least 1
    #[arg(long)]
    tickets: Option<u32>,
    /// What for, up to 200 characters; the voter sees it
    #[arg(long)]
    reason: Option<String>,
    /// Names the grant; else a new key is drawn and told
    #[arg(long)]
    key: Option<String>,
    /// A CSV file of grants instead: voter,tickets,reason,key
    #[arg(long, conflicts_with_all = ["voter", "tickets", "reason", "key"])]
    file: Option<PathBuf>,
    /// Only say what would be sent
    #[arg(long)]
    dry_run: bool,
}

impl GrantTask {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let grants = match &self.file {
            Some(file) => file::read(file)?,
            None => vec![self.grant(&Ids::random())?],
        };
        let mut operator = self.connection.open().await?;
        let state = self.state(&mut operator).await?;
        if !matches!(state.as_str(), "scheduled" | "open") {
            bail!("the campaign is {state}: tickets are granted while it is scheduled or open");
        }
        if self.dry_run {
            let found = json!({ "dry_run": true, "state": state, "grants": grants });
            operator.tell(&found, || {
                let n: u64 = grants.iter().filter_map(|grant| grant["tickets"].as_u64()).sum();
                format!(
                    "would grant {n} tickets in {} grants; the campaign is {state}; nothing was changed",
                    grants.len()
                )
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        self.send(&mut operator, grants).await
    }

    /// The one grant of the command line.
    fn grant(&self, ids: &Ids) -> Result<Value> {
        let voter = self.voter.as_ref().context("say who: --voter or --file")?;
        let key = self.key.clone().unwrap_or_else(|| {
            let drawn = format!("votectl-{}", ids.next::<Uuid>());
            if !self.dry_run {
                // Whatever becomes of the answer, the same grant can be asked for again.
                eprintln!("The grant's key is {drawn}: to repeat the command, add --key {drawn}");
            }
            drawn
        });
        Ok(json!({
            "voter": voter.body(), "tickets": self.tickets, "reason": self.reason, "grant_key": key
        }))
    }

    async fn state(&self, operator: &mut Operator) -> Result<String> {
        let call = Call::get(format!("/campaigns/{}", self.campaign_id));
        let answer = operator.ask_catalog(call, "reading the campaign").await?;
        Ok(answer.text("state")?.to_owned())
    }

    async fn send(&self, operator: &mut Operator, grants: Vec<Value>) -> Result<ExitCode> {
        let progress = Progress::begin("granting", grants.len());
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for grant in grants {
            let key = grant["grant_key"].clone();
            let call = Call::post(format!("/campaigns/{}/grants", self.campaign_id)).body(grant);
            match operator.ask_gateway(call, &format!("granting {key}")).await {
                Ok(answer) => {
                    done.push(json!({ "grant_key": key, "grant_id": answer.body["grant_id"] }));
                }
                Err(error) if error.is::<Refused>() => {
                    progress.say(&format!("{error:#}"));
                    refused.push(json!({ "grant_key": key, "error": format!("{error:#}") }));
                }
                Err(error) => {
                    let so_far = format!(
                        "{} grants were confirmed, and that of the key {key} may have been made; \
                         start it again with the same keys",
                        done.len()
                    );
                    return Err(error.context(so_far));
                }
            }
            progress.step();
        }
        drop(progress);
        operator.tell(
            &json!({ "done": done, "refused": refused }),
            || match &done[..] {
                [only] if refused.is_empty() => {
                    let text = |field: &str| only[field].as_str().unwrap_or("?").to_owned();
                    format!(
                        "granted: {} under the key {}",
                        text("grant_id"),
                        text("grant_key")
                    )
                }
                _ => format!("{} granted, {} refused", done.len(), refused.len()),
            },
        )?;
        Ok(ExitCode::from(u8::from(!refused.is_empty())))
    }
}
