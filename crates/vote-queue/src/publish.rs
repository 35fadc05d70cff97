//! Publishing votes: reserve a place, admit the vote, hand it over, learn its fate.
//!
//! Votes handed over at the same moment travel together (group commit, no timer): while
//! the *lanes* await their confirms, the next votes gather in the *line*, and a free lane
//! takes all that waits. A lane has at most one publish under way. On RabbitMQ it has its
//! own channel too: a `basic.return` names no delivery tag, so with two publishes under
//! way on one channel it could be taken for the other's, and a lost vote for a kept one.

mod lane;
mod line;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::BallotBox;
use crate::meter::{PublishMeter, Waiting};

pub(crate) use lane::{Fate, Outlet, Parcel};
use line::{Line, Vote};

/// Frames the bodies of some votes into the body of one message.
pub type Frame = fn(&[Bytes]) -> Bytes;

/// How votes gather and leave.
#[derive(Clone, Debug)]
pub struct PublisherSettings {
    /// Publishes under way at once for the box; 2 by default.
    pub lanes: usize,
    /// Most votes in one message; 256 by default.
    pub votes_max: usize,
    /// Most bytes of votes in one message, unless a single vote is larger; 65,536 by default.
    pub bytes_max: usize,
    /// Most votes that wait, places reserved for votes still being admitted included;
    /// 10,000 by default.
    pub waiting_max: usize,
}

impl Default for PublisherSettings {
    fn default() -> Self {
        Self {
            lanes: 2,
            votes_max: 256,
            bytes_max: 64 * 1024,
            waiting_max: 10_000,
        }
    }
}

/// The line is full, or the publisher is being drained: try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many votes wait to be enqueued")]
pub struct Overloaded;

/// Why a vote is not known to be in the queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It is certainly not in the queue; publishing it again cannot double it.
    #[error("the vote was refused: {0}")]
    Refused(Refusal),
    /// It may be in the queue; whoever publishes it again must keep its id.
    #[error("it is not known whether the vote was enqueued: {0}")]
    Unknown(Doubt),
}

/// Why a vote is certainly not in the queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No queue is bound for the box: it was never declared, or it was unbound.
    #[error("the ballot box takes no votes")]
    Unroutable,
    /// The broker answered that it did not store the message.
    #[error("the broker did not take the message")]
    Nacked,
    /// The time limit passed while the vote waited.
    #[error("the time limit passed before the vote was sent")]
    DeadlinePassed,
    /// The broker takes no messages now (memory or disk alarm).
    #[error("the broker is blocked: {0}")]
    Blocked(Arc<str>),
    /// There is no working connection, or the queue's file cannot be written.
    #[error("the queue cannot be reached: {0}")]
    Unreachable(Arc<str>),
    /// The publisher was stopped.
    #[error("the publisher is stopped")]
    Stopped,
}

/// Why a vote may or may not be in the queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The confirm did not come in time.
    #[error("the confirm did not come in time")]
    TimedOut,
    /// The connection or channel ended between sending and confirm.
    #[error("the connection was lost: {0}")]
    Lost(Arc<str>),
    /// The queue's file failed while the vote was written to it.
    #[error("the queue's file failed: {0}")]
    Storage(Arc<str>),
}

impl Refusal {
    /// A word for metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Unroutable => "unroutable",
            Self::Nacked => "nacked",
            Self::DeadlinePassed => "deadline",
            Self::Blocked(_) => "blocked",
            Self::Unreachable(_) => "unreachable",
            Self::Stopped => "stopped",
        }
    }
}

impl Doubt {
    /// A word for metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Lost(_) => "lost",
            Self::Storage(_) => "storage",
        }
    }
}

/// Publishes the votes of one ballot box. Cheap to clone; clones share the line.
#[derive(Clone)]
pub struct Publisher(Arc<Inner>);

struct Inner {
    ballot_box: BallotBox,
    line: Arc<Line>,
    places: Arc<Semaphore>,
    /// One token for each place reserved and each vote not yet answered.
    votes: TaskTracker,
    lanes: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
    meter: PublishMeter,
}

impl Publisher {
    pub(crate) fn start(
        ballot_box: &BallotBox,
        settings: &PublisherSettings,
        frame: Frame,
        outlet: impl Fn() -> Outlet,
    ) -> Self {
        let meter = PublishMeter::of(ballot_box);
        let line = Arc::new(Line::new(settings.votes_max.max(1), settings.bytes_max));
        let (lanes, stop) = (TaskTracker::new(), CancellationToken::new());
        for _ in 0..settings.lanes.max(1) {
            let outlet = outlet();
            // Votes may come before the lane's task has begun.
            let hope = outlet.is_reachable().then(|| line.open());
            lanes.spawn(lane::run(
                outlet,
                hope,
                frame,
                line.clone(),
                stop.clone(),
                meter.clone(),
            ));
        }
        lanes.close();
        Self(Arc::new(Inner {
            ballot_box: ballot_box.clone(),
            line,
            places: Arc::new(Semaphore::new(
                settings.waiting_max.min(Semaphore::MAX_PERMITS),
            )),
            votes: TaskTracker::new(),
            lanes,
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
            meter,
        }))
    }

    /// The box this publishes to.
    #[must_use]
    pub fn ballot_box(&self) -> &BallotBox {
        &self.0.ballot_box
    }

    /// Takes a place in the waiting line. Do this *before* the vote is admitted, so that
    /// overload is answered before anything was spent.
    ///
    /// # Errors
    /// [`Overloaded`], at once, when the line is full or [`Publisher::drain`] has begun.
    pub fn reserve(&self) -> Result<Slot, Overloaded> {
        if self.0.votes.is_closed() {
            return Err(Overloaded);
        }
        let token = self.0.votes.token();
        let place = (self.0.places.clone())
            .try_acquire_owned()
            .map_err(|_| Overloaded)?;
        let place = Place {
            _permit: place,
            _waiting: self.0.meter.waiting(),
        };
        Ok(Slot {
            inner: self.0.clone(),
            token,
            place,
        })
    }

    /// Whether a vote handed over now would be sent, and if not, why.
    ///
    /// # Errors
    /// The refusal that [`Slot::publish`] would answer with at once.
    pub fn ready(&self) -> Result<(), Refusal> {
        self.0.line.ready()
    }

    /// Takes no more votes, waits until every place is given back and every vote
    /// answered, and stops the lanes. May be called again.
    pub async fn drain(&self) {
        self.0.votes.close();
        self.0.votes.wait().await;
        self.0.stop.cancel();
        self.0.lanes.wait().await;
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publisher({})", self.0.ballot_box)
    }
}

/// Room for one vote, given back when dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    _waiting: Waiting,
}

/// A place in the waiting line. Dropping it gives the place back.
#[must_use = "dropping the slot gives the place back"]
pub struct Slot {
    inner: Arc<Inner>,
    token: TaskTrackerToken,
    place: Place,
}

impl Slot {
    /// Publishes `vote` and waits until it is known to be durable, `deadline` at the
    /// longest. `trace_parent` (W3C) of the first vote of a message travels in its headers.
    ///
    /// `Ok` means: stored durably. Giving up this future does not take the vote back; it
    /// is sent all the same, and nobody learns its fate.
    ///
    /// # Errors
    /// [`PublishError::Refused`]: certainly not in the queue. [`PublishError::Unknown`]:
    /// perhaps; publishing it again with the same id is safe.
    pub async fn publish(
        self,
        vote: Bytes,
        deadline: Instant,
        trace_parent: Option<String>,
    ) -> Result<(), PublishError> {
        let Self {
            inner,
            token,
            place,
        } = self;
        let (vote, mut fate) = Vote::new(vote, deadline, trace_parent, token, place);
        let outcome = match inner.line.join(vote) {
            Err(refusal) => Err(PublishError::Refused(refusal)),
            Ok(()) => {
                tokio::select! {
                    biased;
                    // A process that stood still may find a confirm by which nobody must go
                    // any more: whoever closes a box relies on it.
                    answer = fate.answer() => match answer {
                        Ok(()) if Instant::now() >= deadline => {
                            Err(PublishError::Unknown(Doubt::TimedOut))
                        }
                        answer => answer,
                    },
                    () = tokio::time::sleep_until(deadline) => Err(fate.give_up()),
                }
            }
        };
        if let Err(error) = &outcome {
            inner.meter.failed(error);
        }
        outcome
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({})", self.inner.ballot_box)
    }
}

/// How long a publish may take before its fate is called unknown; 5 s by default.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);
