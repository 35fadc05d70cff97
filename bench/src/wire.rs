//! One connection to a server, kept alive: requests go out one after the other.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request, ready to be sent.
pub(crate) type Call = Request<Full<Bytes>>;

/// An answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// The `ETag`, if there was one.
    pub(crate) etag: Option<String>,
    pub(crate) body: Bytes,
}

/// A connection to `host:port`.
pub(crate) struct Wire {
    address: String,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Wire {
    /// A wire to `address` (`host:port`), connected when it is first used.
    pub(crate) fn to(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            sender: None,
        }
    }

    /// Sends `call` and reads the answer.
    ///
    /// # Errors
    /// When there is no connection, or it ends; the next call makes a new one.
    pub(crate) async fn ask(&mut self, call: Call) -> Result<Reply> {
        match self.try_ask(call).await {
            Ok(reply) => Ok(reply),
            Err(error) => {
                self.sender = None;
                Err(error)
            }
        }
    }

    async fn try_ask(&mut self, call: Call) -> Result<Reply> {
        let sender = match &mut self.sender {
            Some(sender) => sender,
            none => none.insert(connect(&self.address).await?),
        };
        sender.ready().await.context("the connection ended")?;
        let answer = sender.send_request(call).await.context("no answer")?;
        let status = answer.status();
        let etag = answer.headers().get("etag");
        let etag = etag.and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let body = answer
            .into_body()
            .collect()
            .await
            .context("half an answer")?;
        Ok(Reply {
            status,
            etag,
            body: body.to_bytes(),
        })
    }
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// `host:port` of `http://host:port`.
///
/// # Errors
/// When `url` is something else.
pub(crate) fn address_of(url: &str) -> Result<String> {
    match url.strip_prefix("http://") {
        Some(address) if !address.contains('/') => Ok(address.to_owned()),
        _ => bail!("{url} is not http://host:port"),
    }
}
