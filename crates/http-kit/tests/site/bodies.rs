//! What is wrong with a body is said, and with which part of it.

use actix_web::test::TestRequest;

use crate::{ask, problem, site};

fn post(body: impl Into<actix_web::web::Bytes>) -> TestRequest {
    TestRequest::post()
        .uri("/api/v1/things")
        .insert_header(("content-type", "application/json; charset=utf-8"))
        .set_payload(body)
}

#[actix_web::test]
async fn a_sound_body_is_taken() {
    let (status, _, body) = ask(&site(), post(r#"{"name":"NUL \u0000 and 😀","stars":5}"#)).await;
    assert_eq!(status, 201);
    assert!(String::from_utf8(body).unwrap().contains('😀'));
}

#[actix_web::test]
async fn text_that_is_no_json_is_400() {
    for body in [
        "",
        "{",
        "{\"name\":}",
        "nonsense",
        "{\"unknown\":}",
        "{\"name\":\"a\",\"stars\":1} trailing",
        "{\"name\":\"\u{0}\",\"stars\":1}",
    ] {
        let (status, code, _) = problem(&site(), post(body)).await;
        assert_eq!((status, code.as_str()), (400, "malformed_json"), "{body}");
    }
    let not_utf8 = post(b"{\"name\":\"\xff\",\"stars\":1}".as_slice());
    assert_eq!(problem(&site(), not_utf8).await.0, 400);
}

#[actix_web::test]
async fn json_that_does_not_fit_is_422_and_the_field_is_named() {
    for (body, field) in [
        (r#"{"name":"a","stars":"many"}"#, "stars"),
        (r#"{"name":"a","stars":256}"#, "stars"),
        (r#"{"name":"a","stars":-1}"#, "stars"),
        (r#"{"name":"a","stars":1.5}"#, "stars"),
        (r#"{"name":null,"stars":1}"#, "name"),
        (r#"{"name":"a"}"#, "stars"),
        (r#"{"name":"a","stars":1,"extra":true}"#, "extra"),
        (r#"{"name":"a","name":"b","stars":1}"#, "name"),
        (r#"["a", 1]"#, "list"),
        ("7", "7"),
        ("null", "null"),
    ] {
        let (status, code, problem) = problem(&site(), post(body)).await;
        assert_eq!((status, code.as_str()), (422, "invalid_body"), "{body}");
        assert!(
            problem["detail"].as_str().unwrap().contains(field),
            "{problem}"
        );
    }
}

#[actix_web::test]
async fn another_media_type_is_415() {
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let request = TestRequest::post()
            .uri("/api/v1/things")
            .insert_header(("content-type", kind))
            .set_payload("{}");
        let (status, code, _) = problem(&site(), request).await;
        assert_eq!(
            (status, code.as_str()),
            (415, "unsupported_media_type"),
            "{kind}"
        );
    }
    let without = TestRequest::post().uri("/api/v1/things").set_payload("{}");
    assert_eq!(problem(&site(), without).await.0, 415);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413() {
    let body = format!(r#"{{"name":"{}","stars":1}}"#, "x".repeat(1_024));
    let (status, code, problem) = problem(&site(), post(body)).await;
    assert_eq!((status, code.as_str()), (413, "body_too_large"));
    assert_eq!(problem["bytes_max"], 1_024);
    let body = format!(r#"{{"name":"{}","stars":1}}"#, "x".repeat(1_024 - 21));
    assert_eq!(body.len(), 1_024);
    assert_eq!(ask(&site(), post(body)).await.0, 201);
}

#[actix_web::test]
async fn json_nested_without_end_is_refused() {
    let (status, _, _) = problem(&site(), post("[".repeat(1_000))).await;
    assert!(status == 400 || status == 422);
}
