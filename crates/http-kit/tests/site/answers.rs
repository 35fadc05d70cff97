//! Every answer that is no success is a problem; every answer has its headers.

use actix_web::test::TestRequest;
use http_kit::TraceParent;

use crate::{ask, cursor, default_limit, problem, site};

#[actix_web::test]
async fn a_path_nobody_serves_is_404() {
    for path in [
        "/",
        "/api/v1/nothing",
        "/api/v2/things",
        "/api/v1/things/1/2",
        "/docs/no.js",
    ] {
        let (status, code, _) = problem(&site(), TestRequest::get().uri(path)).await;
        assert_eq!((status, code.as_str()), (404, "not_found"), "{path}");
    }
}

#[actix_web::test]
async fn a_method_no_route_takes_is_405_with_those_that_do() {
    for (path, request, allow) in [
        ("/api/v1/things", TestRequest::get(), "POST"),
        ("/api/v1/things/1", TestRequest::delete(), "GET"),
        ("/api/v1/both", TestRequest::put(), "GET, POST"),
    ] {
        let (status, headers, _) = ask(&site(), request.uri(path)).await;
        assert_eq!(status, 405, "{path}");
        assert_eq!(headers.get("allow").unwrap(), allow, "{path}");
        let (_, code, _) = problem(&site(), TestRequest::patch().uri(path)).await;
        assert_eq!(code, "method_not_allowed");
    }
}

#[actix_web::test]
async fn two_services_may_serve_one_path_by_different_methods() {
    let (status, _, body) = ask(&site(), TestRequest::get().uri("/api/v1/both")).await;
    assert_eq!((status, body.as_slice()), (200, b"got".as_slice()));
    let (status, _, body) = ask(&site(), TestRequest::post().uri("/api/v1/both")).await;
    assert_eq!((status, body.as_slice()), (200, b"posted".as_slice()));
}

#[actix_web::test]
async fn an_id_that_is_no_uuid_is_422() {
    for id in [
        "1",
        "%00",
        "%F0%9F%98%80",
        "00000000-0000-0000-0000-00000000000g",
    ] {
        let uri = format!("/api/v1/things/{id}");
        let (status, code, _) = problem(&site(), TestRequest::get().uri(&uri)).await;
        assert_eq!((status, code.as_str()), (422, "invalid_id"), "{id}");
    }
    let good = TestRequest::get().uri("/api/v1/things/00000000-0000-0000-0000-000000000001");
    assert_eq!(ask(&site(), good).await.0, 200);
}

#[actix_web::test]
async fn a_query_that_does_not_fit_is_422() {
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "what=1",
        "limit=1&limit=2",
    ] {
        let uri = format!("/api/v1/list?{query}");
        let (status, code, _) = problem(&site(), TestRequest::get().uri(&uri)).await;
        assert_eq!((status, code.as_str()), (422, "invalid_query"), "{query}");
    }
}

#[actix_web::test]
async fn a_list_is_read_to_its_end_page_by_page() {
    let (mut seen, mut uri) = (0, "/api/v1/list".to_owned());
    loop {
        let (status, _, body) = ask(&site(), TestRequest::get().uri(&uri)).await;
        assert_eq!(status, 200);
        let page: http_kit::Page<u32> = serde_json::from_slice(&body).unwrap();
        assert!(page.items.len() <= usize::from(default_limit()));
        for item in page.items {
            seen += 1;
            assert_eq!(item, seen);
        }
        match page.next_cursor {
            Some(cursor) => uri = format!("/api/v1/list?cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, 50);
}

#[actix_web::test]
async fn a_cursor_made_up_is_422() {
    for text in ["x", "AAAA", &cursor(&"another list's")] {
        let uri = format!("/api/v1/list?cursor={text}");
        let (status, code, _) = problem(&site(), TestRequest::get().uri(&uri)).await;
        assert_eq!((status, code.as_str()), (422, "invalid_cursor"), "{text}");
    }
}

#[actix_web::test]
async fn a_panic_is_500_and_the_next_request_is_served() {
    let (status, code, _) = problem(&site(), TestRequest::get().uri("/api/v1/panics")).await;
    assert_eq!((status, code.as_str()), (500, "internal_error"));
    assert_eq!(ask(&site(), TestRequest::get().uri("/livez")).await.0, 200);
}

#[actix_web::test]
async fn an_error_from_elsewhere_is_500_and_tells_nothing() {
    let (status, code, body) = problem(&site(), TestRequest::get().uri("/api/v1/fails")).await;
    assert_eq!((status, code.as_str()), (500, "internal_error"));
    assert!(!body.to_string().contains("hunter2"));
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_503() {
    let request = TestRequest::get().uri("/api/v1/slow?ms=10000");
    let (status, code, _) = problem(&site(), request).await;
    assert_eq!((status, code.as_str()), (503, "request_timeout"));
    let request = TestRequest::get().uri("/api/v1/slow?ms=10000");
    assert!(ask(&site(), request).await.1.contains_key("retry-after"));
    assert_eq!(
        ask(&site(), TestRequest::get().uri("/api/v1/slow?ms=1"))
            .await
            .0,
        200
    );
}

#[actix_web::test]
async fn every_answer_has_the_headers_that_keep_browsers_careful() {
    for path in [
        "/livez",
        "/nothing",
        "/api/v1/panics",
        "/api/v1/slow?ms=10000",
    ] {
        let (_, headers, _) = ask(&site(), TestRequest::get().uri(path)).await;
        let value = |name| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(value("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value("referrer-policy"), "no-referrer");
        assert_eq!(value("cache-control"), "no-store");
        assert!(value("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(value("x-trace-id").len(), 32);
    }
}

#[actix_web::test]
async fn a_polled_answer_is_304_while_nothing_changed() {
    let (status, headers, _) = ask(&site(), TestRequest::get().uri("/api/v1/polled")).await;
    assert_eq!(status, 200);
    assert_eq!(headers.get("cache-control").unwrap(), "no-cache");
    let tag = headers.get("etag").unwrap().to_str().unwrap();
    let again = TestRequest::get()
        .uri("/api/v1/polled")
        .insert_header(("if-none-match", tag));
    let (status, headers, body) = ask(&site(), again).await;
    assert_eq!((status, body.len()), (304, 0));
    assert_eq!(headers.get("etag").unwrap().to_str().unwrap(), tag);
}

#[actix_web::test]
async fn a_trace_goes_from_the_request_to_the_handler_and_into_the_answer() {
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = TestRequest::get()
        .uri("/api/v1/trace")
        .insert_header(("traceparent", given));
    let (_, headers, body) = ask(&site(), request).await;
    assert_eq!(
        headers.get("x-trace-id").unwrap(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    let seen: TraceParent = std::str::from_utf8(&body).unwrap().parse().unwrap();
    assert_eq!(seen.trace_id(), "0af7651916cd43dd8448eb211c80319c");

    let (_, headers, body) = ask(&site(), TestRequest::get().uri("/api/v1/trace")).await;
    let seen: TraceParent = std::str::from_utf8(&body).unwrap().parse().unwrap();
    assert_eq!(headers.get("x-trace-id").unwrap(), seen.trace_id().as_str());
}
