//! A time limit for the heads of requests on a kept connection. The HTTP server has one
//! for a connection's first head, and one for connections that are idle; a client that
//! sends the beginning of a second head, and then nothing, would pass by both.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client that was answered may take for its next head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    /// From the head's first byte.
    pub(crate) arriving: Duration,
    /// From the answer before it: longer than an idle connection is kept, for that is not
    /// closed here. It holds where a head's first bytes came before that answer.
    pub(crate) waiting: Duration,
}

/// What is known of one connection. Clones are of the same.
#[derive(Clone, Debug)]
pub(crate) struct HeadWatch(Rc<Watched>);

#[derive(Debug)]
struct Watched {
    limits: HeadLimits,
    phase: Cell<Phase>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// A request is served, or none came yet: nothing is due here.
    Serving,
    /// The last request was answered; the next one's head is due by then.
    Waiting(Instant),
    /// The head's first bytes are here; the rest is due by then.
    Arriving(Instant),
}

/// A request that is being served; its answer is ready when this is dropped.
pub(crate) struct Serving(HeadWatch);

impl HeadWatch {
    fn new(limits: HeadLimits) -> Self {
        Self(Rc::new(Watched {
            limits,
            phase: Cell::new(Phase::Serving),
        }))
    }

    /// Notes that a head has come whole.
    pub(crate) fn serve(&self) -> Serving {
        self.0.phase.set(Phase::Serving);
        Serving(self.clone())
    }

    /// Notes that bytes have come. Those that come while a request is served may be its
    /// body.
    fn hear(&self) {
        if let Phase::Waiting(due) = self.0.phase.get() {
            let arriving = Instant::now() + self.0.limits.arriving;
            self.0.phase.set(Phase::Arriving(due.min(arriving)));
        }
    }

    fn due(&self) -> Option<Instant> {
        match self.0.phase.get() {
            Phase::Serving => None,
            Phase::Waiting(due) | Phase::Arriving(due) => Some(due),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let HeadWatch(watched) = &self.0;
        let due = Instant::now() + watched.limits.waiting;
        watched.phase.set(Phase::Waiting(due));
    }
}

/// A connection that ends, as if the client had hung up, once a head is overdue.
pub(crate) struct WatchedStream {
    stream: TcpStream,
    watch: HeadWatch,
    alarm: Pin<Box<Sleep>>,
}

impl WatchedStream {
    pub(crate) fn new(stream: TcpStream, limits: HeadLimits) -> Self {
        Self {
            stream,
            watch: HeadWatch::new(limits),
            alarm: Box::pin(sleep_until(Instant::now())),
        }
    }

    pub(crate) fn watch(&self) -> &HeadWatch {
        &self.watch
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.watch.hear();
            return read;
        }
        let Some(due) = self.watch.due() else {
            return Poll::Pending;
        };
        if self.alarm.deadline() != due {
            self.alarm.as_mut().reset(due);
        }
        // Nothing was put into the buffer, which says that nothing more will come.
        self.alarm.as_mut().poll(context).map(Ok)
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
