//! Time limits of a connection that the HTTP server has none for.
//!
//! For the heads of later requests: it has one for a connection's first head, and one for
//! connections that are idle; a client that sends the beginning of a second head, and then
//! nothing, would pass by both. And for answers: a client that does not read what it asked for
//! would keep both connection and answer.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What must leave of an answer within [`Limits::leaving`], in bytes, unless all of it does: less
/// than the kernel takes at once, so that it only tells trickles from reading.
const LEAVING_MIN_BYTES: usize = 16 * 1_024;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From the head's first byte.
    pub(crate) arriving: Duration,
    /// From the answer before it: longer than an idle connection is kept, for that is not
    /// closed here. It holds where a head's first bytes came before that answer.
    pub(crate) waiting: Duration,
    /// Until the kernel takes the next part of an answer.
    pub(crate) leaving: Duration,
}

/// What is known of one connection. Clones are of the same.
#[derive(Clone, Debug)]
pub(crate) struct HeadWatch(Rc<Watched>);

#[derive(Debug)]
struct Watched {
    limits: Limits,
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
    fn new(limits: Limits) -> Self {
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

/// A connection that ends, as if the client had hung up, once a head is overdue, or an answer
/// that does not leave.
pub(crate) struct WatchedStream {
    stream: TcpStream,
    watch: HeadWatch,
    alarm: Pin<Box<Sleep>>,
    /// While a part of an answer waits for the client to read.
    leaving: Option<Leaving>,
}

/// An answer on its way.
struct Leaving {
    /// Rings at the end of the time that the next part has.
    alarm: Pin<Box<Sleep>>,
    /// What has left in that time.
    n_bytes: usize,
}

impl WatchedStream {
    pub(crate) fn new(stream: TcpStream, limits: Limits) -> Self {
        Self {
            stream,
            watch: HeadWatch::new(limits),
            alarm: Box::pin(sleep_until(Instant::now())),
            leaving: None,
        }
    }

    /// Waits for the client to read on; fails once it has read too little for too long.
    fn poll_leaving(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let limit = self.watch.0.limits.leaving;
        let leaving = self.leaving.get_or_insert_with(|| Leaving {
            alarm: Box::pin(sleep_until(Instant::now() + limit)),
            n_bytes: 0,
        });
        while leaving.alarm.as_mut().poll(context).is_ready() {
            if leaving.n_bytes < LEAVING_MIN_BYTES {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            leaving.n_bytes = 0;
            leaving.alarm.as_mut().reset(Instant::now() + limit);
        }
        Poll::Pending
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
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.poll_leaving(context),
            written => {
                if let (Poll::Ready(Ok(n)), Some(leaving)) = (&written, &mut self.leaving) {
                    leaving.n_bytes += n;
                }
                written
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Everything has been written.
        self.leaving = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
