//! What came back over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The head's fields.
    pub headers: HeaderMap,
    /// The body; `null` where it is no JSON.
    pub body: Value,
}

impl Answer {
    /// Reads `answer` to its end.
    ///
    /// # Errors
    /// When it breaks off.
    pub async fn read(answer: reqwest::Response) -> Result<Self> {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.context("half an answer")?;
        Ok(Self {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        })
    }

    /// Itself if its status is `status`.
    ///
    /// # Errors
    /// When it is not; the message shows the body.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "{status} was expected, and {} came: {}",
            self.status,
            self.body
        );
        Ok(self)
    }

    /// Itself if it is the problem `code` with `status`.
    ///
    /// # Errors
    /// When it is not.
    pub fn expect_problem(self, status: u16, code: &str) -> Result<Self> {
        let answer = self.expect(status)?;
        ensure!(
            answer.code() == code,
            "{code} was expected, and this came: {}",
            answer.body
        );
        ensure!(
            answer.header("content-type") == Some("application/problem+json"),
            "not a problem's content type: {:?}",
            answer.header("content-type")
        );
        Ok(answer)
    }

    /// The problem's code; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The id at `field` of the body.
    ///
    /// # Errors
    /// When there is none.
    pub fn id(&self, field: &str) -> Result<Uuid> {
        id_of(&self.body, field)
    }

    /// The id of the vote, where one is named.
    #[must_use]
    pub fn vote_id(&self) -> Option<Uuid> {
        self.id("vote_id").ok()
    }

    /// A field of the head, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long the service asks to wait.
    ///
    /// # Errors
    /// When it does not say so in seconds.
    pub fn retry_after(&self) -> Result<Duration> {
        let text = self.header("retry-after").context("no Retry-After")?;
        let seconds = text
            .parse()
            .with_context(|| format!("Retry-After: {text}"))?;
        Ok(Duration::from_secs(seconds))
    }

    /// When the service answered, by its own clock.
    ///
    /// # Errors
    /// When it does not say so.
    pub fn date(&self) -> Result<DateTime<Utc>> {
        let text = self.header("date").context("no Date")?;
        let date = DateTime::parse_from_rfc2822(text).with_context(|| format!("Date: {text}"))?;
        Ok(date.with_timezone(&Utc))
    }
}

/// The id at `field` of `value`.
///
/// # Errors
/// When there is none.
pub(crate) fn id_of(value: &Value, field: &str) -> Result<Uuid> {
    let text = value[field]
        .as_str()
        .with_context(|| format!("no {field} in {value}"))?;
    text.parse().with_context(|| format!("{text:?} is no id"))
}
