//! A listening server: what only shows on the wire.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bootstrap::settings::Http;
use http_kit::{Listening, Readiness, ServeError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::{http, site_with};

pub(crate) struct Server {
    listening: Listening,
    shutdown: CancellationToken,
    base: String,
}

pub(crate) fn start(http: &Http) -> Server {
    let shutdown = CancellationToken::new();
    let listening = site_with(http)
        .with_readiness(Readiness::new())
        .listen(shutdown.clone())
        .unwrap();
    let base = format!("http://{}", listening.address());
    Server {
        listening,
        shutdown,
        base,
    }
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.listening.stopped().await.unwrap();
    }
}

/// Sends `request` as it is; gives what comes back until the server closes.
async fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn port_zero_gives_a_port_that_answers() {
    let server = start(&http());
    assert_ne!(server.listening.address().port(), 0);
    let answer = reqwest::get(format!("{}/livez", server.base))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    server.stop().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let server = start(&http());
    let taken = Http {
        port: server.listening.address().port(),
        ..http()
    };
    let result = site_with(&taken).listen(CancellationToken::new());
    let Err(error @ ServeError::Bind { .. }) = result else {
        panic!("two servers got one port");
    };
    let message = error.to_string();
    assert!(
        message.contains(&format!("127.0.0.1:{}", taken.port)),
        "{message}"
    );
    assert!(message.contains("in use"), "{message}");
    server.stop().await;
}

#[tokio::test]
async fn a_mebibyte_is_answered_413_and_the_client_sees_it() {
    let server = start(&http());
    let client = reqwest::Client::new();
    for _ in 0..5 {
        let answer = client
            .post(format!("{}/api/v1/things", server.base))
            .header("content-type", "application/json")
            .body(vec![b' '; 1_048_576])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 413);
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "body_too_large");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_still_sends() {
    let server = start(&http());
    let client = reqwest::Client::new();
    for path in ["/api/v1/guarded", "/api/v1/nothing", "/livez"] {
        for _ in 0..3 {
            let answer = client
                .post(format!("{}{path}", server.base))
                .body(vec![b'x'; 1_048_576])
                .send()
                .await
                .unwrap();
            assert!(answer.status().is_client_error(), "{path}");
            let problem: serde_json::Value = answer.json().await.unwrap();
            assert!(problem["code"].is_string());
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_given_up() {
    let server = start(&Http {
        header_timeout_ms: 200,
        ..http()
    });
    let started = Instant::now();
    let answer = raw(
        server.listening.address(),
        b"GET /livez HTTP/1.1\r\nHost: x\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let server = start(&Http {
        body_timeout_ms: 200,
        ..http()
    });
    let head = "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    let started = Instant::now();
    let answer = raw(server.listening.address(), head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
    // Closed, not kept for the rest of the body.
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_given_up_just_so() {
    let server = start(&Http {
        body_timeout_ms: 300,
        request_timeout_ms: 5_000,
        ..http()
    });
    let mut stream = TcpStream::connect(server.listening.address())
        .await
        .unwrap();
    let head = "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let trickling = tokio::spawn(async move {
        while writing.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = vec![0; 12];
    let reading = reading.read_exact(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(3), reading).await;
    trickling.abort();
    read.unwrap().unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
    server.stop().await;
}

/// Connections that send a little, and then nothing.
async fn slow_connections(address: SocketAddr, n: usize) -> Vec<TcpStream> {
    let beginnings = [
        "GET /livez HTTP/1.1\r\nHost: x\r\n",
        "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\n\r\n{",
    ];
    let mut streams = Vec::new();
    for beginning in beginnings.iter().cycle().take(n) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

#[tokio::test]
async fn five_hundred_slow_connections_do_not_slow_a_request() {
    let server = start(&Http {
        header_timeout_ms: 60_000,
        body_timeout_ms: 60_000,
        request_timeout_ms: 60_000,
        ..http()
    });
    let slow = slow_connections(server.listening.address(), 500).await;
    let client = reqwest::Client::new();
    let mut took = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        let answer = client
            .post(format!("{}/api/v1/things", server.base))
            .json(&serde_json::json!({"name": "a", "stars": 1}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        took.push(started.elapsed());
    }
    took.sort();
    assert!(took[50] < Duration::from_millis(100), "{took:?}");
    drop(slow);
    server.stop().await;
}

#[tokio::test]
async fn beyond_the_most_connections_others_wait_for_one_to_end() {
    let server = start(&Http {
        connections_max: 4,
        header_timeout_ms: 700,
        ..http()
    });
    let address = server.listening.address();
    let slow: Vec<_> = slow_connections(address, 8)
        .await
        .into_iter()
        .step_by(2)
        .collect();
    let asking = tokio::spawn(raw(
        address,
        b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(!asking.is_finished(), "there is no room yet");
    let answer = tokio::time::timeout(Duration::from_secs(5), asking).await;
    assert!(answer.unwrap().unwrap().starts_with("HTTP/1.1 200"));
    drop(slow);
    server.stop().await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_server_stops() {
    let server = start(&Http {
        request_timeout_ms: 10_000,
        ..http()
    });
    let client = reqwest::Client::new();
    let url = format!("{}/api/v1/slow?ms=700", server.base);
    let in_flight = tokio::spawn(async move { client.get(url).send().await.unwrap().status() });
    tokio::time::sleep(Duration::from_millis(200)).await;

    let (address, started) = (server.listening.address(), Instant::now());
    server.stop().await;
    assert_eq!(in_flight.await.unwrap(), 200);
    assert!(
        started.elapsed() >= Duration::from_millis(300),
        "it did wait"
    );
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "but not for long"
    );
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn idle_connections_do_not_keep_a_server_from_stopping() {
    let server = start(&http());
    let client = reqwest::Client::new();
    let url = format!("{}/livez", server.base);
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    let started = Instant::now();
    server.stop().await;
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_request_beyond_the_grace_does_not_keep_a_server_from_stopping() {
    let server = start(&Http {
        request_timeout_ms: 60_000,
        shutdown_grace_s: 1,
        ..http()
    });
    let client = reqwest::Client::new();
    let url = format!("{}/api/v1/slow?ms=50000", server.base);
    let in_flight = tokio::spawn(async move { client.get(url).send().await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    server.stop().await;
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    assert!(in_flight.await.unwrap().is_err());
}
