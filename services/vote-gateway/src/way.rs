//! The way to a ballot box's queue, opened by the first vote that takes it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use vote_messages::vote;
use vote_queue::{BallotBox, Publisher, PublisherSettings, Queue};

/// Opens a publisher when it is first needed: a wallet that is only looked at needs none.
/// Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Way(Arc<Inner>);

struct Inner {
    queue: Queue,
    ballot_box: BallotBox,
    settings: PublisherSettings,
    publisher: OnceLock<Publisher>,
}

impl Way {
    pub(crate) fn new(queue: &Queue, ballot_box: BallotBox, settings: &PublisherSettings) -> Self {
        Self(Arc::new(Inner {
            queue: queue.clone(),
            ballot_box,
            settings: settings.clone(),
            publisher: OnceLock::new(),
        }))
    }

    /// The box it leads to.
    pub(crate) fn ballot_box(&self) -> &BallotBox {
        &self.0.ballot_box
    }

    /// The publisher, opened now if it was not.
    pub(crate) fn publisher(&self) -> &Publisher {
        let Inner {
            queue,
            ballot_box,
            settings,
            publisher,
        } = &*self.0;
        publisher.get_or_init(|| queue.publisher(ballot_box, settings, vote::frame))
    }

    /// Takes no more votes and waits until each that was begun is answered.
    pub(crate) async fn drain(&self) {
        if let Some(publisher) = self.0.publisher.get() {
            publisher.drain().await;
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way({})", self.0.ballot_box)
    }
}
