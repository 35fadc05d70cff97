//! A gate before the handlers.

use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::test::TestRequest;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use http_kit::Problem;

use crate::{ask, problem, site};

/// Does as the request's query says.
fn gate(request: ServiceRequest) -> LocalBoxFuture<'static, Result<ServiceRequest, Problem>> {
    async move {
        match request.query_string() {
            "refuse" => return Err(Problem::forbidden("refused", "No.")),
            "panic" => panic!("in the gate"),
            "sleep" => tokio::time::sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        Ok(request)
    }
    .boxed_local()
}

#[actix_web::test]
async fn a_gate_sees_each_request_first_and_may_refuse_it() {
    let site = site().with_gate(gate);
    let get = |uri: &str| TestRequest::get().uri(uri);
    let (status, _, body) = ask(&site, get("/api/v1/both")).await;
    assert_eq!((status, &body[..]), (200, &b"got"[..]));
    for path in ["/api/v1/both", "/api/v1/me", "/no/such/path", "/livez"] {
        let (status, code, _) = problem(&site, get(&format!("{path}?refuse"))).await;
        assert_eq!((status, code.as_str()), (403, "refused"), "{path}");
    }
}

#[actix_web::test]
async fn a_gate_that_panics_or_hangs_is_answered_like_a_handler() {
    let site = site().with_gate(gate);
    let get = |uri: &str| TestRequest::get().uri(uri);
    let (status, code, _) = problem(&site, get("/api/v1/both?panic")).await;
    assert_eq!((status, code.as_str()), (500, "internal_error"));
    let (status, code, _) = problem(&site, get("/api/v1/both?sleep")).await;
    assert_eq!((status, code.as_str()), (503, "request_timeout"));
}
