//! What is signed, and what is off by one byte.

use anyhow::Result;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::server::{Draft, PartnerServer, Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_reaches_its_handler_with_its_body() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let draft = server.post();
    let answer = server.send(&jury, &draft).await?.ok();
    assert_eq!(
        answer,
        json!({"id": Uuid::nil(), "name": "x", "caller": {
            "partner": jury.partner, "key": jury.key, "kind": "jury", "nonce": draft.nonce,
        }})
    );
    let read = server.draft(Method::GET, "/things");
    assert_eq!(server.send(&jury, &read).await?.ok()["kind"], "jury");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_off_by_one_byte_in_any_part_is_refused_and_claims_nothing() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let sound = server.post();
    let nonce = format!("{}x", &sound.nonce[..35]);
    let others = [
        Draft {
            method: Method::PUT,
            ..sound.clone()
        },
        Draft {
            path: sound.path.replace("/things/0", "/things/1"),
            ..sound.clone()
        },
        Draft {
            path: sound.path.replace("%20b", "%20d"),
            ..sound.clone()
        },
        Draft {
            path: sound.path.replace("%20b", "+b"),
            ..sound.clone()
        },
        Draft {
            path: sound.path.replace("&c", ""),
            ..sound.clone()
        },
        Draft {
            timestamp: sound.timestamp + 1,
            ..sound.clone()
        },
        Draft {
            nonce,
            ..sound.clone()
        },
        Draft {
            body: r#"{"name":"y"}"#.to_owned(),
            ..sound.clone()
        },
        Draft {
            body: r#"{"name":"x"} "#.to_owned(),
            ..sound.clone()
        },
        Draft {
            body: String::new(),
            ..sound.clone()
        },
    ];
    for other in &others {
        // Both ways: signed so and sent otherwise.
        for (signed, sent) in [(&sound, other), (other, &sound)] {
            if sent.method == Method::PUT {
                continue;
            }
            let answer = server.send_as(&jury, signed, sent).await?;
            answer.problem(401, "invalid_signature");
        }
    }
    let mut headers = sound.headers(&jury);
    let last = if headers[3].1.ends_with('0') {
        "1"
    } else {
        "0"
    };
    headers[3].1.replace_range(63.., last);
    let mut request = server.unsigned(&sound);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    server
        .answer(request)
        .await?
        .problem(401, "invalid_signature");
    // Nothing above used up the nonce.
    server.send(&jury, &sound).await?.ok();
    server
        .send(&jury, &sound)
        .await?
        .problem(401, "replayed_request");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_or_secret_is_refused_in_the_same_words() -> Result<()> {
    let server = Server::sqlite().await?;
    let (jury, public) = (
        server.partner("jury").await?,
        server.partner("public").await?,
    );
    let mut key = *jury.key.as_bytes();
    key[15] ^= 1;
    let unknown = PartnerServer {
        key: Uuid::from_bytes(key),
        ..jury.clone()
    };
    let anothers = PartnerServer {
        key: public.key,
        ..jury.clone()
    };
    let mut details = Vec::new();
    for who in [unknown, anothers] {
        let answer = server.send(&who, &server.post()).await?;
        details.push(answer.problem(401, "invalid_signature")["detail"].clone());
    }
    assert_eq!(details[0], details[1], "nobody learns which keys there are");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_six_minutes_off_are_refused_either_way() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let now = server.clock.now().timestamp();
    for (off, words) in [(360, "ahead of"), (-360, "behind"), (301, "301 s ahead of")] {
        let draft = Draft {
            timestamp: now + off,
            ..server.post()
        };
        let problem = server
            .send(&jury, &draft)
            .await?
            .problem(401, "invalid_signature");
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
        // The request did not use up its nonce.
        let draft = Draft {
            timestamp: now,
            ..draft
        };
        server.send(&jury, &draft).await?.ok();
    }
    for off in [300, -300] {
        let draft = Draft {
            timestamp: now + off,
            ..server.post()
        };
        server.send(&jury, &draft).await?.ok();
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_remembered_for_as_long_as_its_request_is_good() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let start = server.clock.now();
    let early = Draft {
        timestamp: start.timestamp() + 300,
        ..server.post()
    };
    server.send(&jury, &early).await?.ok();
    for (later_s, code) in [
        (1, "replayed_request"),
        (600, "replayed_request"),
        (601, "invalid_signature"),
    ] {
        server
            .clock
            .set(start + chrono::TimeDelta::seconds(later_s));
        server.send(&jury, &early).await?.problem(401, code);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_one_keys_own() -> Result<()> {
    let server = Server::sqlite().await?;
    let (jury, public) = (
        server.partner("jury").await?,
        server.partner("public").await?,
    );
    let draft = server.post();
    server.send(&jury, &draft).await?.ok();
    server.send(&public, &draft).await?.ok();
    server
        .send(&jury, &draft)
        .await?
        .problem(401, "replayed_request");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_or_missing_headers_are_named() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let draft = server.post();
    let sound = draft.headers(&jury);
    let bad = [
        (0, vec!["", "x", "0000"]),
        (
            1,
            vec![
                "",
                "now",
                "+1774744200",
                "1774744200.0",
                "99999999999999999999",
            ],
        ),
        (2, vec!["", "1234567", "1234 5678", "ääääääää"]),
        (3, vec!["", "00", "ö"]),
    ];
    let names = [
        "X-Tally-Key",
        "X-Tally-Timestamp",
        "X-Tally-Nonce",
        "signature",
    ];
    let send = |headers: Vec<(&'static str, String)>| {
        let mut request = server.unsigned(&draft);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        server.answer(request)
    };
    for (at, values) in bad {
        for value in values {
            let mut headers = sound.to_vec();
            headers[at].1 = value.to_owned();
            let problem = send(headers).await?.problem(401, "invalid_signature");
            let detail = problem["detail"].as_str().unwrap().to_lowercase();
            assert!(
                detail.contains(&names[at].to_lowercase()),
                "{value:?}: {problem}"
            );
        }
        let mut missing = sound.to_vec();
        missing.remove(at);
        send(missing).await?.problem(401, "invalid_signature");
        let mut twice = sound.to_vec();
        twice.push(sound[at].clone());
        send(twice).await?.problem(401, "invalid_signature");
    }
    send(sound.to_vec()).await?.ok();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_limit_is_413_and_bad_json_is_400() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let large = Draft {
        body: "x".repeat(1_048_576),
        ..server.post()
    };
    server
        .send(&jury, &large)
        .await?
        .problem(413, "body_too_large");
    let malformed = Draft {
        body: "{".to_owned(),
        ..server.post()
    };
    server
        .send(&jury, &malformed)
        .await?
        .problem(400, "malformed_json");
    let empty = Draft {
        body: String::new(),
        ..server.post()
    };
    server
        .send(&jury, &empty)
        .await?
        .problem(415, "unsupported_media_type");
    Ok(())
}
