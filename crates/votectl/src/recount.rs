//! `votectl recount`: sums rebuilt from the ledger, while votes flow.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use uuid::Uuid;
use vote_domain::CampaignId;
use vote_store::recount::{Recounted, Recounting};

use crate::database::Database;
use crate::progress::Progress;

const HINTS: &str = "Rebuilt are: up, down and ever up of reviews; how many votes stand for a \
voter; what restaurants and items keep of their reviews; tallies, totals and fans of campaigns. \
Each is looked at without a lock first; what differs is mended in a short transaction of its own \
under the row's lock, and its version rises, so that Redis takes it. Votes may flow meanwhile, \
and doing it again changes nothing.

Never written are the ledger, what voters hold (standing votes, days, lots, uses) and frozen \
results: `votectl verify` tells why one of those is broken, and that a backup must mend it.

Exit codes: 0 done, or nothing to do; 1 with --dry-run: something would change; 2 it failed (what \
was mended until then stays), or was called wrongly.";

/// Rebuilds counters, tallies, totals and fans from the ledger, and when rewards were paid.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct Recount {
    #[command(flatten)]
    database: Database,
    /// Rebuild this campaign's alone
    #[arg(long, value_name = "ID")]
    campaign: Option<Uuid>,
    /// List what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print what changed as JSON
    #[arg(long)]
    json: bool,
}

impl Recount {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let (store, recounting) = if self.dry_run {
            (self.database.reader().await?, Recounting::Show)
        } else {
            (self.database.writer().await?, Recounting::Mend)
        };
        let progress = Progress::begin("recount", 0);
        let hear = |n: u64| progress.steps(usize::try_from(n).unwrap_or_default());
        let mut recounted = Vec::new();
        let done = match self.campaign {
            None => store.recount(recounting, &mut recounted, &hear).await,
            Some(id) => {
                let campaign = CampaignId(id);
                store
                    .recount_campaign(campaign, recounting, &mut recounted, &hear)
                    .await
            }
        };
        drop(progress);
        self.tell(&recounted)?;
        done.context("cannot recount everything")?;
        Ok(if self.dry_run && !recounted.is_empty() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    fn tell(&self, recounted: &[Recounted]) -> Result<()> {
        if self.json {
            let rows: Vec<_> = recounted
                .iter()
                .map(|one| json!({"row": one.row, "before": one.before, "after": one.after}))
                .collect();
            let report = json!({"dry_run": self.dry_run, "recounted": rows});
            println!("{}", serde_json::to_string_pretty(&report)?);
            return Ok(());
        }
        for one in recounted {
            println!("{}: {} -> {}", one.row, one.before, one.after);
        }
        let verb = if self.dry_run { "would be" } else { "were" };
        match recounted.len() {
            0 => println!("every sum is what its rows add up to"),
            n => println!("{n} rows {verb} set to what their rows add up to"),
        }
        Ok(())
    }
}
