//! `votectl migrate`: the schema, brought up to date.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::database::Database;

const HINTS: &str = "The catalog does the same when it starts; several at once are safe. A \
migration is never undone.

Exit codes: 0 the schema is up to date; 1 with --dry-run: migrations are pending; 2 it failed \
(migrations that went through stay), or was called wrongly.";

/// Applies the migrations that the schema lacks.
#[derive(Debug, Args)]
#[command(after_help = HINTS)]
pub(crate) struct Migrate {
    #[command(flatten)]
    database: Database,
    /// List the pending migrations, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let store = if self.dry_run {
            self.database.reader().await?
        } else {
            self.database.writer().await?
        };
        let before = store
            .schema_version()
            .await
            .context("cannot read the schema's version")?;
        if !self.dry_run {
            store.migrate().await.context("cannot migrate")?;
        }
        let after = store
            .schema_version()
            .await
            .context("cannot read the schema's version")?;
        let pending = &before.pending;
        if self.json {
            let report = json!({
                "dry_run": self.dry_run,
                "before": before.last(),
                "after": after.last(),
                "pending": pending,
            });
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            let version = |last: Option<&str>| last.unwrap_or("no schema").to_owned();
            println!("before: {}", version(before.last()));
            for name in pending {
                let verb = if self.dry_run { "pending" } else { "applied" };
                println!("  {verb} {name}");
            }
            println!("after:  {}", version(after.last()));
        }
        Ok(if after.pending.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
