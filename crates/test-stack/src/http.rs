//! Just enough HTTP to ask whether a service is ready and to make a vhost.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result};

/// Longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 1024 * 1024;

/// One request; HTTP/1.0, so that the answer is neither chunked nor kept alive.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
    /// The value of `Authorization`.
    pub(crate) authorization: Option<String>,
    /// A JSON body.
    pub(crate) body: Option<&'a str>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends `request` and waits for the answer, blocking this thread.
///
/// # Errors
/// When the server cannot be reached or is silent for longer than `limit`.
pub(crate) fn send(request: &Request<'_>, limit: Duration) -> Result<Answer> {
    let Request {
        method,
        host,
        port,
        path,
        ..
    } = request;
    let mut stream = connect(host, *port, limit)?;
    let body = request.body.unwrap_or_default();
    let mut head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n",
        body.len()
    );
    if let Some(authorization) = &request.authorization {
        head.push_str("Authorization: ");
        head.push_str(authorization);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.push_str(body);
    stream
        .write_all(head.as_bytes())
        .context("cannot send the request")?;

    let mut bytes = Vec::new();
    stream
        .take(ANSWER_MAX)
        .read_to_end(&mut bytes)
        .context("no answer")?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .context("the answer has no end of its head")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .with_context(|| format!("not an HTTP answer: {head}"))?;
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}

/// Opens a connection on which reads and writes end within `limit`.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream> {
    let address = (host, port)
        .to_socket_addrs()
        .with_context(|| format!("cannot resolve {host}"))?
        .next()
        .with_context(|| format!("{host} has no address"))?;
    let stream = TcpStream::connect_timeout(&address, limit)
        .with_context(|| format!("cannot connect to {address}"))?;
    stream
        .set_read_timeout(Some(limit))
        .context("cannot set a time limit")?;
    stream
        .set_write_timeout(Some(limit))
        .context("cannot set a time limit")?;
    Ok(stream)
}
