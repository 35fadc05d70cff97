//! HTTP, as a front end speaks it.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::member::Member;

/// The longest that an answer may take: longer than any service may.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One client of a site. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    catalog: String,
    gateway: String,
}

impl Client {
    /// A client that asks the services at `catalog` and `gateway`: URLs without a slash
    /// at the end.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(catalog: &str, gateway: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self {
            http,
            catalog: catalog.to_owned(),
            gateway: gateway.to_owned(),
        })
    }

    /// The same, with votes going to `gateway`.
    #[must_use]
    pub fn by_way_of(&self, gateway: &str) -> Self {
        Self {
            gateway: gateway.to_owned(),
            ..self.clone()
        }
    }

    /// Where votes go.
    pub(crate) fn gateway_url(&self) -> &str {
        &self.gateway
    }

    /// A request to the catalog; `path` follows `/api/v1`.
    pub fn catalog(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.catalog))
    }

    /// A request to the gateway; `path` follows `/api/v1`.
    pub fn gateway(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.gateway))
    }

    /// Signs up a new member, and in.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn sign_up(&self, user_name: &str) -> Result<Member> {
        let body = json!({ "user_name": user_name, "password": password(user_name) });
        send(self.catalog(Method::POST, "/users").json(&body))
            .await?
            .expect(201)
            .with_context(|| format!("signing {user_name} up"))?;
        self.sign_in(user_name, &password(user_name)).await
    }

    /// Signs in.
    ///
    /// # Errors
    /// When name and password do not fit.
    pub async fn sign_in(&self, user_name: &str, password: &str) -> Result<Member> {
        let body = json!({ "user_name": user_name, "password": password });
        let session = send(self.catalog(Method::POST, "/sessions").json(&body))
            .await?
            .expect(200)
            .with_context(|| format!("signing {user_name} in"))?;
        let token = session.body["access_token"]
            .as_str()
            .context("no access_token")?
            .to_owned();
        let me = send(self.catalog(Method::GET, "/me").bearer_auth(&token)).await?;
        let user_id = me.expect(200)?.id("user_id")?;
        Ok(Member::new(self.clone(), user_id, user_name, token))
    }

    /// A review as everybody sees it.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn review(&self, review: Uuid) -> Result<Answer> {
        send(self.catalog(Method::GET, &format!("/reviews/{review}"))).await
    }

    /// `(up, down)` of up to 100 `reviews`, in the order asked for.
    ///
    /// # Errors
    /// When they are refused, or one is missing.
    pub async fn counts(&self, reviews: &[Uuid]) -> Result<Vec<(u64, u64)>> {
        let ids: Vec<String> = reviews.iter().map(Uuid::to_string).collect();
        let path = format!("/reviews/counts?ids={}", ids.join(","));
        let answer = send(self.catalog(Method::GET, &path)).await?.expect(200)?;
        let counts = answer.body["counts"].as_array().context("no counts")?;
        ids.iter()
            .map(|id| {
                let found = counts
                    .iter()
                    .find(|counts| counts["review_id"] == id.as_str());
                let found = found.with_context(|| format!("no counts of {id}"))?;
                let number = |field: &str| {
                    (found[field].as_u64()).with_context(|| format!("no {field} in {found}"))
                };
                Ok((number("up")?, number("down")?))
            })
            .collect()
    }

    /// What `/metrics` of the gateway says.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn gateway_metrics(&self) -> Result<String> {
        let answer = self
            .http
            .get(format!("{}/metrics", self.gateway))
            .send()
            .await?;
        Ok(answer.text().await?)
    }
}

/// The password that the member `user_name` was signed up with.
#[must_use]
pub(crate) fn password(user_name: &str) -> String {
    format!("{user_name}-password")
}

/// Sends `request` and reads the answer to its end.
///
/// # Errors
/// When none comes.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<Answer> {
    let answer = request.send().await.context("no answer")?;
    Answer::read(answer).await
}

/// Sends with a body of JSON, or without one.
pub(crate) fn with_body(
    request: reqwest::RequestBuilder,
    body: Option<&Value>,
) -> reqwest::RequestBuilder {
    match body {
        Some(body) => request.json(body),
        None => request,
    }
}
