//! One walk through a deployed Tally.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chrono::TimeDelta;
use reqwest::header::HeaderMap;
use reqwest::{Client as Http, Method};
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::Clock;

use crate::answer::Answer;
use crate::campaign::{Call, Draft, Partner, Service};
use crate::client::send;
use crate::member::Direction;
use crate::site::Site;

/// Walks through pages, headers, the API's description, votes and a campaign.
///
/// # Errors
/// When something is not as it should be.
pub async fn journeys(site: &Site) -> Result<()> {
    let url = &site.catalog;
    let http = Http::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()?;
    let walk = Walk { http, url };
    walk.pages().await.context("the front end")?;
    walk.description().await.context("the description")?;
    walk.refusals().await.context("what is refused")?;
    votes(site, &walk).await.context("votes")?;
    campaign(site).await.context("a campaign")
}

struct Walk<'s> {
    http: Http,
    url: &'s str,
}

/// What came back, with its body as text.
struct Page {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    fn expect_header(&self, name: &str, part: &str) -> Result<()> {
        let value = self.header(name);
        ensure!(
            value.contains(part),
            "{name} is {value:?}, without {part:?}"
        );
        Ok(())
    }
}

impl Walk<'_> {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Page> {
        let mut request = self.http.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.with_context(|| path.to_owned())?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?;
        Ok(Page {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    /// Pages are drawn by the front end whatever their path; files keep for ever.
    async fn pages(&self) -> Result<()> {
        let first = self.get("/", &[]).await?;
        ensure!(first.status == 200, "/ is answered {}", first.status);
        for path in ["/", "/campaigns/some", "/restaurants"] {
            let page = self.get(path, &[]).await?;
            ensure!(page.text == first.text, "{path} is another page than /");
            page.expect_header("content-type", "text/html")?;
            page.expect_header("cache-control", "no-cache")?;
            page.expect_header("content-security-policy", "default-src 'self'")?;
            page.expect_header("x-content-type-options", "nosniff")?;
        }
        let script = first
            .text
            .split('"')
            .find(|part| part.starts_with("/assets/") && part.ends_with(".js"))
            .context("no script in the page")?;
        for encoding in ["br", "gzip"] {
            let file = self.get(script, &[("accept-encoding", encoding)]).await?;
            ensure!(file.status == 200, "{script} is answered {}", file.status);
            file.expect_header("cache-control", "immutable")?;
            file.expect_header("content-encoding", encoding)?;
            file.expect_header("vary", "Accept-Encoding")?;
        }
        let missing = self.get("/assets/not-there.js", &[]).await?;
        ensure!(missing.status == 404, "a missing file: {}", missing.status);
        Ok(())
    }

    /// All services are in one document, and each route in it is served by whom it belongs to.
    async fn description(&self) -> Result<()> {
        let page = self.get("/openapi.json", &[]).await?;
        page.expect_header("content-type", "application/json")?;
        let api: Value = serde_json::from_str(&page.text).context("no JSON")?;
        let paths = api["paths"].as_object().context("no paths")?;
        let mut n_routes = 0;
        for (path, item) in paths {
            let asked = filled_in(path);
            for method in item.as_object().into_iter().flatten().map(|(name, _)| name) {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    continue;
                };
                let request = self
                    .http
                    .request(method.clone(), format!("{}{asked}", self.url));
                let answer = send(request).await?;
                ensure!(
                    !matches!(answer.code(), "not_found" | "method_not_allowed")
                        && answer.status != 405
                        && answer.status < 500,
                    "{method} {asked} is answered {}: {}",
                    answer.status,
                    answer.body
                );
                n_routes += 1;
            }
        }
        ensure!(n_routes > 40, "only {n_routes} routes are described");
        println!("{n_routes} routes are described, and served by whom they belong to");
        let docs = self.get("/docs/", &[]).await?;
        ensure!(docs.status == 200, "/docs/ is answered {}", docs.status);
        docs.expect_header("content-type", "text/html")?;
        let redirect = self.get("/docs", &[]).await?;
        ensure!(
            redirect.status == 308,
            "/docs is answered {}",
            redirect.status
        );
        for path in ["/livez", "/readyz"] {
            let page = self.get(path, &[]).await?;
            ensure!(page.status == 200, "{path}: {} {}", page.status, page.text);
        }
        Ok(())
    }

    /// Problems are documents, also when it is nginx who answers; nobody sees measurements.
    async fn refusals(&self) -> Result<()> {
        let metrics = self.get("/metrics", &[]).await?;
        ensure!(
            metrics.status == 404,
            "/metrics is answered {}",
            metrics.status
        );
        let unknown = send(self.http.get(format!("{}/api/v1/nothing", self.url))).await?;
        unknown.expect_problem(404, "not_found")?;
        let large = self
            .http
            .post(format!("{}/api/v1/users", self.url))
            .header("content-type", "application/json")
            .body(vec![b' '; 2 << 20]);
        send(large).await?.expect_problem(413, "body_too_large")?;
        Ok(())
    }
}

/// `path` with something for each parameter.
fn filled_in(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{option}" => "a".to_owned(),
        "{key_id}" => "key".to_owned(),
        parameter if parameter.starts_with('{') => Uuid::nil().to_string(),
        other => other.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A vote is counted and shown; polls are answered 304, compressed or not.
async fn votes(site: &Site, walk: &Walk<'_>) -> Result<()> {
    let run = Clock::system().now().timestamp_millis() % 100_000_000;
    let place = site.place().await?;
    let (author, review) = site.author(place, &format!("writer-{run}")).await?;
    let voter = site.client()?.sign_up(&format!("reader-{run}")).await?;
    author
        .vote(review, Direction::Up)
        .await?
        .expect_problem(403, "self_vote")?;
    let path = format!("/api/v1/reviews/counts?ids={review}");
    let before = walk.get(&path, &[]).await?;
    let tag = before.header("etag").to_owned();
    for encoding in ["identity", "gzip", "br"] {
        let headers = [
            ("if-none-match", tag.as_str()),
            ("accept-encoding", encoding),
        ];
        let again = walk.get(&path, &headers).await?;
        ensure!(again.status == 304, "an unchanged poll: {}", again.status);
    }
    let vote = voter
        .vote_with_key(review, Direction::Up, "the-journey")
        .await?;
    let vote = vote.expect(202)?;
    let again = voter
        .vote_with_key(review, Direction::Up, "the-journey")
        .await?;
    ensure!(
        vote.vote_id() == again.expect(202)?.vote_id(),
        "one key, two votes"
    );
    let settled = voter.wait_until_settled(vote.id("vote_id")?).await?;
    ensure!(settled["state"] == "counted", "the vote is {settled}");
    site.wait_for_counts(review, 1, 0).await?;
    let headers = [("if-none-match", tag.as_str())];
    let after = walk.get(&path, &headers).await?;
    ensure!(after.status == 200, "a changed poll: {}", after.status);
    Ok(())
}

/// A partner's voter spends a ticket: signed requests pass the API gateway unchanged.
async fn campaign(site: &Site) -> Result<()> {
    let admin = site.admin().await?;
    let draft = Draft::open_for(Clock::system().now(), TimeDelta::hours(2));
    let campaign = draft.create(&admin).await?;
    let partner = Partner::admit(&admin, "Broadcaster", "jury").await?;
    let mut ballot = Call::new(
        Service::Gateway,
        Method::POST,
        format!("/campaigns/{campaign}/votes"),
    );
    ballot.body = Some(json!({ "option": "a", "channel": "web", "tickets": 2 }));
    ballot.voter = Some("juror-1".to_owned());
    ballot.key = Some("the-journey".to_owned());
    let accepted = until(|| async {
        let answer = partner.ask(ballot.clone()).await?;
        Ok((answer.status != 409).then_some(answer))
    });
    accepted.await?.expect(202)?;
    let path = format!("/campaigns/{campaign}/board");
    let shown = until(|| async {
        let board = admin.ask(Method::GET, &path, None).await?.expect(200)?;
        let leads = &board.body["options"][0];
        Ok((leads["option"] == "a" && leads["votes"] == 2).then_some(board))
    });
    shown.await.map(drop)
}

/// Asks until there is something, for 20 s.
async fn until<F>(mut ask: impl FnMut() -> F) -> Result<Answer>
where
    F: Future<Output = Result<Option<Answer>>>,
{
    for _ in 0..200 {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("nothing came of it in 20 s")
}
