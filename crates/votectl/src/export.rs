//! `votectl export`: a ledger, taken elsewhere.

mod rows;
mod sink;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use uuid::Uuid;
use vote_domain::CampaignId;
use vote_store::Store;
use vote_store::export::Admitted;

use crate::database::Database;
use crate::progress::Progress;
use rows::{CampaignRow, ReviewRow};
use sink::Sink;

/// Rows read with one statement.
const SLICE: u32 = 5_000;

const HINTS: &str = "Rows come in the order of keys: of votes on reviews by vote, of a campaign by \
voter and then by their votes. The ledger is append-only, so what has settled is complete: take a \
campaign that is final, or --to a moment some minutes ago. With --output the file appears under its \
name only when it is whole.

Examples:
  votectl export --reviews --format csv --output reviews.csv
  votectl export --campaign 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22 --format json-lines | gzip > f.gz

Exit codes: 0 written, 2 it failed (no file is left under the name), or was called wrongly.";

/// Writes the ledger of votes on reviews, or of one campaign, row by row.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct Export {
    #[command(flatten)]
    database: Database,
    /// Votes on reviews
    #[arg(
        long,
        required_unless_present = "campaign",
        conflicts_with = "campaign"
    )]
    reviews: bool,
    /// Votes of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<Uuid>,
    /// How a row is written
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// The first moment of admission, such as 2026-05-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// The moment of admission behind the last
    #[arg(long, value_name = "TIME")]
    to: Option<DateTime<Utc>>,
    /// The file to write; standard output if none is named
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values, with a line of names.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Export {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let admitted = Admitted {
            from: self.from.unwrap_or(Admitted::EVER.from),
            to: self.to.unwrap_or(Admitted::EVER.to),
        };
        ensure!(
            admitted.from < admitted.to,
            "--from is not before --to: nothing lies between"
        );
        let store = self.database.reader().await?;
        let mut sink = Sink::open(self.output.as_deref(), self.format)?;
        let progress = Progress::begin("export", 0);
        let n_rows = match self.campaign {
            None => export_reviews(&store, admitted, &mut sink, &progress).await?,
            Some(id) => {
                let campaign = CampaignId(id);
                let heads = store.campaign_heads(&[campaign]).await?;
                ensure!(
                    heads.contains_key(&campaign),
                    "there is no campaign {id} in this database"
                );
                export_campaign(&store, campaign, admitted, &mut sink, &progress).await?
            }
        };
        sink.finish().context("cannot finish the file")?;
        progress.say(&format!("{n_rows} rows"));
        Ok(ExitCode::SUCCESS)
    }
}

async fn export_reviews(
    store: &Store,
    admitted: Admitted,
    sink: &mut Sink,
    progress: &Progress,
) -> Result<u64> {
    let (mut after, mut n_rows) = (None, 0);
    loop {
        let votes = store.export_review_votes(admitted, after, SLICE).await;
        let votes = votes.context("cannot read the ledger")?;
        for vote in &votes {
            sink.write(&ReviewRow::of(vote))?;
        }
        n_rows += votes.len() as u64;
        progress.steps(votes.len());
        match votes.last() {
            Some(last) if votes.len() as u64 == u64::from(SLICE) => after = Some(last.vote_id),
            _ => return Ok(n_rows),
        }
    }
}

async fn export_campaign(
    store: &Store,
    campaign: CampaignId,
    admitted: Admitted,
    sink: &mut Sink,
    progress: &Progress,
) -> Result<u64> {
    let (mut after, mut n_rows) = (None, 0);
    loop {
        let votes = store
            .export_campaign_votes(campaign, admitted, after, SLICE)
            .await
            .context("cannot read the ledger")?;
        for vote in &votes {
            sink.write(&CampaignRow::of(vote))?;
        }
        n_rows += votes.len() as u64;
        progress.steps(votes.len());
        match votes.last() {
            Some(last) if votes.len() as u64 == u64::from(SLICE) => {
                after = Some((last.voter, last.seq, last.vote_id));
            }
            _ => return Ok(n_rows),
        }
    }
}
