//! The queue: either of the two adapters, behind one set of methods.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;
use vote_domain::Ids;

use crate::BallotBox;
use crate::consume::{Consumer, ConsumerSettings};
use crate::embedded::{EmbeddedQueue, EmbeddedSettings, OpenError};
use crate::meter::PublishMeter;
use crate::publish::{Frame, PublishError, Publisher, PublisherSettings};
use crate::rabbit::{RabbitQueue, RabbitSettings, SettingsError};

/// The durable queue of votes. Cheap to clone; the connections are shared.
#[derive(Clone, Debug)]
pub enum Queue {
    /// RabbitMQ.
    Rabbit(RabbitQueue),
    /// A file of this process.
    Embedded(EmbeddedQueue),
}

/// Whether votes can be published and consumed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The connection votes are published on.
    pub publish: LinkHealth,
    /// The connection votes are consumed on.
    pub consume: LinkHealth,
}

/// The state of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkHealth {
    /// It works.
    Up,
    /// It stands, but the broker takes nothing on it; the reason is the broker's.
    Blocked(Arc<str>),
    /// There is none; it is being made anew.
    Down(Arc<str>),
}

impl Health {
    /// Whether both work.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.publish == LinkHealth::Up && self.consume == LinkHealth::Up
    }
}

/// What is in a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Messages that wait for a consumer.
    pub n_ready: u32,
    /// Consumers, and those cancelled that still hold messages.
    pub n_consumers: u32,
}

/// Why a box could not be declared, unbound, deleted or looked into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// The queue cannot be reached, or did not answer in time. It may have been done;
    /// all these calls may be repeated.
    #[error("the queue cannot be reached: {0}")]
    Unavailable(Arc<str>),
    /// The box was never declared, or was deleted.
    #[error("no such ballot box")]
    NoSuchBox,
    /// The box exists with other settings; repeating the call will not help.
    #[error("the ballot box exists with other settings: {0}")]
    Mismatch(Arc<str>),
}

impl Queue {
    /// Connects to RabbitMQ, in the background and for ever; returns at once. `ids` gives
    /// message ids, and the jitter of reconnections. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`SettingsError`] for a URL that cannot be used; being unable to connect is no error.
    pub fn rabbit(settings: &RabbitSettings, ids: &Ids) -> Result<Self, SettingsError> {
        RabbitQueue::start(settings, ids).map(Self::Rabbit)
    }

    /// Opens or creates the embedded queue's file. What a former process was delivered
    /// and did not acknowledge is delivered again.
    ///
    /// # Errors
    /// [`OpenError`] if the file cannot be opened: another process has it, or it is no queue.
    pub async fn embedded(settings: EmbeddedSettings) -> Result<Self, OpenError> {
        EmbeddedQueue::open(settings).await.map(Self::Embedded)
    }

    /// Declares and binds `ballot_box`, and [`BallotBox::dead`] behind it. Idempotent.
    ///
    /// Declare it well before it takes votes: a single RabbitMQ (tried on 3.10) that is
    /// killed within five seconds may forget the queue. A cluster remembers.
    ///
    /// # Errors
    /// [`TopologyError::Mismatch`] if it was declared with another delivery limit.
    pub async fn declare(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        match self {
            Self::Rabbit(queue) => queue.declare(ballot_box).await,
            Self::Embedded(queue) => queue.declare(ballot_box).await,
        }
    }

    /// Unbinds `ballot_box`: what is published later is refused as unroutable, what is in
    /// it stays. Idempotent.
    ///
    /// # Errors
    /// See [`TopologyError`].
    pub async fn unbind(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        match self {
            Self::Rabbit(queue) => queue.unbind(ballot_box).await,
            Self::Embedded(queue) => queue.unbind(ballot_box).await,
        }
    }

    /// Deletes `ballot_box` **with everything in it**. Idempotent.
    ///
    /// # Errors
    /// See [`TopologyError`].
    pub async fn delete(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        match self {
            Self::Rabbit(queue) => queue.delete(ballot_box).await,
            Self::Embedded(queue) => queue.delete(ballot_box).await,
        }
    }

    /// What is in `ballot_box`. On RabbitMQ, nothing ready *and* no consumer may also
    /// mean that the queue's leader is away.
    ///
    /// # Errors
    /// See [`TopologyError`].
    pub async fn depth(&self, ballot_box: &BallotBox) -> Result<Depth, TopologyError> {
        match self {
            Self::Rabbit(queue) => queue.depth(ballot_box).await,
            Self::Embedded(queue) => queue.depth(ballot_box).await,
        }
    }

    /// Starts publishing to `ballot_box`; `frame` makes one message of several votes.
    /// One publisher for each box and process: lanes and line are its own.
    #[must_use]
    pub fn publisher(
        &self,
        ballot_box: &BallotBox,
        settings: &PublisherSettings,
        frame: Frame,
    ) -> Publisher {
        match self {
            Self::Rabbit(queue) => queue.publisher(ballot_box, settings, frame),
            Self::Embedded(queue) => queue.publisher(ballot_box, settings, frame),
        }
    }

    /// Puts `message`, which was in `ballot_box` before, there again, and waits until it is
    /// known to be durable, `deadline` at the longest. Unlike a publisher's, it reaches a box
    /// that is unbound: for what must still be settled though nothing more is cast.
    ///
    /// # Errors
    /// As of [`Slot::publish`](crate::Slot::publish); it is [`Refusal::Unroutable`] only if
    /// there is no such box. Safe to repeat.
    ///
    /// [`Refusal::Unroutable`]: crate::Refusal::Unroutable
    pub async fn put_back(
        &self,
        ballot_box: &BallotBox,
        message: Bytes,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        let (meter, sent_at) = (PublishMeter::of(ballot_box), Instant::now());
        let fate = match self {
            Self::Rabbit(queue) => queue.put_back(ballot_box, message, deadline).await,
            Self::Embedded(queue) => queue.put_back(ballot_box, message).await,
        };
        let outcome = fate.outcome();
        match &outcome {
            Ok(()) => meter.published(1, sent_at.elapsed()),
            Err(error) => meter.failed(error),
        }
        outcome
    }

    /// Starts consuming `ballot_box`, which may be declared later.
    #[must_use]
    pub fn consumer(&self, ballot_box: &BallotBox, settings: &ConsumerSettings) -> Consumer {
        match self {
            Self::Rabbit(queue) => queue.consumer(ballot_box, settings),
            Self::Embedded(queue) => queue.consumer(ballot_box, settings),
        }
    }

    /// Whether votes can be published and consumed now.
    #[must_use]
    pub fn health(&self) -> Health {
        match self {
            Self::Rabbit(queue) => queue.health(),
            Self::Embedded(queue) => queue.health(),
        }
    }

    /// Waits until votes can be published and consumed.
    pub async fn until_up(&self) {
        match self {
            Self::Rabbit(queue) => queue.until_up().await,
            Self::Embedded(queue) => queue.until_up().await,
        }
    }

    /// Closes the connections, or the file, for all clones. Drain publishers and stop
    /// consumers first; what they still hold is delivered again.
    pub async fn close(self) {
        match self {
            Self::Rabbit(queue) => queue.close().await,
            Self::Embedded(queue) => queue.close().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::Slot;

    fn sendable<T: Send>(_: T) {}

    #[expect(dead_code, reason = "it is enough that it compiles")]
    fn every_call_may_be_made_on_a_spawned_task(
        queue: &Queue,
        consumer: &mut Consumer,
        publisher: &Publisher,
        slot: Slot,
    ) {
        let reviews = BallotBox::reviews();
        sendable(queue.declare(&reviews));
        sendable(queue.unbind(&reviews));
        sendable(queue.delete(&reviews));
        sendable(queue.depth(&reviews));
        sendable(queue.put_back(&reviews, Bytes::new(), Instant::now()));
        sendable(queue.until_up());
        sendable(queue.clone().close());
        sendable(consumer.recv());
        sendable(consumer.ack(&[]));
        sendable(consumer.depth());
        sendable(consumer.stop());
        sendable(publisher.drain());
        sendable(slot.publish(Bytes::new(), Instant::now(), None));
    }
}
