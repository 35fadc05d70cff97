//! How often one client may call, and the headers that tell.

use std::net::SocketAddr;

use actix_web::HttpMessage;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use bootstrap::settings::{self, Http};
use futures::FutureExt;
use http_kit::rate::{RateClass, SignedBy};
use http_kit::{RateLimits, Site};
use vote_domain::Role;

use crate::{ask, bearer, clock, http, problem, site_with};

const RULES: [(Method, &str, RateClass); 1] = [(Method::POST, "/api/v1/both", RateClass::Login)];

fn limits() -> settings::RateLimits {
    settings::RateLimits {
        address_reads: 5,
        voter_reads: 3,
        address_writes: 4,
        voter_writes: 2,
        address_logins: 2,
        partner_requests: 2,
        ..settings::RateLimits::default()
    }
}

fn site_limited_to(limits: &settings::RateLimits) -> Site {
    site_with(&http()).with_rate_limits(RateLimits::from_settings(limits), &RULES)
}

fn get(path: &str) -> TestRequest {
    from("203.0.113.9", TestRequest::get().uri(path))
}

fn from(address: &str, request: TestRequest) -> TestRequest {
    request.peer_addr(SocketAddr::new(address.parse().unwrap(), 4711))
}

async fn status(site: &Site, request: TestRequest) -> u16 {
    ask(site, request).await.0
}

#[actix_web::test]
async fn one_address_too_many_is_429_with_retry_after_and_other_addresses_go_on() {
    let site = site_limited_to(&limits());
    for _ in 0..5 {
        assert_eq!(status(&site, get("/api/v1/maybe")).await, 200);
    }
    let (refused, headers, body) = ask(&site, get("/api/v1/maybe")).await;
    assert_eq!(refused, 429, "{}", String::from_utf8_lossy(&body));
    assert_eq!(headers.get("retry-after").unwrap(), "2");
    assert_eq!(
        headers.get("ratelimit").unwrap(),
        "\"address-reads\";r=0;t=10"
    );
    let (_, code, body) = problem(&site, get("/api/v1/maybe")).await;
    assert_eq!(code, "rate_limited");
    assert_eq!(body["quota"], "address-reads");
    let other = from("203.0.113.10", TestRequest::get().uri("/api/v1/maybe"));
    assert_eq!(status(&site, other).await, 200);
}

#[actix_web::test]
async fn every_counted_answer_tells_where_the_client_stands() {
    let site = site_limited_to(&limits());
    let (_, headers, _) = ask(&site, get("/api/v1/maybe")).await;
    assert_eq!(
        headers.get("ratelimit").unwrap(),
        "\"address-reads\";r=4;t=2"
    );
    assert_eq!(
        headers.get("ratelimit-policy").unwrap(),
        "\"address-reads\";q=5;w=10"
    );
    let request = get("/api/v1/me").insert_header(bearer(&clock(), Role::Member));
    let (_, headers, _) = ask(&site, request).await;
    assert_eq!(
        headers.get("ratelimit").unwrap(),
        "\"address-reads\";r=3;t=4, \"voter-reads\";r=2;t=4"
    );
    let problems_tell_too = ask(&site, get("/api/v1/things/no-id")).await;
    assert_eq!(problems_tell_too.0, 422);
    assert!(problems_tell_too.1.contains_key("ratelimit"));
}

#[actix_web::test]
async fn an_account_is_held_to_its_quota_wherever_it_calls_from() {
    let site = site_limited_to(&limits());
    let ask_from = |address: &str| {
        let request = from(address, TestRequest::get().uri("/api/v1/me"));
        request.insert_header(bearer(&clock(), Role::Member))
    };
    for address in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        assert_eq!(status(&site, ask_from(address)).await, 200);
    }
    let (status, _, body) = problem(&site, ask_from("203.0.113.4")).await;
    assert_eq!((status, &body["quota"]), (429, &"voter-reads".into()));
}

#[actix_web::test]
async fn reads_writes_and_logins_do_not_use_each_other_up() {
    let site = site_limited_to(&limits());
    let login = || from("203.0.113.9", TestRequest::post().uri("/api/v1/both"));
    let write = || from("203.0.113.9", TestRequest::post().uri("/api/v1/things"));
    for _ in 0..2 {
        assert_eq!(status(&site, login()).await, 200);
    }
    assert_eq!(status(&site, login()).await, 429);
    for _ in 0..4 {
        assert_eq!(status(&site, write()).await, 415);
    }
    assert_eq!(status(&site, write()).await, 429);
    assert_eq!(status(&site, get("/api/v1/both")).await, 200);
}

#[actix_web::test]
async fn a_path_that_is_written_otherwise_counts_as_what_it_leads_to() {
    let site = site_limited_to(&limits());
    let post = |path: &str| from("203.0.113.9", TestRequest::post().uri(path));
    assert_eq!(status(&site, post("/%61pi/v1/both")).await, 200);
    assert_eq!(status(&site, post("/api/v1/%62oth")).await, 200);
    for path in ["/api/v1/both", "/%61pi/v1/both", "/api/v1/%62%6Fth"] {
        let (status, _, body) = problem(&site, post(path)).await;
        assert_eq!(
            (status, &body["quota"]),
            (429, &"address-logins".into()),
            "{path}"
        );
    }
    // What leads nowhere within the API is no part of it.
    let (refused, headers, _) = ask(&site, post("/api%2Fv1/both")).await;
    assert_eq!(refused, 404);
    assert!(!headers.contains_key("ratelimit"));
}

#[actix_web::test]
async fn whoever_signed_is_held_to_the_keys_quota_once_the_gate_has_let_it_in() {
    let site = site_limited_to(&settings::RateLimits {
        partner_requests: 2,
        ..limits()
    })
    .with_gate(|request| {
        request.extensions_mut().insert(SignedBy("key".to_owned()));
        std::future::ready(Ok(request)).boxed_local()
    });
    for address in ["203.0.113.1", "203.0.113.2"] {
        let request = from(address, TestRequest::get().uri("/api/v1/both"));
        assert_eq!(status(&site, request).await, 200);
    }
    let request = from("203.0.113.3", TestRequest::get().uri("/api/v1/both"));
    let (status, _, body) = problem(&site, request).await;
    assert_eq!((status, &body["quota"]), (429, &"partner".into()));
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_client_has_a_quota_of_its_own() {
    let http = Http {
        trusted_proxies: "10.0.0.0/8".parse().unwrap(),
        ..http()
    };
    let site = site_with(&http).with_rate_limits(RateLimits::from_settings(&limits()), &RULES);
    let ask_for = |proxy: &str, client: &str| {
        let request = from(proxy, TestRequest::get().uri("/api/v1/maybe"));
        request.insert_header(("x-forwarded-for", client.to_owned()))
    };
    for n in 0..20 {
        let client = format!("203.0.113.{n}");
        assert_eq!(status(&site, ask_for("10.0.0.1", &client)).await, 200);
    }
    // One that makes up addresses is counted by its own.
    let mut statuses = Vec::new();
    for n in 0..6 {
        let spoofed = format!("1.1.1.{n}, 198.51.100.7");
        statuses.push(status(&site, ask_for("10.0.0.1", &spoofed)).await);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    let mut statuses = Vec::new();
    for n in 0..6 {
        let spoofed = format!("1.1.1.{n}");
        statuses.push(status(&site, ask_for("198.51.100.8", &spoofed)).await);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
}

#[actix_web::test]
async fn health_and_metrics_are_never_refused_and_nothing_is_where_limits_are_off() {
    let site = site_limited_to(&limits());
    for _ in 0..20 {
        assert_eq!(status(&site, get("/livez")).await, 200);
        assert_eq!(status(&site, get("/metrics")).await, 200);
    }
    let site = site_limited_to(&settings::RateLimits {
        enabled: false,
        ..limits()
    });
    for _ in 0..20 {
        let (status, headers, _) = ask(&site, get("/api/v1/maybe")).await;
        assert_eq!(status, 200);
        assert!(!headers.contains_key("ratelimit"));
    }
}

#[actix_web::test]
async fn a_page_that_polls_a_hundred_reviews_each_second_is_never_refused() {
    let site = site_limited_to(&settings::RateLimits::default());
    let poll = || get("/api/v1/me").insert_header(bearer(&clock(), Role::Member));
    for _ in 0..1_000 {
        assert_eq!(status(&site, poll()).await, 200);
    }
}

#[actix_web::test]
async fn browsers_are_told_to_come_by_tls_only_where_settings_say_so() {
    let (_, headers, _) = ask(&site_with(&http()), get("/livez")).await;
    assert!(!headers.contains_key("strict-transport-security"));
    let http = Http {
        hsts_max_age_s: 63_072_000,
        ..http()
    };
    for path in ["/livez", "/api/v1/nothing", "/api/v1/panics"] {
        let (_, headers, _) = ask(&site_with(&http), get(path)).await;
        let told = headers.get("strict-transport-security");
        assert_eq!(told.unwrap(), "max-age=63072000", "{path}");
    }
}
