//! Secrets go where they must and nowhere else: not into logs at any level, not into
//! metrics, not in the clear into files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use journeys::{RealStack, Site};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::routes::ROUTES;
use crate::scene::{Scene, Session, send};

/// What must be found nowhere, by what it is.
#[derive(Default)]
struct Canaries(BTreeMap<String, String>);

impl Canaries {
    fn add(&mut self, what: &str, secret: &str) {
        self.0.insert(what.to_owned(), secret.to_owned());
    }

    fn add_session(&mut self, whose: &str, session: &Session) {
        self.add(&format!("{whose}'s refresh token"), &session.refresh_token);
        // Header and claims are no secret, the signature is.
        let signature = session.access_token.rsplit('.').next().unwrap_or_default();
        self.add(
            &format!("the signature of {whose}'s access token"),
            signature,
        );
    }

    /// What of this is in `text`.
    fn found_in(&self, text: &[u8]) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(_, secret)| contains(text, secret.as_bytes()))
            .map(|(what, _)| what.as_str())
            .collect()
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window == part)
}

const SIGNING: &str = "canary-signing-0f9a1c527c1e4d0b9b8e2f1f6a0c9d11";
const SEALING: &str = "Y2FuYXJ5LXNlYWxpbmcta2V5LTMyLWJ5dGVzLWxvbmc=";
const ADMIN: &str = "canary-admin-password-1f6a0c9d11";

/// Signs up, in, and out, admits partners, fails in every way, and asks every route as
/// somebody who may and as somebody who may not, with secrets in all places that take text.
async fn live_through(site: &Site, scene: &Driver, canaries: &mut Canaries) -> Result<()> {
    let member_password = "canary-member-password-2f1f6a0c";
    canaries.add("the member's password", member_password);
    let wrong_password = "canary-wrong-password-9b8e2f1f";
    canaries.add("a wrong password", wrong_password);
    let long_password = format!("canary-long-password-{}", "x".repeat(80));
    canaries.add("a password that is too long", &long_password);

    let login = |password: &str| json!({ "user_name": "canary", "password": password });
    scene.post(site, "/users", &login(&long_password)).await?;
    scene.post(site, "/users", &login(member_password)).await?;
    scene.post(site, "/users", &login(member_password)).await?;
    scene
        .post(site, "/sessions", &login(wrong_password))
        .await?;
    scene
        .post(site, "/sessions", &login(&long_password))
        .await?;
    let member = scene.sign_in(site, "canary", member_password).await?;
    canaries.add_session("the member", &member);
    let renewal = json!({ "refresh_token": member.refresh_token });
    let renewed = scene.post(site, "/sessions/refresh", &renewal).await?;
    let renewed = Session::of(&renewed.expect(200)?)?;
    canaries.add_session("the renewed member", &renewed);
    scene.post(site, "/sessions/refresh", &renewal).await?;
    let member = scene.sign_in(site, "canary", member_password).await?;
    canaries.add_session("the member again", &member);
    let admin = scene.sign_in(site, "admin", ADMIN).await?;
    canaries.add_session("the admin", &admin);

    let partner = json!({ "name": "Canary", "voter_kind": "canary" });
    let admitted = scene.ask(site, &admin, "/partners", &partner).await?;
    let admitted = admitted.expect(201)?.body;
    let secret = admitted["secret"].as_str().context("no secret")?;
    canaries.add("the partner's secret", secret);

    // Bodies that do not parse, with secrets in them.
    for body in [
        format!("{{\"user_name\":\"canary\",\"password\":\"{wrong_password}"),
        format!("{{\"user_name\":\"canary\",\"pass\":\"{wrong_password}\"}}"),
        format!("{{\"user_name\":\"canary\",\"password\":[\"{wrong_password}\"]}}"),
        format!("\"{wrong_password}\""),
    ] {
        let request = scene.request(site, Method::POST, "/sessions").body(body);
        send(request.header("Content-Type", "application/json")).await?;
    }
    for session in [&admin, &member] {
        for (method, template, _) in ROUTES {
            if template.starts_with("/sessions") {
                continue;
            }
            let path = template.replace("{option}", "a");
            let segments = path.split('/').map(|part| match part.starts_with('{') {
                true => Uuid::from_u128(0xf).to_string(),
                false => part.to_owned(),
            });
            let path = segments.collect::<Vec<_>>().join("/");
            let method: Method = method.to_uppercase().parse()?;
            let request = scene.request(site, method.clone(), &path);
            let request = request.bearer_auth(&session.access_token);
            let request = match method {
                Method::GET | Method::DELETE => request,
                _ => request.json(&json!({ "password": wrong_password })),
            };
            send(request).await?;
        }
    }
    // A signature that does not hold, and a token that was truncated.
    let forged = "canary0forged0signature00000000000000000000000000000000000000000";
    canaries.add("a forged signature", forged);
    let request = scene.request(site, Method::GET, "/votes?ids=").headers({
        let headers = [
            (
                "x-tally-key",
                admitted["key_id"].as_str().unwrap_or_default(),
            ),
            ("x-tally-timestamp", "1767225600"),
            ("x-tally-nonce", "canary-nonce"),
            ("x-tally-signature", forged),
        ];
        headers
            .into_iter()
            .map(|(name, value)| Ok((name.parse()?, value.parse()?)))
            .collect::<Result<_>>()?
    });
    send(request).await?;
    let request = scene.request(site, Method::GET, "/me");
    let half = &admin.access_token[..admin.access_token.len() - 1];
    send(request.bearer_auth(half)).await?;
    scene.sign_out(site, &member).await
}

/// A client of a site.
struct Driver(reqwest::Client);

impl Driver {
    fn request(&self, site: &Site, method: Method, path: &str) -> reqwest::RequestBuilder {
        let is_of_votes = ["/votes", "vote", "/wallet", "/ledger", "/grants", "/voids"]
            .iter()
            .any(|end| {
                path.split('?')
                    .next()
                    .is_some_and(|path| path.ends_with(end))
            })
            && !path.starts_with("/me");
        let service = if is_of_votes {
            &site.gateways[0]
        } else {
            &site.catalog
        };
        self.0.request(method, format!("{service}/api/v1{path}"))
    }

    async fn post(&self, site: &Site, path: &str, body: &Value) -> Result<journeys::Answer> {
        send(self.request(site, Method::POST, path).json(body)).await
    }

    async fn ask(
        &self,
        site: &Site,
        session: &Session,
        path: &str,
        body: &Value,
    ) -> Result<journeys::Answer> {
        let request = self.request(site, Method::POST, path).json(body);
        send(request.bearer_auth(&session.access_token)).await
    }

    async fn sign_in(&self, site: &Site, user_name: &str, password: &str) -> Result<Session> {
        let body = json!({ "user_name": user_name, "password": password });
        Session::of(&self.post(site, "/sessions", &body).await?.expect(200)?)
    }

    async fn sign_out(&self, site: &Site, session: &Session) -> Result<()> {
        let request = self.request(site, Method::DELETE, "/sessions");
        let body = json!({ "refresh_token": session.refresh_token });
        let request = request.bearer_auth(&session.access_token).json(&body);
        send(request).await?.expect(204)?;
        Ok(())
    }
}

/// Settings with secrets that nothing else holds, and logs that hold nothing back.
fn settings() -> [(&'static str, &'static str); 4] {
    [
        ("TALLY__AUTH__SECRET", SIGNING),
        ("TALLY__PARTNERS__SECRET_KEY", SEALING),
        ("TALLY__ADMIN__PASSWORD", ADMIN),
        ("TALLY__LOG__FILTER", "trace"),
    ]
}

fn canaries() -> Canaries {
    let mut canaries = Canaries::default();
    canaries.add("the signing secret", SIGNING);
    canaries.add("the sealing key", SEALING);
    canaries.add(
        "the sealing key's bytes",
        "canary-sealing-key-32-bytes-long",
    );
    canaries.add("the admin's password", ADMIN);
    canaries
}

/// All files below `folder`.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[test]
fn what_looks_for_canaries_finds_them() {
    let mut canaries = Canaries::default();
    canaries.add("a password", "canary-1");
    canaries.add("a token", "canary-2");
    assert_eq!(canaries.found_in(b"{\"x\":\"canary-2\"}"), ["a token"]);
    assert!(canaries.found_in(b"canary-").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_logged_measured_or_written_in_the_clear() -> Result<()> {
    let dsn = "mysql://tally:canary-mysql-password@127.0.0.1/tally";
    let amqp = "amqp://tally:canary-amqp-password@127.0.0.1/";
    let redis = "redis://:canary-redis-password@127.0.0.1/";
    let mut all = settings().to_vec();
    all.extend([
        ("TALLY__MYSQL__URL", dsn),
        ("TALLY__RABBITMQ__URL", amqp),
        ("TALLY__REDIS__URL", redis),
    ]);
    let scene = Scene::start(&all).await?;
    let mut canaries = canaries();
    for part in ["mysql", "amqp", "redis"] {
        canaries.add(
            &format!("the {part} password"),
            &format!("canary-{part}-password"),
        );
    }
    let site = scene.embedded.site().clone();
    live_through(&site, &Driver(reqwest::Client::new()), &mut canaries).await?;

    let log = scene.embedded.process.log();
    assert!(
        log.contains("\"TRACE\"") || log.contains("\"DEBUG\""),
        "{log:.500}"
    );
    assert!(log.contains("/api/v1/sessions"), "{log:.500}");
    assert_eq!(
        canaries.found_in(log.as_bytes()),
        Vec::<&str>::new(),
        "in the log"
    );
    let metrics = scene.metrics().await?;
    assert_eq!(
        canaries.found_in(metrics.as_bytes()),
        Vec::<&str>::new(),
        "in /metrics"
    );
    for path in files(scene.embedded.data_dir())? {
        let bytes = fs::read(&path)?;
        let found = canaries.found_in(&bytes);
        assert!(found.is_empty(), "{found:?} in {}", path.display());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_logged_by_services_on_real_servers() -> Result<()> {
    let stack = RealStack::isolated("canary", 1, 1, &settings()).await?;
    let mut canaries = canaries();
    let site = stack.site().clone();
    let driver = Driver(reqwest::Client::new());
    live_through(&site, &driver, &mut canaries).await?;
    let services = [&stack.catalog, &stack.gateways[0], &stack.workers[0]];
    for service in services {
        let log = service.log();
        assert!(
            log.contains("\"TRACE\"") || log.contains("\"DEBUG\""),
            "{log:.500}"
        );
        let found = canaries.found_in(log.as_bytes());
        assert!(
            found.is_empty(),
            "{found:?} in {}",
            service.log_path().display()
        );
        let metrics = driver.0.get(format!("{}/metrics", service.base_url()));
        let metrics = metrics.send().await?.text().await?;
        let found = canaries.found_in(metrics.as_bytes());
        assert!(
            found.is_empty(),
            "{found:?} in the metrics of {}",
            service.base_url()
        );
    }
    Ok(())
}
