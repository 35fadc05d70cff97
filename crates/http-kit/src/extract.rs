//! What handlers take from a request, with problems that say what is wrong with it.

use std::future::{Future, Ready, ready};
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::Problem;

/// Largest request body, in bytes, as the application's data.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

impl Default for BodyLimit {
    fn default() -> Self {
        Self(65_536)
    }
}

/// Longest a request's body may take to arrive, as the application's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTimeout(pub(crate) Duration);

impl Default for BodyTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(5))
    }
}

/// A JSON body. Refuses other media types with 415, text that is no JSON with 400
/// `malformed_json`, and what does not fit `T` with 422 `invalid_body`.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// The path's parameters. What does not fit `T` is 422 `invalid_id`.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The query. What does not fit `T` is 422 `invalid_query`.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

macro_rules! inside {
    ($($name:ident),+) => {$(
        impl<T> Deref for $name<T> {
            type Target = T;
            fn deref(&self) -> &T {
                &self.0
            }
        }
        impl<T> $name<T> {
            /// What was taken from the request.
            pub fn into_inner(self) -> T {
                self.0
            }
        }
    )+};
}

inside!(Json, Path, Query);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move { read_json(&request, payload).await.map(Self) })
    }
}

/// Reads a JSON body: for a route that has more to say before it takes a large one.
///
/// # Errors
/// As [`read_body`] and [`parse_json`]; 415 `unsupported_media_type`.
pub async fn read_json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    let body = read_body(request, payload).await?;
    if !is_json(request) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be sent as application/json.",
        )
        .with_header(
            header::ACCEPT,
            header::HeaderValue::from_static("application/json"),
        ));
    }
    parse_json(&body)
}

/// Parses a JSON body. A list is refused: serde would take one for a struct.
///
/// # Errors
/// 400 `malformed_json` when it is no JSON, whatever else is wrong with it; 422
/// `invalid_body` when it does not fit `T`, with the name of the field.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error))?;
    if text.trim_start().starts_with('[') {
        return Err(Problem::invalid(
            "invalid_body",
            "The body must be an object, not a list.",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let detail = if path == "." {
            inner.to_string()
        } else {
            format!("{path}: {inner}")
        };
        Problem::invalid("invalid_body", detail)
    })
}

fn malformed(error: &impl std::fmt::Display) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        format!("The body is not JSON: {error}."),
    )
}

fn is_json(request: &HttpRequest) -> bool {
    request.mime_type().is_ok_and(|kind| {
        kind.is_some_and(|kind| {
            kind.type_() == "application"
                && (kind.subtype() == "json" || kind.suffix().is_some_and(|s| s == "json"))
        })
    })
}

/// Reads the whole body.
///
/// # Errors
/// 413 `body_too_large` beyond the application's [`BodyLimit`]; 400 `incomplete_body` when the
/// client stopped sending; 408 `body_timeout` when it sends too slowly.
pub async fn read_body(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let timeout = request.app_data::<BodyTimeout>().copied();
    let BodyTimeout(limit) = timeout.unwrap_or_default();
    match tokio::time::timeout(limit, read_slowly(request, payload)).await {
        Ok(body) => body,
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            format!("The body did not arrive within {limit:?}."),
        )),
    }
}

async fn read_slowly(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Problem> {
    let BodyLimit(limit) = request.app_data::<BodyLimit>().copied().unwrap_or_default();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "incomplete_body",
                format!("The body could not be read: {error}."),
            )
        })?;
        if body.len() + chunk.len() > limit {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("The body may have at most {limit} bytes."),
            )
            .with("bytes_max", limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parsed = web::Path::<T>::from_request(request, payload).into_inner();
        ready(match parsed {
            Ok(value) => Ok(Self(value.into_inner())),
            Err(error) => Err(Problem::invalid(
                "invalid_id",
                format!("The path is not valid: {error}."),
            )),
        })
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match web::Query::<T>::from_query(request.query_string()) {
            Ok(value) => Ok(Self(value.into_inner())),
            Err(error) => Err(Problem::invalid(
                "invalid_query",
                format!("The query is not valid: {error}."),
            )),
        })
    }
}
