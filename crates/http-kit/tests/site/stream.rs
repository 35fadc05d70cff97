//! Heads that come slowly, on connections that are kept, and answers that are read slowly.

use std::time::{Duration, Instant};

use bootstrap::settings::Http;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::server::{Server, start};
use crate::{LARGE_BYTES, http};

/// A request that keeps its connection.
const GET: &[u8] = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

fn impatient() -> Server {
    start(&Http {
        header_timeout_ms: 300,
        request_timeout_ms: 5_000,
        ..http()
    })
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// Reads one answer, whose body ends with a brace; gives its first line.
async fn answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"}") {
        let byte = timeout(PATIENCE, stream.read_u8()).await.unwrap();
        read.push(byte.unwrap());
    }
    let text = String::from_utf8(read).unwrap();
    text.lines().next().unwrap().to_owned()
}

async fn ask(stream: &mut TcpStream) {
    stream.write_all(GET).await.unwrap();
    assert_eq!(answer(stream).await, "HTTP/1.1 200 OK");
}

/// How long the server keeps the connection; what it sends until then is dropped.
async fn closed_after(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    // A reset ends it as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .unwrap();
    began.elapsed()
}

#[tokio::test]
async fn a_later_head_that_does_not_come_is_given_up() {
    let server = impatient();
    let mut stream = connect(&server).await;
    for _ in 0..3 {
        ask(&mut stream).await;
    }
    stream.write_all(b"G").await.unwrap();
    let took = closed_after(&mut stream).await;
    assert!(took >= Duration::from_millis(250), "{took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_later_head_that_comes_byte_by_byte_is_given_up_just_so() {
    let server = impatient();
    let mut stream = connect(&server).await;
    ask(&mut stream).await;
    let (mut reading, mut writing) = stream.into_split();
    let trickling = tokio::spawn(async move {
        while writing.write_all(b"X").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let mut rest = Vec::new();
    let closed = timeout(Duration::from_secs(3), reading.read_to_end(&mut rest)).await;
    trickling.abort();
    assert!(closed.is_ok(), "it is still open");
    server.stop().await;
}

#[tokio::test]
async fn the_beginning_of_a_head_that_came_with_a_request_is_given_up_as_an_idle_connection_is() {
    let server = start(&Http {
        header_timeout_ms: 300,
        keep_alive_s: 1,
        ..http()
    });
    for request in [GET, b"GET /api/v1/slow?ms=50 HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = connect(&server).await;
        stream
            .write_all(&[request, b"GET /l"].concat())
            .await
            .unwrap();
        let took = closed_after(&mut stream).await;
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_kept_connection_may_be_idle_for_longer_than_a_head_may_take() {
    let server = impatient();
    let mut stream = connect(&server).await;
    for _ in 0..3 {
        ask(&mut stream).await;
        sleep(Duration::from_millis(500)).await;
    }
    // A head in two parts is one that comes in time, and sets no clock for the next.
    stream.write_all(&GET[..5]).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    stream.write_all(&GET[5..]).await.unwrap();
    assert_eq!(answer(&mut stream).await, "HTTP/1.1 200 OK");
    sleep(Duration::from_millis(500)).await;
    ask(&mut stream).await;
    server.stop().await;
}

#[tokio::test]
async fn a_request_may_take_longer_than_its_head_whatever_follows_it() {
    let server = impatient();
    let mut stream = connect(&server).await;
    ask(&mut stream).await;
    let slow = b"GET /api/v1/slow?ms=600 HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(slow).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    // The next two come while the first is served.
    stream.write_all(&[GET, GET].concat()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(answer(&mut stream).await, "HTTP/1.1 200 OK");
    }
    let body = br#"{"name": "a", "stars": 1}"#;
    let head = format!(
        "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(600)).await;
    stream.write_all(body).await.unwrap();
    assert_eq!(answer(&mut stream).await, "HTTP/1.1 201 Created");
    server.stop().await;
}

/// Asks for the large answer, `limit_ms` being what the next part of it may take.
async fn ask_for_large(limit_ms: u64) -> (Server, TcpStream) {
    let server = start(&Http {
        answer_timeout_ms: limit_ms,
        ..http()
    });
    let mut stream = connect(&server).await;
    let request = b"GET /api/v1/large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    (server, stream)
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_given_up() {
    let (server, mut stream) = ask_for_large(300).await;
    sleep(Duration::from_millis(1_500)).await;
    let mut read = Vec::new();
    // What the kernel had already taken, and then a reset or the end.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut read))
        .await
        .unwrap();
    assert!(read.len() < LARGE_BYTES, "{} bytes came", read.len());
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_comes_whole() {
    let (server, mut stream) = ask_for_large(1_500).await;
    let (mut n_bytes, began) = (0, Instant::now());
    let mut part = vec![0; 512 * 1_024];
    loop {
        let n = timeout(PATIENCE, stream.read(&mut part))
            .await
            .unwrap()
            .unwrap();
        if n == 0 {
            break;
        }
        n_bytes += n;
        sleep(Duration::from_millis(40)).await;
    }
    assert!(n_bytes > LARGE_BYTES, "{n_bytes} bytes came");
    assert!(
        began.elapsed() > Duration::from_millis(1_500),
        "too quick to tell"
    );
    server.stop().await;
}
