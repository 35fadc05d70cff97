//! A TCP proxy that can be told to misbehave: between a service and a server, so that
//! one link breaks and everything else goes on.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::port::Port;

/// Bytes taken from a connection at once.
const CHUNK: usize = 64 * 1024;

/// Longest the proxy waits for the server to take a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How MySQL's protocol writes a commit: the command for a query, then its text.
const COMMIT: &[u8] = b"\x03COMMIT";

/// How a link behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It passes everything on.
    Whole,
    /// Open connections end at once, and new ones end as soon as they are made.
    Cut,
    /// Nothing arrives, in either direction; connections stay open. What was sent
    /// meanwhile arrives once the link is whole again, as over a network that lost and
    /// repeats packets.
    BlackHole,
    /// Every chunk, in either direction, arrives this much later.
    Slow(Duration),
    /// A connection ends once the server was sent a `COMMIT`, and before its answer
    /// arrives: whether it was carried out, the client cannot know.
    CutAfterCommit,
    /// A connection ends instead of sending a `COMMIT` to the server.
    CutBeforeCommit,
}

/// A proxy on a loopback port of its own; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    link: watch::Sender<Link>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to the server on loopback port `server`, whole at first.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(server: u16) -> Result<Self> {
        let port = Port::take()?;
        let address = (Ipv4Addr::LOCALHOST, port.number());
        let listener = TcpListener::bind(address)
            .await
            .context("the proxy cannot listen")?;
        let (link, state) = watch::channel(Link::Whole);
        let accepting = tokio::spawn(accept(listener, server, state));
        Ok(Self {
            port,
            link,
            accepting,
        })
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Lets the link behave as `link` from now on.
    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.link.send_replace(Link::Cut);
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: u16, link: watch::Receiver<Link>) {
    while let Ok((client, _)) = listener.accept().await {
        if *link.borrow() != Link::Cut {
            tokio::spawn(connect(client, server, link.clone()));
        }
    }
}

/// Connects `client` with the server, until either hangs up or the link is cut.
async fn connect(client: TcpStream, server: u16, link: watch::Receiver<Link>) {
    let connecting = TcpStream::connect((Ipv4Addr::LOCALHOST, server));
    let Ok(Ok(server)) = tokio::time::timeout(CONNECT_LIMIT, connecting).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cut = link.clone();
    tokio::select! {
        () = pump(from_client, to_server, link.clone(), End::Client) => {}
        () = pump(from_server, to_client, link, End::Server) => {}
        _ = cut.wait_for(|link| *link == Link::Cut) => {}
    }
}

/// Where bytes come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Client,
    Server,
}

/// Passes bytes on as the link allows, until it ends.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut link: watch::Receiver<Link>,
    end: End,
) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let Ok(n @ 1..) = from.read(&mut chunk).await else {
            return;
        };
        let bytes = &chunk[..n];
        let is_commit = end == End::Client && bytes.windows(COMMIT.len()).any(|w| w == COMMIT);
        let now = *link.borrow();
        match now {
            Link::Whole => {}
            Link::Cut => return,
            Link::BlackHole => {
                let healed = link.wait_for(|link| *link != Link::BlackHole).await;
                if healed.is_err() {
                    return;
                }
            }
            Link::Slow(delay) => tokio::time::sleep(delay).await,
            Link::CutBeforeCommit if is_commit => return,
            Link::CutAfterCommit if is_commit => {
                let _ = to.write_all(bytes).await;
                return;
            }
            Link::CutBeforeCommit | Link::CutAfterCommit => {}
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;

    /// A server that answers with what it is sent.
    async fn echo() -> Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        Ok(port)
    }

    async fn client_of(proxy: &Proxy) -> Result<TcpStream> {
        Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await?)
    }

    /// Sends `text` and reads as much back; `None` if the connection ended.
    async fn ask(stream: &mut TcpStream, text: &[u8]) -> Option<Vec<u8>> {
        stream.write_all(text).await.ok()?;
        let mut answer = vec![0; text.len()];
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer)
    }

    const SOON: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_cut_link_ends_what_is_open_and_refuses_what_is_new() -> Result<()> {
        let proxy = Proxy::to(echo().await?).await?;
        let mut stream = client_of(&proxy).await?;
        assert_eq!(
            ask(&mut stream, b"vote").await.as_deref(),
            Some(&b"vote"[..])
        );
        proxy.set(Link::Cut);
        assert_eq!(timeout(SOON, stream.read(&mut [0; 8])).await??, 0);
        let mut stream = client_of(&proxy).await?;
        assert_eq!(timeout(SOON, ask(&mut stream, b"vote")).await?, None);
        proxy.set(Link::Whole);
        let mut stream = client_of(&proxy).await?;
        assert!(ask(&mut stream, b"vote").await.is_some());
        Ok(())
    }

    #[tokio::test]
    async fn a_black_hole_keeps_what_it_is_sent_until_it_heals() -> Result<()> {
        let proxy = Proxy::to(echo().await?).await?;
        let mut stream = client_of(&proxy).await?;
        assert!(ask(&mut stream, b"vote").await.is_some());
        proxy.set(Link::BlackHole);
        assert!(timeout(SOON, ask(&mut stream, b"vote")).await.is_err());
        proxy.set(Link::Whole);
        let mut answer = [0; 4];
        timeout(SOON, stream.read_exact(&mut answer)).await??;
        assert_eq!(&answer, b"vote");
        Ok(())
    }

    #[tokio::test]
    async fn a_slow_link_delays_both_ways() -> Result<()> {
        let proxy = Proxy::to(echo().await?).await?;
        proxy.set(Link::Slow(Duration::from_millis(50)));
        let mut stream = client_of(&proxy).await?;
        let asked_at = Instant::now();
        assert!(ask(&mut stream, b"vote").await.is_some());
        assert!(asked_at.elapsed() >= Duration::from_millis(100));
        Ok(())
    }

    #[tokio::test]
    async fn a_commit_arrives_and_its_answer_does_not() -> Result<()> {
        let proxy = Proxy::to(echo().await?).await?;
        proxy.set(Link::CutAfterCommit);
        let mut stream = client_of(&proxy).await?;
        assert!(ask(&mut stream, b"\x03SELECT").await.is_some());
        assert_eq!(ask(&mut stream, b"\x03COMMIT").await, None);
        Ok(())
    }
}
