//! What is asked of the thread that owns the file, and what it answers.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, oneshot};

use super::model::ConsumerModel;
use crate::BallotBox;
use crate::consume::{Delivery, Order};
use crate::publish::{Doubt, Fate, Parcel};
use crate::queue::{Depth, TopologyError};

pub(super) type Answer<T> = oneshot::Sender<Result<T, TopologyError>>;

/// What is asked of the thread.
pub(super) enum Command {
    Append(BallotBox, Parcel, oneshot::Sender<Fate>),
    /// As [`Self::Append`], to a box that need not be bound.
    PutBack(BallotBox, Parcel, oneshot::Sender<Fate>),
    Declare(BallotBox, Answer<()>),
    Unbind(BallotBox, Answer<()>),
    Delete(BallotBox, Answer<()>),
    Depth(BallotBox, Answer<Depth>),
    Attach(Attach, oneshot::Sender<u64>),
    /// What the consumer of this number orders.
    Order(u64, Order),
    Close(oneshot::Sender<()>),
}

/// A new consumer.
pub(super) struct Attach {
    pub(super) ballot_box: BallotBox,
    pub(super) prefetch: u16,
    pub(super) deliveries: mpsc::UnboundedSender<Delivery>,
    pub(super) epoch: Arc<AtomicU64>,
}

/// What is answered once the transaction is durable, or once it failed.
pub(super) enum Reply {
    Fate(oneshot::Sender<Fate>, Fate),
    Topology(Answer<()>, Result<(), TopologyError>),
    Depth(Answer<Depth>, Result<Depth, TopologyError>),
    Attached(oneshot::Sender<u64>, u64),
    Done(oneshot::Sender<()>),
}

impl Reply {
    /// Whoever asked may be gone; then nobody waits for the answer.
    pub(super) fn send(self) {
        match self {
            Self::Fate(asker, fate) => drop(asker.send(fate)),
            Self::Topology(asker, outcome) => drop(asker.send(outcome)),
            Self::Depth(asker, outcome) => drop(asker.send(outcome)),
            Self::Attached(asker, id) => drop(asker.send(id)),
            Self::Done(asker) => drop(asker.send(())),
        }
    }

    /// The transaction failed: what would have been done may or may not be.
    pub(super) fn fail(self, reason: &Arc<str>) {
        let unavailable = || TopologyError::Unavailable(reason.clone());
        match self {
            Self::Fate(asker, Fate::Stored) => {
                Self::Fate(asker, Fate::Unknown(Doubt::Storage(reason.clone())))
            }
            Self::Topology(asker, Ok(())) => Self::Topology(asker, Err(unavailable())),
            Self::Depth(asker, Ok(_)) => Self::Depth(asker, Err(unavailable())),
            other => other,
        }
        .send();
    }
}

impl From<Attach> for ConsumerModel {
    fn from(attach: Attach) -> Self {
        Self::new(
            attach.ballot_box,
            attach.prefetch,
            attach.deliveries,
            attach.epoch,
        )
    }
}
