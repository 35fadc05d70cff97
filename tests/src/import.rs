//! `votectl import` as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::Value;
use test_stack::built_program;
use tokio::process::Command;

use crate::site::Site;

/// What came of a run.
#[derive(Debug)]
pub struct ImportRun {
    /// How it ended; 0 when every author has what the file says.
    pub exit_code: Option<i32>,
    /// The summary, as `--json` prints it.
    pub summary: Value,
}

/// A file of `tests/data`.
#[must_use]
pub fn data_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// Imports review-votes.csv into `site`; `args` are handed on. Needs settings as
/// `votectl help import review-votes` tells.
///
/// # Errors
/// When it cannot be run, or prints no summary.
pub async fn import_review_votes(site: &Site, args: &[&str]) -> Result<ImportRun> {
    let (user_name, password) = site.admin_login();
    let output = Command::new(built_program("votectl")?)
        .args(["import", "review-votes"])
        .arg(data_file("review-votes.csv"))
        .args([
            "--url",
            &site.catalog,
            "--gateway-url",
            &site.gateways[0],
            "--json",
        ])
        .args(args)
        .env("VOTECTL_ADMIN_USER", user_name)
        .env("VOTECTL_ADMIN_PASSWORD", password)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run votectl")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary = serde_json::from_str(&text)
        .with_context(|| format!("votectl ended with {} and printed: {text}", output.status))?;
    Ok(ImportRun {
        exit_code: output.status.code(),
        summary,
    })
}
