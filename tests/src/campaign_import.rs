//! `votectl import campaign` and `votectl result verify` as processes.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use test_stack::built_program;
use tokio::process::Command;

use crate::import::{ImportRun, data_file};
use crate::site::Site;

/// Where SQL is.
#[derive(Clone, Copy, Debug)]
pub enum Books<'b> {
    /// A server at this URL.
    Server(&'b str),
    /// The folder of the embedded mode.
    Folder(&'b Path),
}

/// The command that imports campaign-votes.csv into `site` and compares with
/// campaign-results.csv; `args` are handed on.
///
/// # Errors
/// When votectl is not built.
pub fn campaign_import_command(site: &Site, args: &[&str]) -> Result<Command> {
    let (user_name, password) = site.admin_login();
    let mut command = Command::new(built_program("votectl")?);
    command
        .args(["import", "campaign"])
        .arg(data_file("campaign-votes.csv"))
        .arg("--results")
        .arg(data_file("campaign-results.csv"))
        .args(["--url", &site.catalog, "--json"]);
    for gateway in &site.gateways {
        command.args(["--gateway-url", gateway]);
    }
    command
        .args(args)
        .env("VOTECTL_ADMIN_USER", user_name)
        .env("VOTECTL_ADMIN_PASSWORD", password)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

/// Imports campaign-votes.csv into `site`; `args` are handed on.
///
/// # Errors
/// When it cannot be run.
pub async fn import_campaigns(site: &Site, args: &[&str]) -> Result<ImportRun> {
    run(campaign_import_command(site, args)?).await
}

/// As [`import_campaigns`], which must end well with `n_votes` votes that counted; answers
/// the summary.
///
/// # Errors
/// When anything is not as campaign-results.csv says.
pub async fn check_campaign_import(site: &Site, args: &[&str], n_votes: u64) -> Result<Value> {
    let ImportRun {
        exit_code,
        summary,
        stderr,
    } = import_campaigns(site, args).await?;
    ensure!(
        exit_code == Some(0),
        "votectl ended with {exit_code:?}: {summary}\n{stderr}"
    );
    let campaigns = summary["campaigns"].as_array().context("no campaigns")?;
    let counted: u64 = campaigns.iter().filter_map(|c| c["votes"].as_u64()).sum();
    ensure!(
        counted == n_votes,
        "{n_votes} votes were to count, and {counted} did: {summary}"
    );
    Ok(summary)
}

/// Has the result of `campaign` verified from `books` and by way of `site`.
///
/// # Errors
/// When it cannot be run.
pub async fn verify_result(site: &Site, books: Books<'_>, campaign: &str) -> Result<ImportRun> {
    let mut command = Command::new(built_program("votectl")?);
    command
        .args([
            "result",
            "verify",
            campaign,
            "--url",
            &site.catalog,
            "--json",
        ])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    match books {
        Books::Server(url) => command.env("TALLY__MYSQL__URL", url),
        Books::Folder(folder) => command.arg("--data-dir").arg(folder),
    };
    run(command).await
}

async fn run(mut command: Command) -> Result<ImportRun> {
    let output = command.output().await.context("cannot run votectl")?;
    Ok(ImportRun {
        exit_code: output.status.code(),
        summary: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
