//! Who acts, and whether they may.

use actix_web::test::TestRequest;
use chrono::TimeDelta;
use vote_domain::Role;

use crate::{ask, bearer, clock, problem, site};

#[actix_web::test]
async fn a_good_token_says_who_acts() {
    let request = TestRequest::get()
        .uri("/api/v1/me")
        .insert_header(bearer(&clock(), Role::Moderator));
    let (status, headers, body) = ask(&site(), request).await;
    assert_eq!(status, 200);
    assert_eq!(headers.get("cache-control").unwrap(), "no-store");
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["role"], "moderator");
}

#[actix_web::test]
async fn a_missing_forged_or_expired_token_is_401_with_a_challenge() {
    let past = clock();
    past.set(past.now() - TimeDelta::hours(1));
    let expired = bearer(&past, Role::Admin).1;
    let good = bearer(&clock(), Role::Admin).1;
    let forged = format!("{}x", &good[..good.len() - 1]);
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x.y.z",
        "Basic eDp5",
        &expired,
        &forged,
    ] {
        for path in ["/api/v1/me", "/api/v1/maybe"] {
            let request = TestRequest::get()
                .uri(path)
                .insert_header(("authorization", value));
            let (status, code, _) = problem(&site(), request).await;
            assert_eq!((status, code.as_str()), (401, "unauthenticated"), "{value}");
        }
    }
    let (status, headers, _) = ask(&site(), TestRequest::get().uri("/api/v1/me")).await;
    assert_eq!(status, 401);
    assert_eq!(headers.get("www-authenticate").unwrap(), "Bearer");
}

#[actix_web::test]
async fn nobody_is_somebody_where_a_token_is_not_needed() {
    let (status, _, body) = ask(&site(), TestRequest::get().uri("/api/v1/maybe")).await;
    assert_eq!(
        (status, body.as_slice()),
        (200, br#"{"user_id":null}"#.as_slice())
    );
}

#[actix_web::test]
async fn a_role_that_may_not_is_403() {
    for (role, expected) in [
        (Role::Member, 403),
        (Role::Moderator, 403),
        (Role::Operator, 204),
        (Role::Admin, 204),
    ] {
        let request = TestRequest::post()
            .uri("/api/v1/guarded")
            .insert_header(bearer(&clock(), role));
        assert_eq!(ask(&site(), request).await.0, expected, "{role}");
    }
    let request = TestRequest::post()
        .uri("/api/v1/guarded")
        .insert_header(bearer(&clock(), Role::Member));
    assert_eq!(problem(&site(), request).await.1, "forbidden");
}
