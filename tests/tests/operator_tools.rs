//! What operators do by `votectl`: dead letters decided on, votes voided, tickets granted,
//! campaigns, partners and accounts looked after.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use journeys::{Direction, Embedded, Member, RealStack, Site};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use vote_domain::Clock;

/// Longer than a vote takes to be blamed, and a campaign to close, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A campaign with one channel and two options, as a file has it.
fn campaign(ends_at: DateTime<Utc>) -> Value {
    json!({
        "name": "Song of the year", "starts_at": "2026-01-01T00:00:00Z", "ends_at": ends_at,
        "time_zone": "UTC", "free_daily_tickets": 10,
        "ticket_expiry": {"kind": "campaign_end"},
        "channels": [{"key": "web", "name": "Web"}],
        "options": [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]
    })
}

/// Creates a campaign that is open for `life`; its id.
async fn create_campaign(site: &Site, life: TimeDelta) -> Result<String> {
    let now = Clock::system().now();
    let mut draft = campaign(now + life);
    draft["starts_at"] = json!(now);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("campaign.json");
    std::fs::write(&file, draft.to_string())?;
    let file = file.to_str().context("no path")?;
    let dry = site
        .votectl(&["campaign", "create", file, "--dry-run"])
        .await?;
    assert_eq!(dry.expect(0)?["body"]["name"], draft["name"]);
    let made = site
        .votectl(&["campaign", "create", file])
        .await?
        .expect(0)?;
    Ok(made["campaign_id"].as_str().context("no id")?.to_owned())
}

/// Spends `tickets` of `voter` on option `a`; the vote's id.
async fn spend(voter: &Member, campaign: &str, tickets: i64) -> Result<String> {
    let path = format!("/campaigns/{campaign}/votes");
    let body = json!({ "option": "a", "channel": "web", "tickets": tickets });
    let cast = voter.ask_gateway(Method::POST, &path, Some(&body)).await?;
    Ok(cast.expect(202)?.body["vote_id"]
        .as_str()
        .context("no vote")?
        .to_owned())
}

async fn balance(voter: &Member, campaign: &str) -> Result<Value> {
    let path = format!("/campaigns/{campaign}/wallet");
    let wallet = voter.ask_gateway(Method::GET, &path, None).await?;
    Ok(wallet.expect(200)?.body["balance"].clone())
}

/// The one open letter, once it is there.
async fn open_letter(site: &Site) -> Result<Value> {
    let began = Instant::now();
    loop {
        let found = site.votectl(&["dead-letters", "list"]).await?.expect(0)?;
        if let Some([letter]) = found["items"].as_array().map(Vec::as_slice) {
            return Ok(letter.clone());
        }
        if began.elapsed() > PATIENCE {
            bail!("no letter, or several: {found}");
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Makes SQL refuse votes of `table` of which `condition` holds, as if a column could not
/// take their values.
async fn refuse(stack: &RealStack, table: &str, condition: &str) -> Result<Conn> {
    let mut sql = Conn::from_url(&stack.mysql_url).await?;
    sql.query_drop(format!(
        "CREATE TRIGGER poison BEFORE INSERT ON {table} FOR EACH ROW IF {condition} THEN \
         SIGNAL SQLSTATE '22003' SET MESSAGE_TEXT = 'Out of range value'; END IF"
    ))
    .await?;
    Ok(sql)
}

#[tokio::test]
async fn a_close_waits_for_a_poison_vote_until_it_is_dropped() -> Result<()> {
    let stack = RealStack::isolated("operators-drop", 1, 1, &[]).await?;
    let site = stack.site();
    let voter = site.client()?.sign_up("fan").await?;
    let campaign = create_campaign(site, TimeDelta::seconds(50)).await?;
    let poison = "NEW.tickets = 7 AND NEW.reason IS NULL";
    let mut sql = refuse(&stack, "campaign_votes", poison).await?;
    let sound = spend(&voter, &campaign, 2).await?;
    voter.wait_until_settled(sound.parse()?).await?;

    // Dropped while the campaign is open, it gives its tickets back at once.
    let first = spend(&voter, &campaign, 7).await?;
    assert_eq!(balance(&voter, &campaign).await?, 1);
    let letter = open_letter(site).await?;
    assert_eq!(
        (&letter["reason"], &letter["state"]),
        (&json!("refused"), &json!("open"))
    );
    drop_letter(site, id_of(&letter)?, &first).await?;
    assert_eq!(balance(&voter, &campaign).await?, 8);
    let status = voter.status(first.parse()?).await?.expect(200)?.body;
    assert_eq!(
        (&status["state"], &status["reason"]),
        (&json!("rejected"), &json!("dropped"))
    );

    // One that is open keeps the close waiting.
    let second = spend(&voter, &campaign, 7).await?;
    let letter = open_letter(site).await?;
    let id = id_of(&letter)?;
    let shown = site
        .votectl(&["dead-letters", "show", id])
        .await?
        .expect(0)?;
    let vote = &shown["votes"][0];
    assert_eq!(
        (&vote["vote_id"], &vote["ledger"]),
        (&json!(second), &Value::Null)
    );
    let watch = ["campaign", "watch", &campaign, "--timeout-s", "60"];
    let waiting = site.votectl(&watch).await?;
    assert_eq!(waiting.exit_code, Some(2), "{waiting:?}");
    assert!(waiting.stderr.contains("closing"), "{waiting:?}");
    assert_eq!(
        voter.status(second.parse()?).await?.body["state"],
        "accepted"
    );
    let dry = [
        "dead-letters",
        "drop",
        id,
        "--reason",
        "broken",
        "--dry-run",
    ];
    let dry = site.votectl(&dry).await?.expect(0)?;
    assert_eq!(dry["letters"][0]["not_in_ledger"], 1);
    assert_eq!(open_letter(site).await?["dead_letter_id"], id);
    drop_letter(site, id, &second).await?;

    let watch = ["campaign", "watch", &campaign, "--timeout-s", "90"];
    let result = site.votectl(&watch).await?.expect(0)?;
    assert!(result["digest"].is_string(), "{result}");
    let board = format!("/campaigns/{campaign}/board");
    let board = voter.ask(Method::GET, &board, None).await?.expect(200)?;
    assert_eq!(board.body["options"][0]["votes"], 2);
    let status = voter.status(second.parse()?).await?.expect(200)?.body;
    assert_eq!(
        (&status["state"], &status["reason"]),
        (&json!("rejected"), &json!("dropped"))
    );
    let spent = "SELECT CAST(SUM(spent) AS SIGNED) FROM campaign_lots";
    assert_eq!(sql.query_first::<i64, _>(spent).await?, Some(2));
    // The box is gone, and the letter decided on.
    let replay = ["dead-letters", "replay", id];
    site.votectl(&replay).await?.expect(1)?;
    Ok(())
}

fn id_of(letter: &Value) -> Result<&str> {
    letter["dead_letter_id"].as_str().context("no id")
}

/// Drops the letter, which holds `vote` alone; again changes nothing.
async fn drop_letter(site: &Site, id: &str, vote: &str) -> Result<()> {
    let dropping = ["dead-letters", "drop", id, "--reason", "a test's poison"];
    for rejected in [json!([vote]), json!([])] {
        let dropped = site.votectl(&dropping).await?.expect(0)?;
        assert_eq!(dropped["done"][0]["rejected"], rejected);
    }
    Ok(())
}

#[tokio::test]
async fn a_letter_replayed_again_and_again_counts_once() -> Result<()> {
    let stack = RealStack::isolated("operators-replay", 1, 1, &[]).await?;
    let site = stack.site();
    let place = site.place().await?;
    let (_, review) = site.author(place, "author").await?;
    let voter = site.client()?.sign_up("fan").await?;
    let mut sql = refuse(&stack, "review_votes", "NEW.direction = 1").await?;
    let cast = voter.vote(review, Direction::Up).await?.expect(202)?;
    let letter = open_letter(site).await?;
    let id = letter["dead_letter_id"].as_str().context("no id")?;

    // In vain, for what it failed for is not mended: it is open again.
    site.votectl(&["dead-letters", "replay", id])
        .await?
        .expect(0)?;
    let began = Instant::now();
    while open_letter(site).await?["arrivals"] != 2 {
        assert!(began.elapsed() < PATIENCE, "it did not come back");
        sleep(Duration::from_millis(200)).await;
    }
    sql.query_drop("DROP TRIGGER poison").await?;
    for _ in 0..2 {
        let replayed = site
            .votectl(&["dead-letters", "replay", id])
            .await?
            .expect(0)?;
        assert_eq!(replayed["done"][0]["state"], "replayed");
    }
    voter.wait_until_settled(cast.id("vote_id")?).await?;
    site.wait_for_counts(review, 1, 0).await?;
    site.votectl(&["dead-letters", "replay", id])
        .await?
        .expect(0)?;
    sleep(Duration::from_secs(1)).await;
    site.wait_for_counts(review, 1, 0).await?;
    let ups: Option<i64> = sql.query_first("SELECT up FROM review_counters").await?;
    assert_eq!(ups, Some(1));
    // Nothing is left to be decided on, and a replayed letter is not dropped.
    let all = ["dead-letters", "replay", "--all"];
    assert_eq!(site.votectl(&all).await?.expect(0)?["done"], json!([]));
    site.votectl(&["dead-letters", "drop", id, "--reason", "r"])
        .await?
        .expect(1)?;
    Ok(())
}

/// As when a new version of the worker cannot take something, and is mended.
#[tokio::test]
async fn a_vote_that_workers_panic_over_holds_up_nobody_and_is_replayed() -> Result<()> {
    let panic_over = tempfile::NamedTempFile::new()?;
    let path = panic_over.path().to_str().context("no path")?;
    let settings = [("TALLY_PANIC_OVER_VOTERS", path)];
    let stack = RealStack::isolated("operators-panic", 1, 1, &settings).await?;
    let site = stack.site();
    let place = site.place().await?;
    let (_, review) = site.author(place, "author").await?;
    let client = site.client()?;
    let (unlucky, other) = (
        client.sign_up("unlucky").await?,
        client.sign_up("other").await?,
    );
    std::fs::write(path, unlucky.user_id.to_string())?;
    let held = unlucky.vote(review, Direction::Up).await?.expect(202)?;
    let sound = other.vote(review, Direction::Down).await?.expect(202)?;
    other.wait_until_settled(sound.id("vote_id")?).await?;
    let letter = open_letter(site).await?;
    let detail = letter["detail"].as_str().context("no detail")?;
    assert!(detail.contains("panicked"), "{detail}");
    site.wait_for_counts(review, 0, 1).await?;

    std::fs::write(path, "")?;
    let replay = ["dead-letters", "replay", id_of(&letter)?];
    site.votectl(&replay).await?.expect(0)?;
    unlucky.wait_until_settled(held.id("vote_id")?).await?;
    site.wait_for_counts(review, 1, 1).await
}

#[tokio::test]
async fn operators_look_after_accounts_partners_campaigns_and_tickets() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let site = embedded.site();
    let user = ["user", "create", "ada", "--role", "moderator"];
    let dry = [&user[..], &["--dry-run"]].concat();
    assert_eq!(site.votectl(&dry).await?.expect(0)?["dry_run"], true);
    let ada = site.votectl(&user).await?.expect(0)?;
    assert_eq!(ada["role"], "moderator");
    let taken = site.votectl(&user).await?;
    assert!(taken.stderr.contains("name_taken"), "{taken:?}");
    taken.expect(1)?;
    let id = ada["user_id"].as_str().context("no id")?;
    let operator = site
        .votectl(&["user", "role", id, "operator"])
        .await?
        .expect(0)?;
    assert_eq!(operator["role"], "operator");

    let partner = ["partner", "create", "Radio One", "--kind", "radio"];
    let partner = site.votectl(&partner).await?.expect(0)?;
    assert!(partner["secret"].is_string());
    let id = partner["partner_id"].as_str().context("no id")?;
    let rotate = ["partner", "rotate", id, "--revoke-others"];
    let rotated = site.votectl(&rotate).await?.expect(0)?;
    assert_eq!(rotated["revoked"], json!([partner["key_id"]]));
    let key = rotated["key_id"].as_str().context("no key")?;
    site.votectl(&["partner", "revoke", id, key])
        .await?
        .expect(0)?;
    let partners = site.votectl(&["partner", "list"]).await?.expect(0)?;
    let keys = partners["items"][0]["keys"].as_array().context("no keys")?;
    assert!(keys.len() == 2 && keys.iter().all(|key| !key["revoked_at"].is_null()));

    let campaign = create_campaign(site, TimeDelta::hours(1)).await?;
    let renamed = [
        "campaign",
        "edit",
        &campaign,
        "--name",
        "Song of the century",
    ];
    let renamed = site.votectl(&renamed).await?.expect(0)?;
    assert_eq!(renamed["name"], "Song of the century");
    let earlier = [
        "campaign",
        "edit",
        &campaign,
        "--ends-at",
        "2026-01-02T00:00:00Z",
    ];
    site.votectl(&earlier).await?.expect(1)?;
    let open = site
        .votectl(&["campaign", "list", "--state", "open"])
        .await?
        .expect(0)?;
    assert_eq!(open["items"][0]["campaign_id"], campaign);

    let voter = site.client()?.sign_up("fan").await?;
    let name = format!("member/{}", voter.user_id);
    let grant = [
        "grant",
        &campaign,
        "--voter",
        &name,
        "--tickets",
        "5",
        "--reason",
        "luck",
        "--key",
        "k",
    ];
    let dry = [&grant[..], &["--dry-run"]].concat();
    site.votectl(&dry).await?.expect(0)?;
    assert_eq!(balance(&voter, &campaign).await?, 10);
    for _ in 0..2 {
        site.votectl(&grant).await?.expect(0)?;
        assert_eq!(balance(&voter, &campaign).await?, 15);
    }
    let vote = spend(&voter, &campaign, 4).await?;
    voter.wait_until_settled(vote.parse()?).await?;
    let void = [
        "void",
        "--campaign",
        &campaign,
        "--vote",
        &vote,
        "--reason",
        "bought",
    ];
    let dry = [&void[..], &["--dry-run"]].concat();
    site.votectl(&dry).await?.expect(0)?;
    assert_eq!(balance(&voter, &campaign).await?, 11);
    assert_eq!(site.votectl(&void).await?.expect(0)?["voided"], 1);
    assert_eq!(balance(&voter, &campaign).await?, 15);
    // Called wrongly, and refused.
    site.votectl(&["void", "--reason", "r"]).await?.expect(2)?;
    let nowhere = uuid::Uuid::from_u128(7).to_string();
    site.votectl(&["campaign", "show", &nowhere])
        .await?
        .expect(1)?;
    Ok(())
}

#[tokio::test]
async fn a_tally_is_furnished_once_however_often_it_is_seeded() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let site = embedded.site();
    let dry = site.votectl(&["seed", "--dry-run"]).await?.expect(0)?;
    let first = site.votectl(&["seed"]).await?.expect(0)?;
    for what in ["restaurants", "items", "reviews"] {
        assert_eq!(
            (&first[what]["created"], &first[what]["found"]),
            (&dry[what], &json!(0)),
            "{what}"
        );
    }
    assert_eq!(first["votes"], dry["votes"]);
    let second = site.votectl(&["seed"]).await?.expect(0)?;
    for what in ["restaurants", "items", "members", "reviews"] {
        assert_eq!(second[what]["created"], 0, "{what}");
    }
    assert_eq!(second["campaign_id"], first["campaign_id"]);
    assert_eq!(second["votes"], first["votes"], "the same votes, once");
    Ok(())
}
