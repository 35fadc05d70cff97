//! Real votes, imported: every author ends with what the file says, twice in a row.
//! The whole file is for `cargo run -p journeys --bin import-check`.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use journeys::{
    Embedded, IMPORT_SETTINGS, RealStack, Site, check_import, import_command, import_review_votes,
};
use tokio::process::Command;

#[tokio::test]
async fn an_import_is_exact_twice_in_a_row_embedded() -> Result<()> {
    let embedded = Embedded::start(IMPORT_SETTINGS).await?;
    import_twice(embedded.site(), 2_000).await
}

#[tokio::test]
async fn an_import_is_exact_twice_in_a_row_on_real_servers_with_two_workers() -> Result<()> {
    let stack = RealStack::isolated("import", 1, 2, IMPORT_SETTINGS).await?;
    import_twice(stack.site(), 4_000).await
}

async fn import_twice(site: &Site, rows: usize) -> Result<()> {
    let first = check_import(site, Some(rows)).await?;
    assert_eq!(first["members"]["created"], first["members"]["total"]);
    assert_eq!(first["reviews"]["created"], first["reviews"]["total"]);
    let second = check_import(site, Some(rows)).await?;
    assert_eq!(second["members"]["created"], 0);
    assert_eq!(second["reviews"]["created"], 0);
    assert_eq!(
        (&first["up"], &first["down"]),
        (&second["up"], &second["down"])
    );
    Ok(())
}

#[tokio::test]
async fn an_import_that_was_interrupted_goes_on_where_it_was() -> Result<()> {
    let embedded = Embedded::start(IMPORT_SETTINGS).await?;
    let site = embedded.site();
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state");
    let state_text = state.to_string_lossy();
    let args = ["--rows", "1500", "--state", &*state_text];

    let mut running = import_command(site, &args)?
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let pid = running.id().context("it ended at once")?;
    while !fs::read_to_string(&state)
        .unwrap_or_default()
        .contains("\nvote,")
    {
        ensure!(
            running.try_wait()?.is_none(),
            "it ended before it could be interrupted"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let sent = Command::new("kill")
        .args(["-INT", &pid.to_string()])
        .status()
        .await?;
    ensure!(sent.success(), "it could not be interrupted");
    assert_eq!(running.wait().await?.code(), Some(130));

    let run = import_review_votes(site, &args).await?;
    assert_eq!(run.exit_code, Some(0), "{}", run.stderr);
    assert_eq!(run.summary["votes"]["counted"], 1_500);
    assert_eq!(run.summary["members"]["created"], 0);
    // And without what it remembers: the same votes are found by their keys.
    check_import(site, Some(1_500)).await?;
    Ok(())
}

#[tokio::test]
async fn an_import_says_what_the_services_lack_for_it() -> Result<()> {
    let embedded = Embedded::start(&[("TALLY__REVIEWS__VOTES_PER_DAY", "3")]).await?;
    let run = import_review_votes(embedded.site(), &["--rows", "300"]).await?;
    assert_eq!(run.exit_code, Some(2));
    ensure!(
        run.stderr.contains("TALLY__REVIEWS__VOTES_PER_DAY"),
        "{}",
        run.stderr
    );

    let wrong = import_review_votes(embedded.site(), &["--rows", "9", "--seed", "other"]).await?;
    assert_eq!(wrong.exit_code, Some(2));
    ensure!(wrong.stderr.contains("--seed"), "{}", wrong.stderr);
    Ok(())
}

#[tokio::test]
async fn an_import_tells_votes_that_differ_from_the_file() -> Result<()> {
    let embedded = Embedded::start(IMPORT_SETTINGS).await?;
    let site = embedded.site();
    check_import(site, Some(50)).await?;
    // The first 40 rows alone say less than what counts by now.
    let run = import_review_votes(site, &["--rows", "40", "--lag-s", "2"]).await?;
    assert_eq!(run.exit_code, Some(1));
    let differences = run.summary["differences"].as_array();
    ensure!(
        differences.is_some_and(|list| !list.is_empty()),
        "{}",
        run.summary
    );
    Ok(())
}
