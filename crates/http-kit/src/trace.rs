//! W3C trace context: one id that follows a request from the browser's side of the
//! proxy through the queue to the worker.

use std::fmt;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use vote_domain::Ids;

use crate::Problem;

/// The request's header, and the name to carry it under in a message's headers.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The answer's header that names the trace.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Where in which trace a piece of work stands. Prints as the `traceparent` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

impl TraceParent {
    /// Goes on with the trace that `headers` name, in a span of its own; begins a new
    /// trace when they name none.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, ids: &Ids) -> Self {
        let given = headers
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok()?.parse::<Self>().ok());
        let span = u64::from_be_bytes(ids.bytes()).max(1);
        match given {
            Some(parent) => Self { span, ..parent },
            None => Self {
                trace: u128::from_be_bytes(ids.bytes()).max(1),
                span,
                flags: 1,
            },
        }
    }

    /// The trace's id: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace, self.span, self.flags
        )
    }
}

/// The text is no `traceparent`.
#[derive(Debug, thiserror::Error)]
#[error("not a traceparent")]
pub struct NotATraceParent;

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    fn from_str(text: &str) -> Result<Self, NotATraceParent> {
        let mut parts = text.trim().split('-');
        let mut part = |n_digits: usize| {
            parts
                .next()
                .filter(|part| part.len() == n_digits)
                .filter(|part| {
                    part.bytes()
                        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                })
                .and_then(|part| u128::from_str_radix(part, 16).ok())
                .ok_or(NotATraceParent)
        };
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        // A later version may say more behind these four; version 0 may not.
        let ends = parts.next().is_none();
        if version == 0xff || (version == 0 && !ends) || trace == 0 || span == 0 {
            return Err(NotATraceParent);
        }
        Ok(Self {
            trace,
            span: u64::try_from(span).map_err(|_| NotATraceParent)?,
            flags: u8::try_from(flags).map_err(|_| NotATraceParent)?,
        })
    }
}

impl FromRequest for TraceParent {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().copied().ok_or_else(|| {
            tracing::error!("the service was started without `Site`");
            Problem::internal_unlogged()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_comes_back_as_it_was_written() {
        assert_eq!(GIVEN.parse::<TraceParent>().unwrap().to_string(), GIVEN);
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-éaf7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ] {
            assert!(text.parse::<TraceParent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_given_trace_goes_on_in_a_new_span() {
        let ids = Ids::seeded(1);
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, GIVEN.parse().unwrap());
        let trace = TraceParent::from_headers(&headers, &ids);
        assert_eq!(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_ne!(trace.to_string(), GIVEN);
        headers.insert(TRACEPARENT, "garbage".parse().unwrap());
        let fresh = TraceParent::from_headers(&headers, &ids);
        assert_ne!(fresh.trace_id(), trace.trace_id());
        assert!(fresh.to_string().parse::<TraceParent>().is_ok());
    }
}
