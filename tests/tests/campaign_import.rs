//! Real campaigns, imported as partners' servers would send them, and closed: every board
//! and result is the official scoreboard, and the ledger proves it. The whole file is for
//! `cargo run -p journeys --bin import-check -- --votes campaign`.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use journeys::{
    Books, Embedded, RealStack, Site, campaign_import_command, check_campaign_import,
    import_campaigns, verify_result,
};
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use vote_store::{MysqlSettings, Store};

/// The votes of the two campaigns that the suite imports.
const TWO_YEARS: [&str; 4] = ["--only", "2021,2022", "--close-after", "20"];
const N_VOTES: u64 = 1_580;

#[tokio::test]
async fn imported_campaigns_are_the_official_scoreboards_embedded() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let books = Books::Folder(embedded.data_dir());
    let campaign = import_two_years(embedded.site(), books).await?;
    let store = Store::sqlite(embedded.data_dir().join("tally.db")).await?;
    spoil(&store, &campaign).await?;
    verify_fails(embedded.site(), books, &campaign).await
}

#[tokio::test]
async fn imported_campaigns_are_the_official_scoreboards_on_real_servers_with_three_workers()
-> Result<()> {
    let stack = RealStack::isolated("campaigns", 2, 3, &[]).await?;
    let books = Books::Server(&stack.mysql_url);
    let campaign = import_two_years(stack.site(), books).await?;
    let store = Store::mysql(&MysqlSettings::new(&stack.mysql_url))?;
    spoil(&store, &campaign).await?;
    verify_fails(stack.site(), books, &campaign).await
}

/// Imports, looks again, and has the results verified; answers a campaign.
async fn import_two_years(site: &Site, books: Books<'_>) -> Result<String> {
    let first = check_campaign_import(site, &TWO_YEARS, N_VOTES).await?;
    assert_eq!(first["votes"], N_VOTES);
    assert_eq!(first["campaigns_made"]["created"], 2);
    assert_eq!(first["partners"]["created"], 2);
    no_key_stands(site).await?;

    let run = first["run"].as_str().context("no run")?;
    let args = ["--only", "2021,2022", "--run", run];
    let second = check_campaign_import(site, &args, N_VOTES).await?;
    assert_eq!(second["votes"], 0, "the campaigns are over");
    assert_eq!(second["campaigns_made"]["created"], 0);
    assert_eq!(second["partners"]["created"], 0);
    assert_eq!(second["campaigns"], first["campaigns"]);
    no_key_stands(site).await?;

    let mut last = None;
    for campaign in first["campaigns"].as_array().context("no campaigns")? {
        let id = campaign["campaign_id"].as_str().context("no id")?;
        let verified = verify_result(site, books, id).await?;
        assert_eq!(verified.exit_code, Some(0), "{verified:?}");
        assert_eq!(verified.summary["digest"], campaign["digest"]);
        assert_eq!(verified.summary["votes"], campaign["votes"]);
        last = Some(id.to_owned());
    }
    last.context("no campaign")
}

/// Every key that the import was given is revoked.
async fn no_key_stands(site: &Site) -> Result<()> {
    let admin = site.admin().await?;
    let partners = admin
        .ask(Method::GET, "/partners", None)
        .await?
        .expect(200)?;
    let partners = partners.body["items"]
        .as_array()
        .context("no items")?
        .clone();
    assert_eq!(partners.len(), 2);
    for partner in partners {
        for key in partner["keys"].as_array().context("no keys")? {
            ensure!(!key["revoked_at"].is_null(), "a key stands: {partner}");
        }
    }
    Ok(())
}

/// Deletes one vote from the ledger of `campaign`.
async fn spoil(store: &Store, campaign: &str) -> Result<()> {
    let id = campaign.replace('-', "");
    let sql = format!(
        "DELETE FROM campaign_votes WHERE vote_id IN (SELECT vote_id FROM \
         (SELECT MIN(vote_id) AS vote_id FROM campaign_votes WHERE campaign_id = X'{id}') AS one)"
    );
    store.execute_raw(&sql).await?;
    Ok(())
}

async fn verify_fails(site: &Site, books: Books<'_>, campaign: &str) -> Result<()> {
    let verified = verify_result(site, books, campaign).await?;
    assert_eq!(verified.exit_code, Some(1), "{verified:?}");
    assert_eq!(verified.summary["agrees"], false);
    let checks = verified.summary["checks"].as_array().context("no checks")?;
    let broken = checks.iter().find(|check| check["holds"] == false);
    let found = &broken.context("every check holds")?["found"];
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    ensure!(
        found[0]
            .as_str()
            .is_some_and(|text| text.starts_with("option ")),
        "{found}"
    );
    ensure!(
        found[1]
            .as_str()
            .is_some_and(|text| text.starts_with("votes: ")),
        "{found}"
    );
    Ok(())
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_and_doubles_nothing() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let site = embedded.site();
    let args = ["--only", "2022", "--run", "killed", "--close-after", "15"];
    let mut running = campaign_import_command(site, &args)?
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let began_at = Instant::now();
    while counted(site).await? < 100 {
        ensure!(
            began_at.elapsed() < Duration::from_secs(60),
            "no vote counts"
        );
        ensure!(
            running.try_wait()?.is_none(),
            "it ended before it could be killed"
        );
        sleep(Duration::from_millis(20)).await;
    }
    running.kill().await?;

    let args = ["--only", "2022", "--run", "killed", "--seed", "2"];
    let summary = check_campaign_import(site, &args, 800).await?;
    assert_eq!(summary["campaigns_made"]["created"], 0);
    assert_eq!(summary["votes"], 800);
    Ok(())
}

/// The tickets on the board of the site's one campaign; 0 before there is one.
async fn counted(site: &Site) -> Result<u64> {
    let client = site.client()?;
    let get = async |path: &str| -> Result<Value> {
        let answer = client.catalog(Method::GET, path).send().await?;
        Ok(answer.json().await?)
    };
    let campaigns = get("/campaigns").await?;
    let Some(id) = campaigns["items"][0]["campaign_id"].as_str() else {
        return Ok(0);
    };
    let board = get(&format!("/campaigns/{id}/board")).await?;
    let options = board["options"].as_array().context("no options")?;
    Ok(options
        .iter()
        .filter_map(|line| line["votes"].as_u64())
        .sum())
}

#[tokio::test]
async fn an_import_says_what_is_wrong() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let site = embedded.site();
    let unknown = import_campaigns(site, &["--only", "1956"]).await?;
    assert_eq!(unknown.exit_code, Some(2));
    ensure!(
        unknown.stderr.contains("no votes of 1956"),
        "{}",
        unknown.stderr
    );

    let nobody = verify_result(
        site,
        Books::Folder(embedded.data_dir()),
        "00000000-0000-0000-0000-000000000001",
    );
    let nobody = nobody.await?;
    assert_eq!(nobody.exit_code, Some(2));
    ensure!(nobody.stderr.contains("no campaign"), "{}", nobody.stderr);
    Ok(())
}
