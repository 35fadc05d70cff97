//! `votectl campaign`: campaigns made, looked at, edited and watched to their end.

mod file;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Call;
use crate::operator::{Connection, LOGIN, Operator};
use crate::table;

const HINTS: &str = "Examples:
  votectl campaign create song.toml --dry-run
      shows what would be sent; a file is TOML or JSON, - is JSON from standard input
  votectl campaign list --state open
  votectl campaign edit 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22 --ends-at 2026-05-23T20:00:00Z
  votectl campaign watch 8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22
      waits for the result, and says what the close waits for

A file:
  name = \"Song of the year\"
  starts_at = \"2026-05-01T18:00:00Z\"
  ends_at = \"2026-05-22T20:00:00Z\"
  time_zone = \"Europe/Berlin\"
  free_daily_tickets = 3
  ticket_expiry = { kind = \"days\", days = 7 }
  [[channels]]
  key = \"web\"
  name = \"Web\"
  [[options]]
  key = \"a\"
  name = \"First song\"";

/// Creates, lists, shows, edits and watches campaigns; for operators, except to look.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct CampaignTask {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Create a campaign from a file
    Create {
        /// A TOML or JSON file; - for JSON from standard input
        file: PathBuf,
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
    },
    /// List campaigns, those that began last first
    List {
        /// Only those in this state
        #[arg(long, value_enum)]
        state: Option<State>,
        /// How many at most
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
    },
    /// Show one campaign, with channels and options
    Show {
        /// The campaign
        id: Uuid,
    },
    /// Change a campaign: before it opens everything, while it is open name and a later end
    Edit(Edit),
    /// Wait until a campaign is final
    Watch(watch::Watch),
}

/// How campaigns stand.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// Not begun
    Scheduled,
    /// Votes are taken
    Open,
    /// Over, and being counted
    Closing,
    /// Counted
    Drained,
    /// The result is frozen
    Final,
}

/// What is changed.
#[derive(Debug, Args)]
struct Edit {
    /// The campaign
    id: Uuid,
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    /// Its new end, in RFC 3339; while it is open, only a later one
    #[arg(long)]
    ends_at: Option<DateTime<Utc>>,
    /// A TOML or JSON file with more to change, before it opens
    #[arg(long)]
    file: Option<PathBuf>,
    /// Only say what would be sent
    #[arg(long)]
    dry_run: bool,
}

const COLUMNS: &[(&str, &str)] = &[
    ("CAMPAIGN", "campaign_id"),
    ("STATE", "state"),
    ("STARTS", "starts_at"),
    ("ENDS", "ends_at"),
    ("OPTIONS", "n_options"),
    ("NAME", "name"),
];

const CHANNELS: &[(&str, &str)] = &[
    ("CHANNEL", "key"),
    ("DAILY LIMIT", "daily_ticket_limit"),
    ("VOTER KINDS", "voter_kinds"),
    ("NAME", "name"),
];

const OPTIONS: &[(&str, &str)] = &[("OPTION", "key"), ("NAME", "name")];

impl CampaignTask {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.kind {
            Kind::Create { file, dry_run } => {
                // Read first: a file that is unsound needs no login.
                let call = Call::post("/campaigns").body(file::read(&file)?);
                let mut operator = self.connection.open().await?;
                create(&mut operator, call, dry_run).await
            }
            Kind::List { state, limit } => {
                list(&mut self.connection.open().await?, state, limit).await
            }
            Kind::Show { id } => {
                let mut operator = self.connection.open().await?;
                let campaign = read(&mut operator, id).await?;
                operator.tell(&campaign, || describe(&campaign))?;
                Ok(ExitCode::SUCCESS)
            }
            Kind::Edit(edit) => edit.run(&self.connection).await,
            Kind::Watch(watch) => watch.run(&mut self.connection.open().await?).await,
        }
    }
}

async fn create(operator: &mut Operator, call: Call<'_>, dry_run: bool) -> Result<ExitCode> {
    if dry_run {
        operator.tell_dry(&call)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Once: whether an answer that is lost was a creation cannot be told.
    let answer = operator.ask_catalog_once(call, "creating the campaign");
    let campaign = answer.await?.body;
    operator.tell(&campaign, || describe(&campaign))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(operator: &mut Operator, state: Option<State>, limit: usize) -> Result<ExitCode> {
    let state = state.and_then(|state| state.to_possible_value());
    let path = match &state {
        Some(state) => format!("/campaigns?state={}", state.get_name()),
        None => "/campaigns".to_owned(),
    };
    let catalog = operator.catalog.clone();
    let campaigns = operator.list(&catalog, &path, limit).await?;
    operator.tell(&json!({ "items": campaigns }), || {
        match campaigns.is_empty() {
            true => "none".to_owned(),
            false => table::of(&campaigns, COLUMNS),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads one campaign.
async fn read(operator: &mut Operator, id: Uuid) -> Result<Value> {
    let call = Call::get(format!("/campaigns/{id}"));
    let doing = format!("reading campaign {id}");
    Ok(operator.ask_catalog(call, &doing).await?.body)
}

fn describe(campaign: &Value) -> String {
    let list = |field: &str| campaign[field].as_array().cloned().unwrap_or_default();
    format!(
        "{}\n\n{}\n\n{}",
        table::fields(campaign),
        table::of(&list("channels"), CHANNELS),
        table::of(&list("options"), OPTIONS)
    )
}

impl Edit {
    async fn run(self, connection: &Connection) -> Result<ExitCode> {
        let mut body = match &self.file {
            Some(file) => file::read(file)?,
            None => json!({}),
        };
        if let Some(name) = self.name {
            body["name"] = name.into();
        }
        if let Some(ends_at) = self.ends_at {
            body["ends_at"] = json!(ends_at);
        }
        if body.as_object().is_none_or(serde_json::Map::is_empty) {
            bail!("say what to change: --name, --ends-at or --file");
        }
        let call = Call::patch(format!("/campaigns/{}", self.id)).body(body);
        let mut operator = connection.open().await?;
        if self.dry_run {
            operator.tell_dry(&call)?;
            return Ok(ExitCode::SUCCESS);
        }
        let answer = operator.ask_catalog(call, "editing the campaign").await?;
        operator.tell(&answer.body, || describe(&answer.body))?;
        Ok(ExitCode::SUCCESS)
    }
}
