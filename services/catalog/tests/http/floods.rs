//! Floods of sign-ins: they are refused in time, and do not slow what others do.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server};

fn login(name: &str, password: &str) -> Value {
    json!({"user_name": name, "password": password})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sign_ins_is_shed_and_reads_stay_quick() -> Result<()> {
    // More of one core's work than anybody waits for.
    let server = Server::sqlite_with(|settings| {
        settings.auth.bcrypt_cost = 11;
        settings.auth.hashes_at_once = 1;
    })
    .await?;
    let flood = async {
        let flood = (0..100).map(|_| server.post("/sessions", login("nobody", PASSWORD)));
        let (mut n_refused, mut n_shed) = (0, 0);
        for answer in join_all(flood).await {
            let answer = answer?;
            if answer.status == 401 {
                answer.problem(401, "invalid_credentials");
                n_refused += 1;
            } else {
                assert!(!answer.header("retry-after").is_empty());
                answer.problem(503, "overloaded");
                n_shed += 1;
            }
        }
        anyhow::Ok((n_refused, n_shed))
    };
    let reading = async {
        let mut took = Vec::new();
        for _ in 0..50 {
            let started = Instant::now();
            server.get("/restaurants").await?.ok(200);
            took.push(started.elapsed());
        }
        took.sort();
        anyhow::Ok(took[25])
    };
    let (flood, median) = tokio::join!(flood, reading);
    let ((n_refused, n_shed), median) = (flood?, median?);
    assert!(n_refused >= 5, "all whose turn came in time: {n_refused}");
    assert!(n_shed > 0, "{n_refused} refused, none shed");
    assert!(median < Duration::from_millis(500), "{median:?}");
    // It passes by itself.
    server
        .post("/sessions", login("nobody", PASSWORD))
        .await?
        .problem(401, "invalid_credentials");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_tried_so_often_and_no_more_whether_anybody_has_it_or_not() -> Result<()> {
    let server = Server::sqlite_with(|settings| {
        settings.rate_limits.enabled = true;
        settings.rate_limits.name_logins = 5;
    })
    .await?;
    server.post("/users", login("ada", PASSWORD)).await?.ok(201);
    server.post("/users", login("bob", PASSWORD)).await?.ok(201);
    for name in ["ada", "nobody"] {
        for spelled in [name.to_owned(), name.to_uppercase(), format!("{name} ")] {
            let answer = server
                .post("/sessions", login(&spelled, "wrong password"))
                .await?;
            answer.problem(401, "invalid_credentials");
        }
        for _ in 0..2 {
            let answer = server
                .post("/sessions", login(name, "wrong password"))
                .await?;
            answer.problem(401, "invalid_credentials");
        }
        // The right password does not help: whoever guesses must not learn that it is.
        let answer = server.post("/sessions", login(name, PASSWORD)).await?;
        assert!(!answer.header("retry-after").is_empty());
        let body = answer.problem(429, "rate_limited");
        assert_eq!(body["quota"], "name-logins");
    }
    server
        .post("/sessions", login("bob", PASSWORD))
        .await?
        .ok(200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_signs_up_and_in_so_often_and_goes_on_reading() -> Result<()> {
    let server = Server::sqlite_with(|settings| {
        settings.rate_limits.enabled = true;
        settings.rate_limits.address_sign_ups = 2;
        settings.rate_limits.address_logins = 3;
    })
    .await?;
    for name in ["ada", "bob"] {
        server.post("/users", login(name, PASSWORD)).await?.ok(201);
    }
    let body = server
        .post("/users", login("eve", PASSWORD))
        .await?
        .problem(429, "rate_limited");
    assert_eq!(body["quota"], "address-sign-ups");
    let tokens = server
        .post("/sessions", login("ada", PASSWORD))
        .await?
        .ok(200);
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    server.post("/sessions/refresh", refresh).await?.ok(200);
    server
        .post("/sessions", login("bob", PASSWORD))
        .await?
        .ok(200);
    let body = server
        .post("/sessions", login("bob", PASSWORD))
        .await?
        .problem(429, "rate_limited");
    assert_eq!(body["quota"], "address-logins");
    let answer = server.get("/restaurants").await?;
    assert!(answer.header("ratelimit").contains("address-reads"));
    answer.ok(200);
    Ok(())
}
