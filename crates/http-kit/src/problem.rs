//! Problem details (RFC 9457): the one shape of every answer that is no success.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Where the documentation of a problem's code would stand; only a name, never fetched.
const TYPE_BASE: &str = "https://tally.example/problems/";

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not served: a status, a stable code for machines, a sentence for
/// people, and whatever members and headers help the client to go on.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of this status and code; `detail` says in a sentence what is wrong
    /// with this request.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// 401 `unauthenticated`, with the challenge that goes with it.
    #[must_use]
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403 with a code such as `forbidden` or `self_vote`.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404 with a code such as `review_not_found`.
    #[must_use]
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409 with a code such as `name_taken`.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422 with a code such as `invalid_stars`.
    #[must_use]
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429 with `Retry-After`.
    #[must_use]
    pub fn too_many(code: &'static str, detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).with_retry_after(retry_after)
    }

    /// 503 with `Retry-After`: a part that is needed is missing or overloaded.
    #[must_use]
    pub fn unavailable(
        code: &'static str,
        detail: impl Into<String>,
        retry_after: Duration,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).with_retry_after(retry_after)
    }

    /// 500 `internal_error`. Logs `error` with its sources, once; the client learns only
    /// that it happened.
    #[must_use]
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "request failed");
        Self::internal_unlogged()
    }

    /// 500 `internal_error` for what was logged where it happened.
    #[must_use]
    pub fn internal_unlogged() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "The service failed to handle this request.",
        )
    }

    /// Adds a member to the body, such as `resets_at`. The members that every problem
    /// has (`type`, `title`, `status`, `detail`, `code`) cannot be replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.members.insert(name.to_owned(), value);
            }
            Err(error) => tracing::error!(%error, name, "a problem's member is no JSON"),
        }
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds `Retry-After`, in whole seconds, rounded up.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The answer, ready to be sent.
    #[must_use]
    pub fn to_response(&self) -> HttpResponse {
        let body = Body {
            details: ProblemDetails {
                kind: format!("{TYPE_BASE}{}", self.code),
                title: self.status.canonical_reason().unwrap_or("Problem"),
                status: self.status.as_u16(),
                detail: self.detail.clone(),
                code: self.code,
            },
            members: self
                .members
                .iter()
                .filter(|(name, _)| !RESERVED.contains(&name.as_str()))
                .collect(),
        };
        let mut answer = HttpResponse::build(self.status);
        for (name, value) in &self.headers {
            answer.append_header((name.clone(), value.clone()));
        }
        answer
            .content_type(PROBLEM_JSON)
            .body(serde_json::to_string(&body).unwrap_or_default())
    }
}

/// Names that [`Problem::with`] cannot take.
const RESERVED: [&str; 5] = ["type", "title", "status", "detail", "code"];

/// The members that every problem has, for the API's description.
#[derive(Serialize, ToSchema)]
pub struct ProblemDetails {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What is wrong with this request, for people.
    detail: String,
    /// What kind of problem it is, for machines; it never changes.
    code: &'static str,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    details: ProblemDetails,
    #[serde(flatten)]
    members: BTreeMap<&'a String, &'a Value>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.to_response()
    }
}

/// An error and its sources, in one line.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;

    #[actix_web::test]
    async fn a_problem_has_the_members_of_the_rfc_a_code_and_its_own() {
        let answer = Problem::too_many(
            "daily_quota_used",
            "No votes left.",
            Duration::from_millis(1_500),
        )
        .with("resets_at", "2026-01-02T00:00:00Z")
        .with("status", "not replaced")
        .to_response();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers().get("content-type").unwrap(), PROBLEM_JSON);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "2");
        let body: Value =
            serde_json::from_slice(&to_bytes(answer.into_body()).await.unwrap()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "https://tally.example/problems/daily_quota_used",
                "title": "Too Many Requests",
                "status": 429,
                "detail": "No votes left.",
                "code": "daily_quota_used",
                "resets_at": "2026-01-02T00:00:00Z",
            })
        );
    }

    #[test]
    fn an_internal_problem_tells_the_client_nothing_of_its_cause() {
        let error = std::io::Error::other("password=hunter2");
        let problem = Problem::internal(&error);
        assert!(!format!("{problem:?}").contains("hunter2"));
    }
}
