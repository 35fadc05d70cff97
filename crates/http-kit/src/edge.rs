//! What happens around every request: its trace, its time limit, the net under panics,
//! the shape of errors, the headers of answers, and the log line and numbers at its end.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use tracing::{Instrument, error_span};
use vote_domain::Ids;

use crate::meter::{InFlight, count_request};
use crate::problem::PROBLEM_JSON;
use crate::rate::{SiteLimits, Standing};
use crate::routes::{RouteTable, method_not_allowed, routed_path};
use crate::stream::HeadWatch;
use crate::trace::TraceParent;
use crate::trace::X_TRACE_ID;
use crate::{Problem, api_docs, rate};

/// When a request that ran out of time may be tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a path that fits no route is called in logs and metrics.
const UNMATCHED: &str = "unmatched";

/// What the edge needs to know.
pub(crate) struct Edge {
    pub(crate) ids: Ids,
    pub(crate) request_timeout: Duration,
    pub(crate) routes: RouteTable,
    /// How long browsers are to come by TLS only; zero for not at all.
    pub(crate) hsts_max_age: Duration,
}

/// What looks at each request before its handler does, and may change or refuse it.
pub(crate) type Gate = Arc<
    dyn Fn(ServiceRequest) -> LocalBoxFuture<'static, Result<ServiceRequest, Problem>>
        + Send
        + Sync,
>;

/// Who may come in: clients that do not call too often, then whom the gate lets in.
#[derive(Clone, Default)]
pub(crate) struct Door {
    pub(crate) limits: Option<Arc<SiteLimits>>,
    pub(crate) gate: Option<Gate>,
}

impl Door {
    async fn admit(&self, request: ServiceRequest, head: &Head) -> Result<ServiceRequest, Problem> {
        if let Some(limits) = &self.limits {
            limits.count(&request, &mut head.standings.borrow_mut())?;
        }
        let Some(gate) = &self.gate else {
            return Ok(request);
        };
        let request = gate(request).await?;
        if let Some(limits) = &self.limits {
            limits.count_signed(&request, &mut head.standings.borrow_mut())?;
        }
        Ok(request)
    }
}

/// What is remembered of a request while it is served.
struct Head {
    method: Method,
    /// As routes are found by it.
    path: String,
    /// As logs and the answer name the trace.
    trace_id: String,
    started: Instant,
    /// Where its client stands with the quotas it was counted against.
    standings: RefCell<Vec<Standing>>,
}

/// Serves one request.
pub(crate) async fn around<B: MessageBody + 'static>(
    edge: Arc<Edge>,
    door: Door,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let trace = TraceParent::from_headers(request.headers(), &edge.ids);
    let head = Head {
        method: request.method().clone(),
        path: routed_path(request.request()).to_owned(),
        trace_id: trace.trace_id(),
        started: Instant::now(),
        standings: RefCell::default(),
    };
    request.extensions_mut().insert(trace);
    // At the highest level, so that no filter parts a line from its trace.
    let span = error_span!(
        "request",
        trace_id = head.trace_id,
        method = %head.method,
        path = request.path(),
    );
    let _in_flight = InFlight::enter();
    let _serving = request.conn_data().map(HeadWatch::serve);
    async {
        let answer = AssertUnwindSafe(async {
            let request = door.admit(request, &head).await?;
            next.call(request).await
        })
        .catch_unwind();
        match tokio::time::timeout(edge.request_timeout, answer).await {
            Ok(Ok(Ok(answer))) => Ok(finish_response(answer, &head, &edge)),
            Ok(Ok(Err(error))) => Err(finish_error(error.error_response(), &head, &edge)),
            // The panic hook has logged it, within this span.
            Ok(Err(_panic)) => Err(finish_error(
                Problem::internal_unlogged().to_response(),
                &head,
                &edge,
            )),
            Err(_elapsed) => Err(finish_error(timed_out().to_response(), &head, &edge)),
        }
    }
    .instrument(span)
    .await
}

fn timed_out() -> Problem {
    Problem::unavailable(
        "request_timeout",
        "The request could not be served in time.",
        RETRY_AFTER,
    )
}

fn finish_response<B: MessageBody + 'static>(
    answer: ServiceResponse<B>,
    head: &Head,
    edge: &Edge,
) -> ServiceResponse<BoxBody> {
    let (request, answer) = answer.map_into_boxed_body().into_parts();
    let answer = match edge.routes.template(&head.path) {
        Some(route) => finish(answer, head, edge, route),
        // What is outside of the API.
        None => {
            let route = request.match_pattern();
            finish(answer, head, edge, route.as_deref().unwrap_or(UNMATCHED))
        }
    };
    ServiceResponse::new(request, answer)
}

fn finish_error(answer: HttpResponse, head: &Head, edge: &Edge) -> Error {
    let route = edge.routes.template(&head.path).unwrap_or(UNMATCHED);
    let answer = finish(answer, head, edge, route);
    InternalError::from_response("answered at the edge", answer).into()
}

/// Gives `answer` its final shape, and logs and counts it.
fn finish(answer: HttpResponse, head: &Head, edge: &Edge, route: &str) -> HttpResponse {
    let mut answer = if answer.status().as_u16() >= 400 && !is_problem(answer.headers()) {
        problem_of(&answer, &head.method).to_response()
    } else {
        answer
    };
    add_headers(answer.headers_mut(), head, edge);
    if answer.status() == StatusCode::REQUEST_TIMEOUT {
        // What is left of the body would be taken for the next request.
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    let (status, took) = (answer.status(), head.started.elapsed());
    count_request(&head.method, route, status.as_u16(), took);
    let (status_code, duration_ms) = (status.as_u16(), took.as_secs_f64() * 1_000.0);
    if status.is_server_error() {
        tracing::warn!(target: "access", status = status_code, route, duration_ms);
    } else {
        tracing::debug!(target: "access", status = status_code, route, duration_ms);
    }
    answer
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(PROBLEM_JSON.as_bytes()))
}

/// A problem in place of a bare answer from within actix, with what headers it had to say.
fn problem_of(answer: &HttpResponse, method: &Method) -> Problem {
    let status = answer.status();
    let headers = answer.headers();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        return method_not_allowed(method, headers.get(header::ALLOW).cloned());
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this path."),
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "The request came in too slowly."),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "The body is too large."),
        _ if status.is_server_error() => {
            // Problems were logged when they were made; this came from elsewhere.
            tracing::error!(
                error = answer.error().map(tracing::field::display),
                "request failed"
            );
            return Problem::internal_unlogged();
        }
        _ => ("bad_request", "The request is not valid."),
    };
    [header::RETRY_AFTER, header::WWW_AUTHENTICATE]
        .into_iter()
        .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
        .fold(
            Problem::new(status, code, detail),
            |problem, (name, value)| problem.with_header(name, value),
        )
}

/// Headers of every answer; what a handler set stands.
fn add_headers(headers: &mut HeaderMap, head: &Head, edge: &Edge) {
    let policy = if head.path.starts_with(api_docs::PATH) {
        api_docs::CONTENT_SECURITY_POLICY
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if !edge.hsts_max_age.is_zero() {
        let text = format!("max-age={}", edge.hsts_max_age.as_secs());
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
    }
    rate::add_headers(headers, &head.standings.borrow());
    if let Ok(value) = HeaderValue::from_str(&head.trace_id) {
        headers.insert(X_TRACE_ID, value);
    }
}
