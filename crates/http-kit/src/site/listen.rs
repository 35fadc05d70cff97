//! From the first bind to the last answer.

use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::Error;
use actix_web::dev::{AppConfig, Server, ServiceFactory};
use bootstrap::settings::Http;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Site;
use crate::stream::{Limits, WatchedStream};

/// How often measurements are folded while nobody reads them.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// How long a client that was refused may go on sending before the connection closes,
/// so that it comes to read the answer.
const LINGER: Duration = Duration::from_secs(3);

/// How many connections may wait to be accepted; beyond that, clients try again.
const BACKLOG: u32 = 1_024;

/// Why a service is not on the network.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, not ours, or does not resolve.
    #[error("cannot listen on {host}:{port}: {source}")]
    Bind {
        /// `http.host`.
        host: String,
        /// `http.port`.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The server broke while it ran.
    #[error("the HTTP server failed: {0}")]
    Run(#[from] io::Error),
    /// The server panicked.
    #[error("the HTTP server ended unexpectedly: {0}")]
    Ended(#[from] tokio::task::JoinError),
}

impl Site {
    /// Listens until `shutdown` is cancelled; then turns `/readyz` to 503, accepts
    /// nothing more, and gives requests in flight `http.shutdown_grace_s` to end.
    /// Returns once the port is open, which is the moment to print it.
    ///
    /// # Errors
    /// [`ServeError::Bind`] names the address that could not be had.
    pub fn listen(self, shutdown: CancellationToken) -> Result<Listening, ServeError> {
        let (meter, readiness) = (self.meter.clone(), self.readiness.clone());
        let (http, stop) = (self.http.clone(), shutdown.clone());
        let n_threads = match http.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n_threads => n_threads,
        };
        let mut server = Server::build()
            .workers(n_threads)
            .max_concurrent_connections(http.connections_max.div_ceil(n_threads))
            .shutdown_timeout(http.shutdown_grace_s)
            .shutdown_signal(async move {
                stop.cancelled().await;
                readiness.drain();
            });
        let bind_error = |source| ServeError::Bind {
            host: http.host.clone(),
            port: http.port,
            source,
        };
        let mut addresses = Vec::new();
        for port in open_ports(&http).map_err(bind_error)? {
            addresses.push(port.local_addr().map_err(bind_error)?);
            let site = self.clone();
            let draining = server.graceful_shutdown_signal();
            let connections = move || {
                let draining = draining.clone();
                site.connections(move || {
                    let draining = draining.clone();
                    async move { draining.notified().await }
                })
            };
            server = server
                .listen("http", port, connections)
                .map_err(bind_error)?;
        }
        let task = tokio::spawn(server.run());
        tokio::spawn(async move {
            while shutdown
                .run_until_cancelled(tokio::time::sleep(TIDY_EVERY))
                .await
                .is_some()
            {
                meter.tidy();
            }
        });
        Ok(Listening { addresses, task })
    }

    /// What serves the connections of one thread; `draining` is when to answer what was
    /// asked and close them. This is what `HttpServer` does, but for the streams: it gives
    /// no place to watch them at.
    fn connections<D, F>(
        &self,
        draining: D,
    ) -> impl ServiceFactory<
        TcpStream,
        Config = (),
        Response = (),
        Error = DispatchError,
        InitError = (),
    > + use<D, F>
    where
        D: Fn() -> F + 'static,
        F: Future<Output = ()> + 'static,
    {
        let keep_alive = Duration::from_secs(self.http.keep_alive_s);
        let head_timeout = Duration::from_millis(self.http.header_timeout_ms);
        let limits = Limits {
            arriving: head_timeout,
            waiting: keep_alive + head_timeout,
            leaving: Duration::from_millis(self.http.answer_timeout_ms),
        };
        let app = self.app().into_factory();
        let app = app.map_err(|error: Error| error.error_response());
        let http = HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(head_timeout)
            .client_disconnect_timeout(LINGER)
            .graceful_shutdown_signal(draining)
            .on_connect_ext(|stream: &WatchedStream, data| {
                data.insert(stream.watch().clone());
            })
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            ready(Ok((WatchedStream::new(stream, limits), peer)))
        })
        .and_then(http)
    }
}

/// Opens the port at every address that the host's name stands for; those that cannot be
/// had are left out while there is one.
fn open_ports(http: &Http) -> io::Result<Vec<TcpListener>> {
    let mut ports = Vec::new();
    let mut failed = io::Error::other("the name stands for no address");
    for address in (http.host.as_str(), http.port).to_socket_addrs()? {
        match open_port(address) {
            Ok(port) => ports.push(port),
            Err(error) => failed = error,
        }
    }
    if ports.is_empty() {
        return Err(failed);
    }
    Ok(ports)
}

fn open_port(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A service that starts again finds the connections of its former self still closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// A server that answers.
pub struct Listening {
    addresses: Vec<SocketAddr>,
    task: JoinHandle<io::Result<()>>,
}

impl Listening {
    /// Where it answers; with `http.port` 0, this says which port it got.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Waits until it has stopped and the requests in flight have ended.
    ///
    /// # Errors
    /// [`ServeError::Run`] or [`ServeError::Ended`] when it ended otherwise.
    pub async fn stopped(self) -> Result<(), ServeError> {
        Ok(self.task.await??)
    }
}
