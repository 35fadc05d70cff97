//! `votectl result verify`: a frozen result, recomputed from the ledger.
//!
//! The ledger's votes are added up anew, without any counter; what they come to is written
//! in the canonical form and digested. That must be what was frozen in SQL, and what the
//! API answers.

mod checks;
mod report;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use uuid::Uuid;
use vote_domain::CampaignId;
use vote_store::closing::ClosingError;

use crate::api::{Api, Call};
use crate::database::Database;
use checks::{Served, Sources, check};
use report::Report;

const HINTS: &str = "SQL is reached by the settings of the services: TALLY__MYSQL__URL, or a file \
given by --config. The SQLite file of the embedded mode is read in place, also while the process \
runs: give its folder as --data-dir. Nothing is written.

Exit codes: 0 all agree, 1 they do not or nothing is frozen yet, 2 it could not be checked, or was called wrongly.";

/// Recomputes a campaign's result and its digest from the ledger, and compares them with
/// what is frozen in SQL and, with --url, with what the API answers.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct Verify {
    /// The campaign
    campaign_id: Uuid,
    /// Compare with the API, too, for example http://127.0.0.1:8080
    #[arg(long, env = "VOTECTL_URL")]
    url: Option<String>,
    #[command(flatten)]
    database: Database,
    /// How long the API may be away, in seconds
    #[arg(long, default_value_t = 30)]
    patience_s: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let campaign = CampaignId(self.campaign_id);
        let store = self.database.reader().await?;
        let (ledger, frozen) = match store.recompute_result(campaign).await {
            Ok(found) => found,
            Err(ClosingError::NoSuchCampaign) => {
                anyhow::bail!("there is no campaign {campaign} in this database")
            }
            Err(error) => return Err(error).context("cannot read the ledger"),
        };
        let served = match &self.url {
            Some(url) => Some(self.ask(url).await?),
            None => None,
        };
        let sources = Sources {
            ledger,
            frozen,
            served,
        };
        let report = Report::new(&sources, check(&sources));
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{report}");
        }
        Ok(if report.agrees {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// What the API at `url` answers.
    async fn ask(&self, url: &str) -> Result<Served> {
        let api = Api::new(url, Duration::from_secs(self.patience_s))?;
        let path = format!("/campaigns/{}/result", self.campaign_id);
        let result = api.call(Call::get(&path)).await?;
        if result.status != 200 {
            return Ok(Served::Refused(result.to_string()));
        }
        let canonical = Call::get(format!("{path}?format=canonical"));
        let canonical = api.call(canonical).await?;
        let canonical = canonical.expect(200, "reading the canonical text")?;
        Ok(Served::Result {
            digest: result.text("digest")?.to_owned(),
            n_votes: result.number("n_votes")?,
            options: result.list("options")?.clone(),
            canonical: canonical.body.as_str().unwrap_or_default().to_owned(),
        })
    }
}
