//! `votectl verify`: whether SQL holds what it must.

mod report;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use uuid::Uuid;
use vote_domain::CampaignId;
use vote_store::verify::{Findings, RewardsDue};

use crate::database::Database;
use crate::progress::Progress;
use report::Report;

const HINTS: &str = "Everything is computed anew from the ledger, by the rules that settled it, \
and compared with what SQL keeps: what stands and was used, lots and grants, counters, tallies, \
fans, rewards, results; and every row must belong to one that is there. It reads in slices, each \
in one snapshot (a campaign in one), so that votes may flow meanwhile; nothing is locked or \
written.

SQL is reached by the settings of the services: TALLY__MYSQL__URL, or a file given by --config. \
The SQLite file of the embedded mode is read in place, also while the process runs: give its \
folder as --data-dir.

Exit codes: 0 all holds, 1 something does not, 2 it could not be checked, or was called wrongly.";

/// Proves every invariant from SQL alone, and finds orphans.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct Verify {
    #[command(flatten)]
    database: Database,
    /// Check this campaign alone
    #[arg(long, value_name = "ID")]
    campaign: Option<Uuid>,
    /// Demand a reward for every review that so many members ever voted up (only right if
    /// reviews.reward.up_votes was never lowered)
    #[arg(long, value_name = "N")]
    reward_up_votes: Option<u32>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let store = self.database.reader().await?;
        let mut findings = Findings::default();
        let n_rows = match self.campaign {
            None => store.n_rows_to_verify().await.context("cannot read SQL")?,
            Some(_) => 0,
        };
        let progress = Progress::begin("verify", usize::try_from(n_rows).unwrap_or(usize::MAX));
        let hear = |n: u64| progress.steps(usize::try_from(n).unwrap_or_default());
        let rewards = match self.reward_up_votes {
            None => RewardsDue::Unknown,
            Some(up_votes) => RewardsDue::From(up_votes),
        };
        let checked = match self.campaign {
            None => store.verify(rewards, &mut findings, &hear).await,
            Some(id) => {
                let campaign = CampaignId(id);
                store.verify_campaign(campaign, &mut findings, &hear).await
            }
        };
        drop(progress);
        checked.context("cannot check everything")?;
        let report = Report::new(&findings);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{report}");
        }
        Ok(if report.holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
