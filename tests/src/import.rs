//! `votectl import` as a process, and whether it came to what it must.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use test_stack::built_program;
use tokio::process::Command;

use crate::site::Site;

/// What services must be set to for an import, beside what this crate sets anyway.
pub const IMPORT_SETTINGS: &[(&str, &str)] = &[("TALLY__REVIEWS__VOTES_PER_DAY", "10000")];

/// What came of a run.
#[derive(Debug)]
pub struct ImportRun {
    /// How it ended; 0 when every author has what the file says.
    pub exit_code: Option<i32>,
    /// The summary, as `--json` prints it; `null` when there is none.
    pub summary: Value,
    /// What it said besides.
    pub stderr: String,
}

/// A file of `tests/data`.
#[must_use]
pub fn data_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// Imports review-votes.csv into `site`; `args` are handed on.
///
/// # Errors
/// When it cannot be run.
pub async fn import_review_votes(site: &Site, args: &[&str]) -> Result<ImportRun> {
    let output = import_command(site, args)?
        .output()
        .await
        .context("cannot run votectl")?;
    Ok(ImportRun {
        exit_code: output.status.code(),
        summary: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The command of [`import_review_votes`], for tests that interrupt it.
///
/// # Errors
/// When votectl is not built.
pub fn import_command(site: &Site, args: &[&str]) -> Result<Command> {
    let (user_name, password) = site.admin_login();
    let mut command = Command::new(built_program("votectl")?);
    command
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
        .kill_on_drop(true);
    Ok(command)
}

/// Imports the first `rows` of review-votes.csv into `site`, or all of them, which must
/// come to review-totals.csv; answers the summary.
///
/// # Errors
/// When anything is not as the file says.
pub async fn check_import(site: &Site, rows: Option<usize>) -> Result<Value> {
    let totals = data_file("review-totals.csv");
    let totals = totals.to_str().context("an odd path")?;
    let n_rows = rows.map(|rows| rows.to_string());
    let args = match &n_rows {
        Some(n_rows) => ["--rows", n_rows],
        None => ["--totals", totals],
    };
    let ImportRun {
        exit_code,
        summary,
        stderr,
    } = import_review_votes(site, &args).await?;
    ensure!(
        exit_code == Some(0),
        "votectl ended with {exit_code:?}: {summary}\n{stderr}"
    );
    let n_votes = rows.unwrap_or(35_592);
    ensure!(
        summary["votes"]["total"] == n_votes && summary["votes"]["counted"] == n_votes,
        "not every row is a counted vote: {summary}"
    );
    if rows.is_none() {
        ensure!(
            summary["up"] == 32_029 && summary["down"] == 3_563,
            "the totals are not those of the file: {summary}"
        );
    }
    Ok(summary)
}
