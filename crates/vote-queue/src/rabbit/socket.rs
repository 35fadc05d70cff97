//! The socket under a connection, kept so that the connection can be ended at once.
//!
//! The client library ends a connection by asking the broker, and it asks nothing on a
//! blocked connection; a frozen broker never answers. Only by shutting the socket is it
//! certain that nothing more leaves, and does the library let its thread go.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::tcp::{AMQPUriTcpExt, AsyncTcpStream, TLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};

/// A second handle on a connection's socket. Dropping it shuts the socket.
#[derive(Default)]
pub(super) struct Socket(Arc<Mutex<Kept>>);

#[derive(Default)]
enum Kept {
    #[default]
    None,
    Open(TcpStream),
    Shut,
}

impl Socket {
    /// Shuts the socket, or whichever comes to be kept here.
    pub(super) fn shut(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Kept::Open(socket) = std::mem::replace(&mut *kept, Kept::Shut) {
            // It may be shut already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.shut();
    }
}

fn keep(place: &Mutex<Kept>, socket: TcpStream) -> io::Result<()> {
    let mut kept = place.lock().unwrap_or_else(PoisonError::into_inner);
    match *kept {
        Kept::Shut => socket.shutdown(Shutdown::Both),
        _ => {
            *kept = Kept::Open(socket);
            Ok(())
        }
    }
}

/// Connects and shakes hands. The caller limits the time; when it gives up it drops `socket`.
pub(super) async fn connect(
    uri: AMQPUri,
    name: &str,
    limit: Duration,
    socket: &Socket,
) -> lapin::Result<Connection> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let place = socket.0.clone();
    Connection::connector(
        uri,
        lapin::runtime::default_runtime()?,
        async move |uri, runtime| {
            let opening = uri.connect_with_config_async(TLSConfig::default(), &runtime);
            let stream = tokio::time::timeout(limit, opening)
                .await
                .map_err(io::Error::from)??;
            if let AsyncTcpStream::Plain(plain) = &stream {
                let tcp: &tokio::net::TcpStream = plain.get_ref();
                tcp.set_nodelay(true)?;
                keep(&place, tcp.as_fd().try_clone_to_owned()?.into())?;
            }
            Ok(stream)
        },
        properties,
    )
    .await
}
