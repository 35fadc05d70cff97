//! Lets schemathesis try every route of a running Tally against its own description:
//! `cargo xtask api-check`, which installs it, or `api-check --program st`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use clap::Parser;
use journeys::campaign::{Draft, Partner, Service};
use journeys::{Direction, Embedded, Member};
use reqwest::Method;
use serde_json::Value;
use vote_domain::Clock;

/// Nothing may answer 5xx, with a status, a content type or a body that the description
/// does not know.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

/// No test runs out of votes or of its token's life.
const SETTINGS: &[(&str, &str)] = &[
    ("TALLY__AUTH__ACCESS_TOKEN_S", "3600"),
    ("TALLY__REVIEWS__VOTES_PER_DAY", "1000"),
];

/// Starts Tally in one process and lets schemathesis try its routes as nobody, as a member
/// and as an admin, with made-up ids and with ids of things that are there.
#[derive(Debug, Parser)]
#[command(name = "api-check")]
struct Arguments {
    /// The program `st` of schemathesis
    #[arg(long, default_value = "st")]
    program: PathBuf,
    /// How many requests are made up for each route, at most, each time
    #[arg(long, default_value_t = 8)]
    examples: u32,
    /// Decides what is made up
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shows all that schemathesis says, not only of what failed
    #[arg(long)]
    verbose: bool,
}

/// One pass over all routes.
struct Pass {
    name: &'static str,
    config: String,
    arguments: &'static [&'static str],
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let embedded = Embedded::start(SETTINGS).await?;
    let folder = tempfile::tempdir()?;
    let url = format!("{}/openapi.json", embedded.site().catalog);
    let mut failed = Vec::new();
    for pass in passes(&embedded).await? {
        let started_at = Instant::now();
        let config = folder.path().join("schemathesis.toml");
        std::fs::write(&config, &pass.config).context("cannot write the configuration")?;
        let passed = run(&arguments, &pass, &config, &url).await?;
        let seconds = started_at.elapsed().as_secs_f64();
        let word = if passed { "passed" } else { "FAILED" };
        println!("{:<28} {word} in {seconds:.1} s", pass.name);
        if !passed {
            failed.push(pass.name);
        }
    }
    ensure!(failed.is_empty(), "the API is not as described: {failed:?}");
    Ok(())
}

/// Runs schemathesis once and says whether it found nothing.
async fn run(arguments: &Arguments, pass: &Pass, config: &Path, url: &str) -> Result<bool> {
    let mut command = Command::new(&arguments.program);
    command
        .arg("--config-file")
        .arg(config)
        .args(["run", url, "--no-color", "--generation-database", "none"])
        .args(["--checks", CHECKS])
        .args(["--seed", &arguments.seed.to_string()])
        .args(["--max-examples", &arguments.examples.to_string()])
        .args(["--request-timeout", "20", "--warnings", "off"])
        .args(pass.arguments)
        .current_dir(config.parent().unwrap_or(config));
    let program = arguments.program.display().to_string();
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = output.with_context(|| format!("cannot run {program}"))?;
    let passed = output.status.success();
    if arguments.verbose || !passed {
        println!("{}", String::from_utf8_lossy(&output.stdout));
        println!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(passed)
}

/// Things that are there, by the parameter that names them.
type Known = Vec<(&'static str, String)>;

/// What is tried, and as whom. Signing out stands alone: it ends the session that tries.
async fn passes(embedded: &Embedded) -> Result<Vec<Pass>> {
    let site = embedded.site();
    let admin = site.admin().await?;
    let leaver = site.client()?.sign_up("leaver").await?;
    let (member, known) = furnish(embedded, &admin).await?;
    let all: &[&str] = &["--exclude-operation-id", "sign_out"];
    let some: &[&str] = &["--phases", "examples,coverage,fuzzing"];
    let leave: &[&str] = &["--include-operation-id", "sign_out"];
    let pass = |name, who: Option<&Member>, known: &Known, arguments| Pass {
        name,
        config: configuration(who, known),
        arguments,
    };
    let nothing = Known::new();
    Ok(vec![
        pass("nobody", None, &nothing, some),
        pass("a member, things there", Some(&member), &known, all),
        pass("an admin, made-up ids", Some(&admin), &nothing, all),
        pass("an admin, things there", Some(&admin), &known, all),
        pass("who signs out", Some(&leaver), &nothing, leave),
    ])
}

/// One of everything: a place, a review with a vote on it, an open campaign with a vote in
/// it, a partner. Returns the member who voted.
async fn furnish(embedded: &Embedded, admin: &Member) -> Result<(Member, Known)> {
    let site = embedded.site();
    let place = site.place().await?;
    let (_, review) = site.author(place, "author").await?;
    let member = site.client()?.sign_up("voter").await?;
    let vote = member.vote(review, Direction::Up).await?.expect(202)?;
    let draft = Draft::open_for(Clock::system().now(), TimeDelta::hours(2));
    let campaign = draft.create(admin).await?;
    let partner = Partner::admit(admin, "Broadcaster", "jury").await?;
    let listed = admin
        .ask(Method::GET, "/partners", None)
        .await?
        .expect(200)?;
    let listed = &listed.body["items"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned).context("no id");
    // A voter of the partner's, so that boards and fans have something to show.
    let mut ballot = journeys::campaign::Call::new(
        Service::Gateway,
        Method::POST,
        format!("/campaigns/{campaign}/votes"),
    );
    ballot.body = Some(serde_json::json!({ "option": "a", "channel": "web", "tickets": 1 }));
    ballot.voter = Some("voter-1".to_owned());
    let known = vec![
        ("restaurant_id", place.restaurant.to_string()),
        ("item_id", place.item.to_string()),
        ("review_id", review.to_string()),
        ("vote_id", vote.id("vote_id")?.to_string()),
        ("user_id", member.user_id.to_string()),
        ("campaign_id", campaign.to_string()),
        ("option", "a".to_owned()),
        ("partner_id", text(&listed["partner_id"])?),
        ("key_id", text(&listed["keys"][0]["key_id"])?),
    ];
    wait_until_open(admin, &campaign.to_string()).await?;
    partner.ask(ballot).await?.expect(202)?;
    Ok((member, known))
}

async fn wait_until_open(admin: &Member, campaign: &str) -> Result<()> {
    let path = format!("/campaigns/{campaign}");
    loop {
        let shown = admin.ask(Method::GET, &path, None).await?.expect(200)?;
        if shown.body["state"] == "open" {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// In a file, for tokens are nobody's business who lists processes.
fn configuration(who: Option<&Member>, known: &Known) -> String {
    // What `Location` headers teach it, it takes for wrong where two routes share a path.
    let mut text =
        "[phases.stateful.inference]\nalgorithms = [\"dependency-analysis\"]\n".to_owned();
    if let Some(member) = who {
        text += &format!(
            "[headers]\nAuthorization = \"Bearer {}\"\n",
            member.access_token()
        );
    }
    if !known.is_empty() {
        text += "[parameters]\n";
        for (name, value) in known {
            text += &format!("\"path.{name}\" = \"{value}\"\n");
        }
    }
    text
}
