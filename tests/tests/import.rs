//! Real votes, imported: every author ends with what the file says, twice in a row.
//! The whole file is for `cargo run -p journeys --bin import-check`.

use anyhow::{Result, ensure};
use journeys::{Embedded, IMPORT_SETTINGS, RealStack, Site, check_import, import_review_votes};

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
async fn an_import_that_was_stopped_goes_on_where_it_was() -> Result<()> {
    let embedded = Embedded::start(IMPORT_SETTINGS).await?;
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state");
    let state = state.to_string_lossy();
    for rows in ["150", "300"] {
        let run =
            import_review_votes(embedded.site(), &["--rows", rows, "--state", &state]).await?;
        assert_eq!(run.exit_code, Some(0), "{}", run.stderr);
        assert_eq!(run.summary["votes"]["counted"].to_string(), rows);
    }
    Ok(())
}

#[tokio::test]
async fn an_import_says_what_the_services_lack_for_it() -> Result<()> {
    let embedded = Embedded::start(&[("TALLY__REVIEWS__VOTES_PER_DAY", "3")]).await?;
    let run = import_review_votes(embedded.site(), &["--rows", "300"]).await?;
    assert_eq!(run.exit_code, Some(1));
    ensure!(
        run.stderr.contains("TALLY__REVIEWS__VOTES_PER_DAY"),
        "{}",
        run.stderr
    );

    let wrong = import_review_votes(embedded.site(), &["--rows", "9", "--seed", "other"]).await?;
    assert_eq!(wrong.exit_code, Some(1));
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
