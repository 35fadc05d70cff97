//! What operators ask a service: health, metrics, its API.

use actix_web::test::TestRequest;
use http_kit::Readiness;

use crate::{ask, problem, site};

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

#[actix_web::test]
async fn a_service_with_all_its_parts_is_ready() {
    let readiness = Readiness::new().needs("mysql", || async { Ok::<_, String>(()) });
    let site = site().with_readiness(readiness);
    let (status, _, body) = ask(&site, TestRequest::get().uri("/readyz")).await;
    assert_eq!(status, 200);
    assert_eq!(text(&body), r#"{"parts":["mysql"],"status":"ready"}"#);
}

#[actix_web::test(start_paused = true)]
async fn readyz_names_each_missing_part() {
    let readiness = Readiness::new()
        .needs("mysql", || async { Ok::<_, String>(()) })
        .needs("redis", || async { Err("connection refused") })
        .needs("rabbitmq", std::future::pending::<Result<(), String>>);
    // The request's own limit is shorter than a check's in the other tests.
    let http = bootstrap::settings::Http::default();
    let site = crate::site_with(&http).with_readiness(readiness);
    let (status, code, body) = problem(&site, TestRequest::get().uri("/readyz")).await;
    assert_eq!((status, code.as_str()), (503, "not_ready"));
    assert_eq!(body["missing"]["redis"], "connection refused");
    assert_eq!(body["missing"]["rabbitmq"], "did not answer in time");
    assert_eq!(body["missing"].as_object().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_service_on_its_way_out_is_not_ready_but_alive() {
    let readiness = Readiness::new();
    let site = site().with_readiness(readiness.clone());
    assert_eq!(ask(&site, TestRequest::get().uri("/readyz")).await.0, 200);
    readiness.drain();
    let (status, _, body) = problem(&site, TestRequest::get().uri("/readyz")).await;
    assert_eq!(
        (status, &body["missing"]["service"]),
        (503, &"is stopping".into())
    );
    assert_eq!(ask(&site, TestRequest::get().uri("/livez")).await.0, 200);
}

#[actix_web::test]
async fn metrics_count_requests_by_route_not_by_path() {
    let site = site();
    for n in 1..=3 {
        let uri = format!("/api/v1/things/00000000-0000-0000-0000-00000000000{n}");
        ask(&site, TestRequest::get().uri(&uri)).await;
    }
    ask(&site, TestRequest::get().uri("/no/such/path")).await;
    ask(&site, TestRequest::get().uri("/api/v1/panics")).await;
    let (status, headers, body) = ask(&site, TestRequest::get().uri("/metrics")).await;
    assert_eq!(status, 200);
    let kind = headers.get("content-type").unwrap().to_str().unwrap();
    assert!(kind.starts_with("text/plain"));
    let body = text(&body);
    for line in [
        r#"http_requests_total{method="GET",route="/api/v1/things/{id}",status="200"}"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"}"#,
        r#"http_request_duration_seconds_bucket{method="GET",route="/api/v1/things/{id}",le="0.005"}"#,
        "http_requests_in_flight",
    ] {
        assert!(body.contains(line), "{line} is missing in\n{body}");
    }
    assert!(!body.contains("/no/such/path") && !body.contains("00000000-0000"));
}

#[actix_web::test]
async fn a_path_that_is_written_otherwise_is_measured_as_the_route_it_leads_to() {
    let site = site();
    let put = || TestRequest::put().uri("/api/v1/t%68ings");
    let (status, headers, _) = ask(&site, put()).await;
    assert_eq!(status, 405);
    assert_eq!(headers.get("allow").unwrap(), "POST");
    let (status, _, _) = problem(&site, TestRequest::get().uri("/api/v1/%70anics")).await;
    assert_eq!(status, 500);
    let (status, headers, _) = ask(&site, TestRequest::get().uri("/d%6Fcs/")).await;
    assert_eq!(status, 200);
    let policy = headers.get("content-security-policy").unwrap();
    assert!(policy.to_str().unwrap().contains("default-src 'self'"));
    let (_, _, body) = ask(&site, TestRequest::get().uri("/metrics")).await;
    let body = text(&body);
    let line = r#"http_requests_total{method="PUT",route="/api/v1/things",status="405"}"#;
    assert!(body.contains(line), "{line} is missing in\n{body}");
}

#[actix_web::test]
async fn the_api_describes_itself() {
    let (status, _, body) = ask(&site(), TestRequest::get().uri("/openapi.json")).await;
    assert_eq!(status, 200);
    let api: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(api["paths"]["/api/v1/things/{id}"]["get"].is_object());

    let (status, headers, _) = ask(&site(), TestRequest::get().uri("/docs")).await;
    assert_eq!(status, 308);
    assert_eq!(headers.get("location").unwrap(), "/docs/");
    let (status, headers, body) = ask(&site(), TestRequest::get().uri("/docs/")).await;
    assert_eq!(status, 200);
    assert!(text(&body).contains("swagger-ui"));
    let policy = headers.get("content-security-policy").unwrap();
    assert!(policy.to_str().unwrap().contains("default-src 'self'"));
}
