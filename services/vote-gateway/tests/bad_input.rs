//! What must never do harm: each of it is a problem with its code, never a 500, and casts
//! nothing.

mod engine;

use actix_web::web::Data;
use anyhow::Result;
use bootstrap::Secret;
use bootstrap::settings::{Http, SigningKey};
use chrono::TimeDelta;
use engine::Engine;
use http_kit::{Actor, Meter, Site, Tokens};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use utoipa::OpenApi;
use uuid::Uuid;
use vote_domain::{Clock, Ids, Role};
use vote_gateway::routes;

const PROBLEM_JSON: &str = "application/problem+json";

fn tokens(secret: &str, clock: Clock) -> Result<Tokens> {
    let key = SigningKey {
        id: "test".to_owned(),
        secret: Secret::new(secret),
    };
    Ok(Tokens::new(&[key], 900, clock)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_a_problem_with_its_code_and_casts_nothing() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let clock = Clock::system();
    let good = tokens("0123456789abcdef0123456789abcdef", clock.clone())?;
    let forger = tokens("fedcba9876543210fedcba9876543210", clock.clone())?;
    let past = Clock::manual(clock.now() - TimeDelta::hours(1));
    let earlier = tokens("0123456789abcdef0123456789abcdef", past)?;
    let actor = Actor {
        user_id: engine.ids.next(),
        role: Role::Member,
        session_id: Uuid::from_u128(1),
    };
    let gateway = engine.gateway.clone();
    let http = Http {
        port: 0,
        threads: 1,
        ..Http::default()
    };
    let listening = Site::new(
        &http,
        routes::Api::openapi(),
        Meter::install()?,
        Ids::random(),
    )
    .with_tokens(good.clone())
    .with_routes(move |config| {
        config.app_data(Data::new(gateway.clone()));
        routes::configure(config);
    })
    .listen(engine.stop.clone())?;
    let base = format!("http://{}/api/v1", listening.address());

    let review = engine.review().await?;
    let (unknown, token) = (Uuid::from_u128(7), good.sign(actor)?);
    let upvote = format!("/reviews/{review}/upvote");
    let sound = format!(r#"{{"review_id":"{review}","direction":"up"}}"#);
    let long = format!(r#"{{"review_id":"{}"}}"#, "x".repeat(1 << 20));
    let (post, get, delete) = (Method::POST, Method::GET, Method::DELETE);
    let many: Vec<_> = (0..101).map(|n| Uuid::from_u128(n).to_string()).collect();
    let many = many.join(",");
    // Method, path, body, status, code.
    let cases: Vec<(&Method, String, Option<&str>, u16, &str)> = vec![
        (&post, "/votes".into(), Some("{"), 400, "malformed_json"),
        (&post, "/votes".into(), Some("\u{0}"), 400, "malformed_json"),
        (
            &post,
            "/votes".into(),
            Some(r#"{"direction":"up"}"#),
            422,
            "invalid_body",
        ),
        (
            &post,
            "/votes".into(),
            Some(r#"{"review_id":7,"direction":"up"}"#),
            422,
            "invalid_body",
        ),
        (
            &post,
            "/votes".into(),
            Some(r#"["x","up"]"#),
            422,
            "invalid_body",
        ),
        (&post, "/votes".into(), Some(&long), 413, "body_too_large"),
        (&post, "/reviews/7/upvote".into(), None, 422, "invalid_id"),
        (
            &post,
            "/reviews/%00/downvote".into(),
            None,
            422,
            "invalid_id",
        ),
        (&delete, "/reviews/x/vote".into(), None, 422, "invalid_id"),
        (
            &post,
            format!("/reviews/{unknown}/upvote"),
            None,
            404,
            "review_not_found",
        ),
        (
            &delete,
            format!("/reviews/{unknown}/vote"),
            None,
            404,
            "review_not_found",
        ),
        (&get, upvote.clone(), None, 405, "method_not_allowed"),
        (&get, "/votes/x".into(), None, 422, "invalid_id"),
        (
            &get,
            format!("/votes/{unknown}"),
            None,
            404,
            "vote_not_found",
        ),
        (&get, "/votes".into(), None, 422, "invalid_query"),
        (&get, "/votes?ids=x".into(), None, 422, "invalid_id"),
        (
            &get,
            format!("/votes?ids={unknown}&more=1"),
            None,
            422,
            "invalid_query",
        ),
        (
            &get,
            format!("/votes?ids={many}"),
            None,
            422,
            "too_many_ids",
        ),
        (&get, "/nothing".into(), None, 404, "not_found"),
    ];
    let client = Client::new();
    for (method, path, body, status, code) in cases {
        let mut request = client
            .request(method.clone(), format!("{base}{path}"))
            .bearer_auth(&token);
        if let Some(body) = body {
            let body = body.to_owned();
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        assert_problem(request, status, code, &path).await?;
    }
    let ballots = [
        r#""direction":"sideways""#,
        r#""direction":"up","more":1"#,
        r#""direction":null"#,
    ];
    for ballot in ballots {
        let body = format!(r#"{{"review_id":"{review}",{ballot}}}"#);
        let request = client.post(format!("{base}/votes")).bearer_auth(&token);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        assert_problem(request, 422, "invalid_body", ballot).await?;
    }
    let request = client.post(format!("{base}/votes")).bearer_auth(&token);
    let request = request.header("content-type", "text/plain").body(sound);
    assert_problem(request, 415, "unsupported_media_type", "text").await?;

    let foreign = [
        String::new(),
        "x".to_owned(),
        forger.sign(actor)?,
        earlier.sign(actor)?,
        format!("{token}x"),
    ];
    for token in foreign {
        let request = client.post(format!("{base}{upvote}")).bearer_auth(&token);
        assert_problem(request, 401, "unauthenticated", &token).await?;
    }
    let request = client.post(format!("{base}{upvote}"));
    assert_problem(request, 401, "unauthenticated", "no token").await?;
    for key in ["", "é", &"k".repeat(256)] {
        let request = client.post(format!("{base}{upvote}")).bearer_auth(&token);
        let request = request.header("idempotency-key", key.as_bytes());
        assert_problem(request, 422, "invalid_idempotency_key", key).await?;
    }

    let state = engine.states().read(actor.user_id).await?.state;
    assert!(state.in_flight.is_empty());
    let votes = "SELECT COUNT(*) AS n FROM review_votes";
    assert_eq!(engine.store.select_number(votes).await?, 0);
    Ok(())
}

async fn assert_problem(
    request: reqwest::RequestBuilder,
    status: u16,
    code: &str,
    what: &str,
) -> Result<()> {
    let answer = request.send().await?;
    let (got, kind) = (
        answer.status(),
        answer.headers().get("content-type").cloned(),
    );
    let body: Value = answer.json().await?;
    assert_eq!(got, StatusCode::from_u16(status)?, "{what:.80}: {body}");
    assert_eq!(
        kind.as_ref().map(|kind| kind.as_bytes()),
        Some(PROBLEM_JSON.as_bytes())
    );
    assert_eq!(body["code"], code, "{what:.80}: {body}");
    assert_eq!(body["status"], status);
    Ok(())
}
