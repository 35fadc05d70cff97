//! Calls to the HTTP API, tried again while a service is away.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use partner_signature::VOTER_HEADER;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::signing::Signer;

/// What every path begins with.
const BASE: &str = "/api/v1";

/// The longest one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The first wait before a request is tried again; each further one is twice as long.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);

/// The longest such wait, unless the service asks for a longer one.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// One service, or all of them behind one address. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    patience: Duration,
}

/// A request, without the address.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// How.
    pub(crate) method: Method,
    /// The path below `/api/v1`, query included.
    pub(crate) path: String,
    /// An access token.
    pub(crate) token: Option<&'a str>,
    /// A partner's key instead of one, and the voter it acts for.
    signer: Option<&'a Signer>,
    voter: Option<&'a str>,
    /// The intent's name.
    pub(crate) idempotency_key: Option<String>,
    /// A JSON body.
    pub(crate) body: Option<Value>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            token: None,
            signer: None,
            voter: None,
            idempotency_key: None,
            body: None,
        }
    }

    pub(crate) fn token(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    /// Signs each try anew.
    pub(crate) fn signed(mut self, signer: &'a Signer) -> Self {
        self.signer = Some(signer);
        self
    }

    /// Acts for `voter`, one of the partner's.
    pub(crate) fn voter(mut self, voter: &'a str) -> Self {
        self.voter = Some(voter);
        self
    }

    pub(crate) fn idempotency_key(mut self, key: String) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// When the service answered, by its own clock, to the second.
    pub(crate) date: Option<DateTime<Utc>>,
    retry_after: Option<Duration>,
}

impl Answer {
    /// The problem's code; empty where there is none.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The text at `field`.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn text(&self, field: &str) -> Result<&str> {
        (self.body[field].as_str()).with_context(|| format!("an answer without {field}: {self}"))
    }

    /// The number at `field`.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn number(&self, field: &str) -> Result<u64> {
        (self.body[field].as_u64()).with_context(|| format!("an answer without {field}: {self}"))
    }

    /// The list at `field`.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn list(&self, field: &str) -> Result<&Vec<Value>> {
        (self.body[field].as_array()).with_context(|| format!("an answer without {field}: {self}"))
    }

    /// Itself if its status is `status`.
    ///
    /// # Errors
    /// When it is not; the message says what `doing` met instead.
    pub(crate) fn expect(self, status: u16, doing: &str) -> Result<Self> {
        if self.status == status {
            Ok(self)
        } else {
            bail!("{doing}: {self}")
        }
    }

    /// Itself if the service did what it was asked for.
    ///
    /// # Errors
    /// When it did not; [`Refused`] if it said no.
    pub(crate) fn accept(self, doing: &str) -> Result<Self> {
        if self.is_done() {
            return Ok(self);
        }
        let is_refusal = (400..500).contains(&self.status);
        let answer = self.with_errors();
        match is_refusal {
            true => Err(anyhow::Error::new(Refused(answer)).context(doing.to_owned())),
            false => bail!("{doing}: {answer}"),
        }
    }

    /// Whether the service did what it was asked for.
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What it says, and each fault that the problem lists.
    fn with_errors(&self) -> String {
        let mut text = self.to_string();
        for error in self.body["errors"].as_array().into_iter().flatten() {
            let part = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
            text += &format!(
                "\n  {}: {} ({})",
                part("field"),
                part("detail"),
                part("code")
            );
        }
        text
    }

    /// Whether the service, or the proxy before it, is away for now.
    fn is_away(&self) -> bool {
        matches!(self.status, 502..=504) || self.is_rate_limited()
    }

    /// Whether the client was too quick; what a voter has used up is something else.
    fn is_rate_limited(&self) -> bool {
        let is_used_up = matches!(self.code(), "daily_quota_used" | "channel_limit_reached");
        self.status == 429 && !is_used_up
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.code())?;
        match self.body["detail"].as_str() {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

/// A service said no: asking again would not help.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(String);

impl Api {
    /// The API at `url`, for example `http://127.0.0.1:8080`; a service that is away is
    /// tried for `patience` before a call fails.
    ///
    /// # Errors
    /// When `url` is no address that can be reached by plain HTTP.
    pub(crate) fn new(url: &str, patience: Duration) -> Result<Self> {
        let base = url.trim_end_matches('/');
        if !base.starts_with("http://") {
            bail!("{url} does not begin with http://; votectl speaks plain HTTP, from inside");
        }
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self {
            http,
            base: format!("{base}{BASE}"),
            patience,
        })
    }

    /// Calls, again and again while the service is away: only what is safe to repeat.
    ///
    /// # Errors
    /// When the service stayed away for longer than patience lasts.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer> {
        let asked_at = Instant::now();
        let mut backoff = BACKOFF_FIRST;
        loop {
            let tried = self.once(&call).await;
            let wait = match &tried {
                Ok(answer) if answer.is_away() => answer.retry_after.unwrap_or_default(),
                Ok(_) => return tried,
                Err(_) => Duration::ZERO,
            };
            let wait = wait.max(backoff);
            if asked_at.elapsed() + wait > self.patience {
                let doing = format!("{} {} was tried for long", call.method, call.path);
                return match tried {
                    Ok(answer) if answer.is_rate_limited() => bail!(
                        "{doing}: {answer}. For an import, start the services with \
                         TALLY__RATE_LIMITS__ENABLED=false"
                    ),
                    Ok(answer) => bail!("{doing}: {answer}"),
                    Err(error) => Err(error).context(doing),
                };
            }
            sleep(wait).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    /// Calls once.
    ///
    /// # Errors
    /// When there is no answer; whether the call was carried out is open then.
    pub(crate) async fn once(&self, call: &Call<'_>) -> Result<Answer> {
        let url = format!("{}{}", self.base, call.path);
        let mut request = self.http.request(call.method.clone(), &url);
        if let Some(token) = call.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        // As bytes, for they are what is signed.
        let body = call.body.as_ref().map(serde_json::to_vec).transpose()?;
        if let Some(signer) = call.signer {
            let path = format!("{BASE}{}", call.path);
            let body = body.as_deref().unwrap_or_default();
            for (name, value) in signer.headers(call.method.as_str(), &path, body) {
                request = request.header(name, value);
            }
        }
        if let Some(voter) = call.voter {
            request = request.header(VOTER_HEADER, voter);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("no answer from {url}"))?;
        let status = answer.status().as_u16();
        let field = |name| answer.headers().get(name)?.to_str().ok();
        let retry_after = field("Retry-After")
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs);
        let date = field("Date")
            .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
            .map(|date| date.to_utc());
        let bytes = answer
            .bytes()
            .await
            .with_context(|| format!("half an answer from {url}"))?;
        Ok(Answer {
            status,
            // What is no JSON is plain text or a proxy's page: neither has code or fields.
            body: serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())),
            date,
            retry_after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> Answer {
        Answer {
            status,
            body: serde_json::json!({ "code": code }),
            date: None,
            retry_after: None,
        }
    }

    #[test]
    fn only_what_may_pass_is_waited_for() {
        assert!(answer(503, "queue_unavailable").is_away());
        assert!(answer(502, "").is_away());
        assert!(answer(429, "rate_limited").is_away());
        assert!(!answer(429, "daily_quota_used").is_away());
        assert!(!answer(429, "channel_limit_reached").is_away());
        assert!(!answer(500, "internal").is_away());
        assert!(!answer(202, "").is_away());
    }

    #[test]
    fn an_address_that_needs_tls_is_refused_at_once() {
        assert!(Api::new("https://tally.example", Duration::ZERO).is_err());
        assert!(Api::new("http://tally.example/", Duration::ZERO).is_ok());
    }
}
