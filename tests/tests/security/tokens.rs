//! Forged, stale and misused tokens, over HTTP.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;
use vote_domain::{Clock, Role};

use crate::scene::{SIGNING_SECRET, Scene, Session, send};

/// Calls that look at a token: by a member, by an operator, by anybody who has one; the
/// catalog's and the gateway's.
const CALLS: [(&str, &str); 5] = [
    ("GET", "/me"),
    ("GET", "/audit"),
    (
        "GET",
        "/reviews/counts?ids=0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
    ),
    (
        "POST",
        "/reviews/0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11/upvote",
    ),
    ("GET", "/votes/0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11"),
];

/// Header and claims of a good token, to be spoiled.
struct Forge {
    header: Value,
    claims: Value,
}

impl Forge {
    fn of(token: &str) -> Result<Self> {
        let mut parts = token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part)?;
            anyhow::Ok(serde_json::from_slice::<Value>(&bytes)?)
        });
        Ok(Self {
            header: parts.next().context("a header")??,
            claims: parts.next().context("claims")??,
        })
    }

    fn with_header(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut header = self.header.clone();
        header[name] = value.into();
        Self {
            header,
            claims: self.claims.clone(),
        }
    }

    fn with_claim(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut claims = self.claims.clone();
        claims[name] = value.into();
        Self {
            header: self.header.clone(),
            claims,
        }
    }

    fn without_claim(&self, name: &str) -> Self {
        let mut forge = self.with_claim(name, Value::Null);
        if let Some(claims) = forge.claims.as_object_mut() {
            claims.remove(name);
        }
        forge
    }

    fn without_header(&self, name: &str) -> Self {
        let mut forge = self.with_header(name, Value::Null);
        if let Some(header) = forge.header.as_object_mut() {
            header.remove(name);
        }
        forge
    }

    /// What is signed.
    fn text(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    /// Signed as Tally does, with `secret`.
    fn signed(&self, secret: &str) -> Result<String> {
        let text = self.text();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
        mac.update(text.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        Ok(format!("{text}.{signature}"))
    }

    /// Signed with our secret by an algorithm that Tally does not use.
    fn signed_sha512(&self) -> Result<String> {
        let text = self.text();
        let mut mac = Hmac::<Sha512>::new_from_slice(SIGNING_SECRET.as_bytes())?;
        mac.update(text.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        Ok(format!("{text}.{signature}"))
    }
}

/// Sees `token` refused by every kind of call.
async fn refused(scene: &Scene, what: &str, token: &str) -> Result<()> {
    for (method, path) in CALLS {
        let answer = scene.call(token, method.parse()?, path, None).await?;
        let answer = answer
            .expect_problem(401, "unauthenticated")
            .with_context(|| format!("{what}, {method} {path}"))?;
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer"),
            "{what}, {method} {path}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_token_opens_nothing() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    let session = scene.admin().await?;
    let good = session.access_token.as_str();
    let forge = Forge::of(good)?;
    let now = Clock::system().now().timestamp();
    let [head, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        anyhow::bail!("a token has three parts");
    };

    // What the forge makes is good unless it is spoiled: else the rest would show nothing.
    let own = forge.signed(SIGNING_SECRET)?;
    scene
        .call(&own, Method::GET, "/me", None)
        .await?
        .expect(200)?;

    for alg in ["none", "None", "NONE", "", "hs256", "RS256", "ES256"] {
        let forged = forge.with_header("alg", alg);
        let text = forged.text();
        refused(&scene, alg, &format!("{text}.")).await?;
        refused(&scene, alg, &text).await?;
        refused(&scene, alg, &format!("{text}.{signature}")).await?;
        refused(&scene, alg, &forged.signed(SIGNING_SECRET)?).await?;
    }
    let hs512 = forge.with_header("alg", "HS512").signed_sha512()?;
    refused(&scene, "HS512", &hs512).await?;
    refused(&scene, "HS256 by HMAC-SHA-512", &forge.signed_sha512()?).await?;

    let signed = [
        (
            "another key",
            forge.signed("another secret of 32 bytes or more")?,
        ),
        ("the empty key", forge.signed("")?),
        (
            "no key named",
            forge.without_header("kid").signed(SIGNING_SECRET)?,
        ),
        (
            "unknown key",
            forge.with_header("kid", "other").signed(SIGNING_SECRET)?,
        ),
        (
            "a path for a key",
            forge.with_header("kid", "../../dev/null").signed("")?,
        ),
        (
            "expired",
            forge.with_claim("exp", now - 60).signed(SIGNING_SECRET)?,
        ),
        ("no end", forge.without_claim("exp").signed(SIGNING_SECRET)?),
        (
            "not yet valid",
            forge.with_claim("nbf", now + 600).signed(SIGNING_SECRET)?,
        ),
        (
            "another issuer",
            forge.with_claim("iss", "other").signed(SIGNING_SECRET)?,
        ),
        (
            "no issuer",
            forge.without_claim("iss").signed(SIGNING_SECRET)?,
        ),
        (
            "another audience",
            forge.with_claim("aud", "other").signed(SIGNING_SECRET)?,
        ),
        (
            "no audience",
            forge.without_claim("aud").signed(SIGNING_SECRET)?,
        ),
        (
            "a made-up role",
            forge.with_claim("role", "root").signed(SIGNING_SECRET)?,
        ),
        (
            "no user",
            forge.without_claim("sub").signed(SIGNING_SECRET)?,
        ),
        (
            "no session",
            forge.without_claim("sid").signed(SIGNING_SECRET)?,
        ),
    ];
    for (what, token) in &signed {
        refused(&scene, what, token).await?;
    }

    let other = forge
        .with_claim("sub", Uuid::from_u128(1).to_string())
        .text();
    refused(&scene, "other claims", &format!("{other}.{signature}")).await?;
    for n_bytes in [1, head.len(), head.len() + claims.len(), good.len() - 1] {
        refused(&scene, "truncated", &good[..n_bytes]).await?;
    }
    refused(&scene, "lengthened", &format!("{good}A")).await?;
    refused(&scene, "a fourth part", &format!("{good}.{signature}")).await?;
    refused(&scene, "spaces", &format!("{head} .{claims}.{signature}")).await?;
    refused(&scene, "a refresh token", &session.refresh_token).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_goes_in_one_place_and_one_way() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    let session = scene.admin().await?;
    let token = session.access_token.as_str();
    for value in [
        format!("Basic {token}"),
        format!("Token {token}"),
        token.to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token} {token}"),
        format!("Bearer {token},Bearer {token}"),
    ] {
        let request = scene.request(Method::GET, "/me");
        let answer = send(request.header("Authorization", &value)).await?;
        answer
            .expect_problem(401, "unauthenticated")
            .with_context(|| format!("{value:.30}"))?;
    }
    for path in [format!("/me?access_token={token}"), "/me".to_owned()] {
        let request = scene
            .request(Method::GET, &path)
            .header("Cookie", format!("access_token={token}"));
        let answer = send(request).await?;
        assert!(answer.status == 401 || answer.status == 422, "{path}");
    }
    // Nor is an access token worth a pair.
    let answer = scene.refresh(token).await?;
    answer.expect_problem(401, "invalid_refresh_token")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spent_refresh_token_that_comes_again_ends_the_whole_session() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    scene.with_role(Role::Operator).await?;
    let first = scene.session_of(Role::Operator).await?;
    let bystander = scene.session_of(Role::Operator).await?;
    let second = Session::of(&scene.refresh(&first.refresh_token).await?.expect(200)?)?;
    let third = Session::of(&scene.refresh(&second.refresh_token).await?.expect(200)?)?;
    // The thief's copy, or its owner's: one of the two was robbed.
    let again = scene.refresh(&first.refresh_token).await?;
    again.expect_problem(401, "invalid_refresh_token")?;
    for token in [&first, &second, &third].map(|session| &session.refresh_token) {
        let answer = scene.refresh(token).await?;
        answer.expect_problem(401, "invalid_refresh_token")?;
    }
    for session in [&first, &second, &third] {
        let answer = scene.call(&session.access_token, Method::GET, "/audit", None);
        answer.await?.expect_problem(401, "unauthenticated")?;
    }
    let other = scene.call(&bystander.access_token, Method::GET, "/audit", None);
    other.await?.expect(200)?;
    scene.refresh(&bystander.refresh_token).await?.expect(200)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_refreshes_at_once_one_is_served_and_the_session_ends() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    scene.with_role(Role::Member).await?;
    let session = scene.session_of(Role::Member).await?;
    let tries = (0..8).map(|_| scene.refresh(&session.refresh_token));
    let answers = futures::future::try_join_all(tries).await?;
    let served: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(served.len(), 1, "{answers:?}");
    let winner = Session::of(served[0])?;
    let answer = scene.refresh(&winner.refresh_token).await?;
    answer.expect_problem(401, "invalid_refresh_token")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_signing_out_a_token_guards_nothing_and_buys_nothing() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    for role in [Role::Moderator, Role::Operator, Role::Admin] {
        scene.with_role(role).await?;
        let session = scene.session_of(role).await?;
        let token = session.access_token.as_str();
        let out = scene.call(token, Method::DELETE, "/sessions", None);
        out.await?.expect(204)?;
        let (method, path, body) = match role {
            Role::Admin => (Method::GET, "/partners".to_owned(), None),
            Role::Operator => (Method::GET, "/audit".to_owned(), None),
            Role::Moderator | Role::Member => (
                Method::POST,
                format!("/reviews/{}/voids", Uuid::from_u128(1)),
                Some(json!({ "vote_id": Uuid::from_u128(2), "reason": "spam" })),
            ),
        };
        let answer = scene.call(token, method, &path, body.as_ref());
        answer.await?.expect_problem(401, "unauthenticated")?;
        let answer = scene.refresh(&session.refresh_token).await?;
        answer.expect_problem(401, "invalid_refresh_token")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_role_holds_at_once_whatever_a_token_says() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    let user = scene.with_role(Role::Operator).await?;
    let session = scene.session_of(Role::Operator).await?;
    let token = session.access_token.as_str();
    let restaurant = json!({ "name": "New", "address": "", "description": "" });
    let create = || scene.call(token, Method::POST, "/restaurants", Some(&restaurant));
    create().await?.expect(201)?;
    scene.give_role(user, Role::Member).await?;
    create().await?.expect_problem(403, "forbidden")?;
    // The token says operator still, and a new one says member.
    let renewed = Session::of(&scene.refresh(&session.refresh_token).await?.expect(200)?)?;
    let forge = Forge::of(&renewed.access_token)?;
    assert_eq!(forge.claims["role"], "member");
    // Even a token that our key signed gives no role that SQL does not.
    let forged = forge.with_claim("role", "admin").signed(SIGNING_SECRET)?;
    let answer = scene.call(&forged, Method::GET, "/partners", None);
    answer.await?.expect_problem(403, "forbidden")?;
    scene.give_role(user, Role::Operator).await?;
    create().await?.expect(201)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_head_is_refused_and_hurts_nobody() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    for n_bytes in [3_000, 60_000] {
        let token = "A".repeat(n_bytes);
        let answer = scene.call(&token, Method::GET, "/me", None).await?;
        assert_eq!(answer.status, 401, "{n_bytes}");
    }
    let port = scene.embedded.process.port();
    let many = "X-Padding: 0123456789\r\n".repeat(50_000);
    let long = format!("Authorization: Bearer {}\r\n", "A".repeat(1_000_000));
    for headers in [many, long] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let head = format!("GET /api/v1/me HTTP/1.1\r\nHost: t\r\n{headers}\r\n");
        // The server may hang up while this is written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{answer:.200}");
    }
    let session = scene.admin().await?;
    let answer = scene.call(&session.access_token, Method::GET, "/me", None);
    answer.await?.expect(200)?;
    Ok(())
}
