//! Entity tags: polled answers that cost nothing while nothing changed, and updates
//! that name the version they change.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Problem;

/// Answers `value` as JSON with a strong `ETag` of its bytes, or 304 without a body when
/// the client's `If-None-Match` names that tag.
///
/// # Errors
/// 500 when `value` does not serialise.
pub fn cached_json(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    let tag = tag_of(&body);
    let is_known = none_match(request, &tag);
    Ok(tagged(
        request,
        &tag,
        JSON,
        (!is_known).then(|| body.into()),
    ))
}

/// Answers the plain text that `text` gives with the `ETag` `tag`, or 304 as [`cached_json`] does,
/// and then does not ask for it.
#[must_use]
pub fn cached_text(
    request: &HttpRequest,
    tag: &str,
    text: impl FnOnce() -> String,
) -> HttpResponse {
    let is_known = none_match(request, tag);
    tagged(request, tag, TEXT, (!is_known).then(|| text().into()))
}

/// Answers `value` as JSON with a weak `ETag` of `content`, the part of it that matters,
/// or 304 as [`cached_json`] does: for a body that also says when it was made.
///
/// # Errors
/// 500 when one of them does not serialise.
pub fn cached_json_of(
    request: &HttpRequest,
    content: &impl Serialize,
    value: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    cached_json_as(request, &weak_tag_of(content)?, || value)
}

/// Answers what `value` gives as JSON with the `ETag` `tag`, or 304 as [`cached_json`] does,
/// and then does not ask for it.
///
/// # Errors
/// 500 when it does not serialise.
pub fn cached_json_as<V: Serialize>(
    request: &HttpRequest,
    tag: &str,
    value: impl FnOnce() -> V,
) -> Result<HttpResponse, Problem> {
    if none_match(request, tag) {
        return Ok(tagged(request, tag, JSON, None));
    }
    let body = serde_json::to_vec(&value()).map_err(|error| Problem::internal(&error))?;
    Ok(tagged(request, tag, JSON, Some(body.into())))
}

fn weak_tag_of(content: &impl Serialize) -> Result<String, Problem> {
    let bytes = serde_json::to_vec(content).map_err(|error| Problem::internal(&error))?;
    Ok(format!("W/{}", tag_of(&bytes)))
}

/// A body that was made once for many requests, and its weak `ETag`.
#[derive(Clone, Debug)]
pub struct Tagged {
    tag: String,
    body: Bytes,
}

impl Tagged {
    /// `value` as JSON, and the tag of `content`, the part of it that matters.
    ///
    /// # Errors
    /// 500 when one of them does not serialise.
    pub fn of(content: &impl Serialize, value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
        Ok(Self {
            tag: weak_tag_of(content)?,
            body: body.into(),
        })
    }

    /// Bytes it takes in memory, about.
    #[must_use]
    pub fn n_bytes(&self) -> u32 {
        u32::try_from(self.body.len()).unwrap_or(u32::MAX)
    }

    /// Answers `request` with it, or 304 as [`cached_json`] does.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let is_known = none_match(request, &self.tag);
        let body = (!is_known).then(|| self.body.clone());
        tagged(request, &self.tag, JSON, body)
    }
}

/// Headers that say who asks: a member by a token, a partner by a signature, for a voter.
const WHO_ASKS: [&str; 3] = ["authorization", "x-tally-key", "x-tally-voter"];

/// The same, as `Vary` names them.
const VARY: &str = "authorization, x-tally-key, x-tally-voter";

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// 200 with `body` of the media type `of`, or 304 where the client knows what it is.
fn tagged(request: &HttpRequest, tag: &str, of: &'static str, body: Option<Bytes>) -> HttpResponse {
    let is_private = WHO_ASKS
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let cache_control = if is_private {
        "private, no-cache"
    } else {
        "no-cache"
    };
    let mut answer = HttpResponse::build(match body {
        Some(_) => StatusCode::OK,
        None => StatusCode::NOT_MODIFIED,
    });
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, cache_control))
        .insert_header((header::VARY, VARY));
    match body {
        Some(body) => answer.content_type(of).body(body),
        None => answer.finish(),
    }
}

/// The strong tag of a body: 128 bits of its SHA-256.
#[must_use]
pub fn tag_of(body: &[u8]) -> String {
    use std::fmt::Write;
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &Sha256::digest(body)[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// The tag of a thing's version, as `If-Match` names it: `"7"`.
#[must_use]
pub fn version_tag(version: u64) -> HeaderValue {
    let text = format!("\"{version}\"");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// The version that `If-Match: "<version>"` says the client changes.
///
/// # Errors
/// 428 `version_required` without the header, 422 `invalid_version` when it is not one
/// strong tag with a number.
pub fn expected_version(request: &HttpRequest) -> Result<u64, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "version_required",
            "Name the version you change: If-Match: \"<version>\".",
        ));
    };
    value
        .to_str()
        .ok()
        .and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'))
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            Problem::invalid(
                "invalid_version",
                "If-Match must be one version in quotes, such as \"7\".",
            )
        })
}

/// 412 `stale_version`: somebody changed it first; `current` is the version to read.
#[must_use]
pub fn stale_version(current: u64) -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "stale_version",
        "It was changed since you read it: read it again.",
    )
    .with("version", current)
    .with_header(header::ETAG, version_tag(current))
}

/// Whether `If-None-Match` names `tag` or `*`; tags compare weakly, as RFC 9110 says.
#[must_use]
pub fn none_match(request: &HttpRequest, tag: &str) -> bool {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    #[actix_web::test]
    async fn an_answer_the_client_has_already_is_not_sent_again() {
        let first = cached_json(&TestRequest::get().to_http_request(), &[1, 2]).unwrap();
        assert_eq!(first.status(), 200);
        let tag = first
            .headers()
            .get("etag")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        for given in [
            tag.clone(),
            format!("\"x\", {tag}"),
            format!("W/{tag}"),
            "*".to_owned(),
        ] {
            let request = TestRequest::get()
                .insert_header(("if-none-match", given))
                .to_http_request();
            let again = cached_json(&request, &[1, 2]).unwrap();
            assert_eq!(again.status(), 304);
            assert_eq!(again.headers().get("etag").unwrap().to_str().unwrap(), tag);
            assert!(to_bytes(again.into_body()).await.unwrap().is_empty());
            let changed = cached_json(&request, &[1, 3]).unwrap();
            assert_eq!(
                changed.status(),
                if request.headers().get("if-none-match").unwrap() == "*" {
                    304
                } else {
                    200
                }
            );
        }
    }

    #[actix_web::test]
    async fn a_weak_tag_changes_with_the_content_alone() {
        let ask = |given: &str, content: u8, as_of: u8| {
            let request = TestRequest::get()
                .insert_header(("if-none-match", given))
                .to_http_request();
            cached_json_of(&request, &content, &(content, as_of)).unwrap()
        };
        let first = ask("", 1, 1);
        let tag = first.headers().get("etag").unwrap().to_str().unwrap();
        assert!(tag.starts_with("W/\""));
        assert_eq!(ask(tag, 1, 2).status(), 304);
        assert_eq!(ask(tag, 2, 2).status(), 200);
    }

    #[test]
    fn a_version_is_one_quoted_number() {
        let version = |text: Option<&str>| {
            let mut request = TestRequest::patch();
            if let Some(text) = text {
                request = request.insert_header(("if-match", text));
            }
            expected_version(&request.to_http_request())
                .map_err(|problem| problem.status().as_u16())
        };
        assert_eq!(version(Some("\"7\"")), Ok(7));
        assert_eq!(version(None), Err(428));
        for text in [
            "7",
            "*",
            "\"\"",
            "\"+7\"",
            "\"x\"",
            "W/\"7\"",
            "\"1\", \"2\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(version(Some(text)), Err(422), "{text}");
        }
    }

    #[test]
    fn the_tag_of_a_version_is_what_if_match_names() {
        assert_eq!(version_tag(12), "\"12\"");
    }
}
