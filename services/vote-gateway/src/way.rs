//! The way to a ballot box's queue, opened by the first vote that takes it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use vote_messages::vote;
use vote_queue::{BallotBox, Overloaded, Publisher, PublisherSettings, Queue, Refusal, Slot};

/// Opens a publisher when it is first needed: a wallet that is only looked at needs none.
/// Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Way(Arc<Inner>);

struct Inner {
    ballot_box: BallotBox,
    /// `None` where the box is gone.
    leads: Option<Leads>,
}

/// What a way leads by.
struct Leads {
    queue: Queue,
    settings: PublisherSettings,
    publisher: OnceLock<Publisher>,
}

impl Way {
    pub(crate) fn new(queue: &Queue, ballot_box: BallotBox, settings: &PublisherSettings) -> Self {
        Self(Arc::new(Inner {
            ballot_box,
            leads: Some(Leads {
                queue: queue.clone(),
                settings: settings.clone(),
                publisher: OnceLock::new(),
            }),
        }))
    }

    /// The way to a box that is gone, with all its votes in the ledger: it leads nowhere, and
    /// nothing is opened for it.
    pub(crate) fn shut(ballot_box: BallotBox) -> Self {
        Self(Arc::new(Inner {
            ballot_box,
            leads: None,
        }))
    }

    /// The box it leads to, or led.
    pub(crate) fn ballot_box(&self) -> &BallotBox {
        &self.0.ballot_box
    }

    /// Whether the box is gone.
    pub(crate) fn is_shut(&self) -> bool {
        self.0.leads.is_none()
    }

    /// A place in the line of votes that wait; none where the box is gone.
    ///
    /// # Errors
    /// [`Overloaded`], at once.
    pub(crate) fn reserve(&self) -> Result<Option<Slot>, Overloaded> {
        let publisher = self.publisher();
        publisher.map(Publisher::reserve).transpose()
    }

    /// Whether a vote handed over now would be sent, and if not, why.
    ///
    /// # Errors
    /// The refusal that it would be answered with.
    pub(crate) fn ready(&self) -> Result<(), Refusal> {
        match self.publisher() {
            Some(publisher) => publisher.ready(),
            None => Err(Refusal::Unroutable),
        }
    }

    /// The publisher, opened now if it was not.
    fn publisher(&self) -> Option<&Publisher> {
        let Inner { ballot_box, leads } = &*self.0;
        let Leads {
            queue,
            settings,
            publisher,
        } = leads.as_ref()?;
        Some(publisher.get_or_init(|| queue.publisher(ballot_box, settings, vote::frame)))
    }

    /// Takes no more votes and waits until each that was begun is answered.
    pub(crate) async fn drain(&self) {
        let leads = self.0.leads.as_ref();
        if let Some(publisher) = leads.and_then(|leads| leads.publisher.get()) {
            publisher.drain().await;
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way({})", self.0.ballot_box)
    }
}
