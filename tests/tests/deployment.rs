//! The files of the deployment say what the product does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use journeys::campaign::Draft;
use journeys::{Answer, Embedded, Member};
use reqwest::Method;
use serde_json::{Value, json};
use vote_domain::Clock;

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

fn text_of(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names in `text` that begin with `start` and go on in letters, digits, `_` and `:`.
fn names(text: &str, start: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(start) {
        if text[..at].chars().next_back().is_some_and(is_part) {
            continue;
        }
        let name: String = text[at..].chars().take_while(|c| is_part(*c)).collect();
        found.insert(name.trim_end_matches(':').to_owned());
    }
    found
}

#[test]
fn every_alert_says_in_operations_what_to_do() {
    let rules = text_of("deploy/prometheus/rules.yml");
    let operations = text_of("docs/OPERATIONS.md");
    let alerts: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() > 15, "{alerts:?}");
    let headings: Vec<&str> = operations
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    for alert in &alerts {
        assert!(
            headings.contains(alert),
            "OPERATIONS.md has no `### {alert}`"
        );
    }
    // And none is described that there is not.
    let section = operations.split("\n## Alerts\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    for heading in section.lines().filter_map(|line| line.strip_prefix("### ")) {
        assert!(alerts.contains(&heading), "there is no alert {heading}");
    }
}

/// What the services measure, by their sources.
fn measured() -> BTreeSet<String> {
    fn read(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                read(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                for start in ["\"tally_", "\"http_"] {
                    for (at, _) in text.match_indices(start) {
                        let name = text[at + 1..].split('"').next().unwrap_or_default();
                        found.insert(name.to_owned());
                    }
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["services", "crates"] {
        read(&root().join(folder), &mut found);
    }
    found
}

#[test]
fn every_metric_of_rules_and_dashboards_is_measured() {
    let measured = measured();
    let rules = text_of("deploy/prometheus/rules.yml");
    let recorded: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- record: "))
        .collect();
    let files = [
        "deploy/prometheus/rules.yml",
        "deploy/prometheus/rules_test.yml",
        "deploy/grafana/dashboards/votes.json",
        "deploy/grafana/dashboards/services.json",
        "deploy/kubernetes/base/scaling.yaml",
    ];
    for file in files {
        let text = text_of(file);
        for name in names(&text, "tally_").union(&names(&text, "http_request")) {
            let whole = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name);
            assert!(measured.contains(whole), "{file}: nobody measures {name}");
        }
        for name in names(&text, "tally:") {
            assert!(
                recorded.contains(name.as_str()),
                "{file}: nobody records {name}"
            );
        }
    }
}

#[test]
fn operations_names_only_what_is_measured() {
    let measured = measured();
    let operations = text_of("docs/OPERATIONS.md");
    for name in names(&operations, "tally_") {
        // A volume's name, too, begins so.
        let is_volume = ["tally_mysql", "tally_owner"].contains(&name.as_str());
        assert!(
            is_volume || measured.contains(&name),
            "nobody measures {name}"
        );
    }
}

#[test]
fn compose_sets_only_keys_that_there_are() {
    let keys = names(&text_of("docs/CONFIGURATION.md"), "TALLY__");
    let compose = text_of("docker-compose.yml");
    let set = names(&compose, "TALLY__");
    assert!(set.len() > 10, "{set:?}");
    for name in set {
        let key = name.strip_suffix("_FILE").unwrap_or(&name);
        assert!(keys.contains(key), "there is no key {name}");
    }
    // What an operator may set is in the example.
    let example = text_of("deploy/compose/env.example");
    for name in names(&compose, "TALLY_") {
        let internal = ["TALLY_RATE_LIMITS", "TALLY_BCRYPT_COST"];
        let is_key = name.starts_with("TALLY__") || internal.contains(&name.as_str());
        assert!(
            is_key || example.contains(&name),
            "env.example lacks {name}"
        );
    }
}

/// The product's description, as the API gateway serves it: that of all services, with bodies
/// that work.
fn deployed(mut live: Value, examples: &[Value]) -> Result<Value> {
    live["info"]["description"] = json!(
        "Votes on reviews, and campaigns of weeks: each vote that is answered 202 is counted \
         once. Sign in by `POST /api/v1/sessions` and put the access token into *Authorize*."
    );
    for example in examples {
        let operation = example["operation"].as_str().context("no operation")?;
        let (method, path) = operation.split_once(' ').context("no path")?;
        let path = path.replace("{open_campaign_id}", "{campaign_id}");
        let mut body = example["body"].to_string();
        for (name, id) in placeholders() {
            body = body.replace(&format!("{{{name}}}"), &id);
        }
        let content = live
            .pointer_mut(&format!(
                "/paths/{}/{method}/requestBody/content/application~1json",
                path.replace('/', "~1")
            ))
            .with_context(|| format!("{operation} has no body"))?;
        content["example"] = serde_json::from_str(&body)?;
    }
    Ok(live)
}

/// What stands for ids that only a running site can tell.
fn placeholders() -> BTreeMap<&'static str, String> {
    let names = [
        "user_id",
        "item_id",
        "review_id",
        "vote_id",
        "campaign_vote_id",
    ];
    let ids = names.into_iter().zip(1_u128..).map(|(name, n)| {
        let id = uuid::Uuid::from_u128(0x0198_c6a8_0000_7000_8000_0000_0000_0000 + n);
        (name, id.to_string())
    });
    ids.chain([("refresh_token", "the one of the last answer".to_owned())])
        .collect()
}

fn examples() -> Vec<Value> {
    serde_json::from_str(&text_of("deploy/api/examples.json")).expect("a list")
}

/// `UPDATE=1` writes it anew.
#[tokio::test]
async fn the_api_gateway_describes_what_the_services_do() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let live = reqwest::get(format!("{}/openapi.json", embedded.site().catalog)).await?;
    let wanted = deployed(live.json().await?, &examples())?;
    let path = root().join("deploy/api/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&wanted)?);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &text)?;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    ensure!(
        kept == text,
        "{} is not what the services describe: run this test with UPDATE=1",
        path.display()
    );
    Ok(())
}

/// In their order, for later ones use what earlier ones made.
#[tokio::test]
async fn the_examples_of_the_description_work() -> Result<()> {
    let embedded = Embedded::start(&[]).await?;
    let site = embedded.site();
    let admin = site.admin().await?;
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let draft = Draft::open_for(Clock::system().now(), TimeDelta::hours(2));
    let open = draft.create(&admin).await?.to_string();
    wait_until_open(&admin, &open).await?;
    known.insert("open_campaign_id".to_owned(), open);
    let mut member: Option<Member> = None;
    for example in examples() {
        let filled = |text: &str| {
            known.iter().fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
        };
        let operation = example["operation"].as_str().context("no operation")?;
        let (method, path) = operation.split_once(' ').context("no path")?;
        let path = filled(path).replacen("/api/v1", "", 1);
        let body: Value = serde_json::from_str(&filled(&example["body"].to_string()))?;
        let mut request = site
            .client()?
            .catalog(method.to_uppercase().parse::<Method>()?, &path)
            .json(&body);
        match example["as"].as_str() {
            Some("admin") => request = request.bearer_auth(admin.access_token()),
            Some("member") => {
                if member.is_none() {
                    member = Some(site.client()?.sign_in("ada", "a long password").await?);
                }
                let member = member.as_ref().context("nobody is signed in")?;
                request = request.bearer_auth(member.access_token());
            }
            _ => {}
        }
        if method == "patch" && path.starts_with("/reviews/") {
            request = request.header("If-Match", "\"1\"");
        }
        let answer = Answer::read(request.send().await?).await?;
        let status = example["status"].as_u64().context("no status")?;
        let answer = answer
            .expect(u16::try_from(status)?)
            .with_context(|| operation.to_owned())?;
        for (name, field) in example["keep"].as_object().into_iter().flatten() {
            let value = field.as_str().and_then(|field| answer.body[field].as_str());
            let value = value.with_context(|| format!("{operation} gave no {name}"))?;
            known.insert(name.clone(), value.to_owned());
        }
    }
    Ok(())
}

async fn wait_until_open(admin: &Member, campaign: &str) -> Result<()> {
    let path = format!("/campaigns/{campaign}");
    for _ in 0..200 {
        let shown = admin.ask(Method::GET, &path, None).await?.expect(200)?;
        if shown.body["state"] == "open" {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("{campaign} does not open")
}
