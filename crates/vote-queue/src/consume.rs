//! Consuming one ballot box.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::BallotBox;
use crate::queue::{Depth, TopologyError};

/// How a box is consumed.
#[derive(Clone, Debug)]
pub struct ConsumerSettings {
    /// Most messages (not votes) delivered and not acknowledged; 128 by default.
    ///
    /// A consumer begins with 1, until there is no message, or one that is no redelivery:
    /// after a crash one poison message must not take a whole prefetch with it, each time
    /// counting a crash against its neighbours. Later reconnections do not begin with 1
    /// again, for a process that lived through them did not crash. Until that first
    /// message is settled the consumer may hold one more than the prefetch.
    pub prefetch: u16,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self { prefetch: 128 }
    }
}

/// A message, as it was published.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What was published.
    pub body: Bytes,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// The box it was published to, if it comes from [`BallotBox::dead`].
    pub origin: Option<String>,
    /// The W3C trace context it was published with.
    pub trace_parent: Option<String>,
    /// By which it is acknowledged or released.
    pub tag: Tag,
}

/// Names one delivery, and the connection it came by. Of a former connection it says
/// nothing any more: the message is delivered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    pub(crate) epoch: u64,
    pub(crate) number: u64,
}

/// What a consumer asks of whoever holds its channel.
pub(crate) enum Order {
    /// These are settled for good.
    Acknowledge(Vec<Tag>, oneshot::Sender<()>),
    /// These are to be delivered again.
    Release(Vec<Tag>, oneshot::Sender<()>),
    /// What waits in the box?
    Depth(oneshot::Sender<Result<Depth, TopologyError>>),
    /// Hand back what is not settled, and end.
    Stop(oneshot::Sender<()>),
}

/// Receives the messages of one box, and connects anew by itself for as long as it takes.
pub struct Consumer {
    ballot_box: BallotBox,
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    /// Deliveries of an earlier epoch are stale.
    epoch: Arc<AtomicU64>,
    orders: mpsc::UnboundedSender<Order>,
}

/// The other end of a [`Consumer`].
pub(crate) struct Supply {
    pub(crate) deliveries: mpsc::UnboundedSender<Delivery>,
    pub(crate) epoch: Arc<AtomicU64>,
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
}

impl Consumer {
    pub(crate) fn new(ballot_box: &BallotBox) -> (Self, Supply) {
        let (sender, deliveries) = mpsc::unbounded_channel();
        let (orders, receiver) = mpsc::unbounded_channel();
        let epoch = Arc::new(AtomicU64::new(0));
        let consumer = Self {
            ballot_box: ballot_box.clone(),
            deliveries,
            epoch: epoch.clone(),
            orders,
        };
        let supply = Supply {
            deliveries: sender,
            epoch,
            orders: receiver,
        };
        (consumer, supply)
    }

    /// The box this consumes.
    #[must_use]
    pub fn ballot_box(&self) -> &BallotBox {
        &self.ballot_box
    }

    /// Waits for the next message; `None` only after [`Consumer::stop`]. Nothing is lost
    /// if the future is dropped.
    pub async fn recv(&mut self) -> Option<Delivery> {
        loop {
            let delivery = self.deliveries.recv().await?;
            if self.is_current(&delivery) {
                return Some(delivery);
            }
        }
    }

    /// The next message, if it has already arrived.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        loop {
            let delivery = self.deliveries.try_recv().ok()?;
            if self.is_current(&delivery) {
                return Some(delivery);
            }
        }
    }

    /// What a lost connection delivered will be delivered again.
    fn is_current(&self, delivery: &Delivery) -> bool {
        delivery.tag.epoch == self.epoch.load(Ordering::Acquire)
    }

    /// Acknowledges: these messages are settled and not delivered again. Returns once
    /// that was written out; it is no promise, for the connection may break on the way,
    /// and tags of a former connection are dropped. What was not acknowledged is
    /// delivered again, so settling must be safe to repeat.
    pub async fn ack(&self, tags: &[Tag]) {
        self.order(|done| Order::Acknowledge(tags.to_vec(), done))
            .await;
    }

    /// Hands messages back to be delivered again, to this consumer or another. Each time
    /// counts towards the delivery limit.
    pub async fn release(&self, tags: &[Tag]) {
        self.order(|done| Order::Release(tags.to_vec(), done)).await;
    }

    /// What waits in the box, read on this consumer's own channel. Nothing ready means
    /// that a majority of the box's members says so; a message found on the way is
    /// delivered, even beyond the prefetch.
    ///
    /// # Errors
    /// [`TopologyError::Unavailable`] while there is no channel; nothing is known then.
    pub async fn depth(&self) -> Result<Depth, TopologyError> {
        self.order(Order::Depth)
            .await
            .unwrap_or_else(|| Err(TopologyError::Unavailable("the consumer is stopped".into())))
    }

    /// Takes no more, hands back everything not acknowledged, and closes the channel.
    /// Acknowledgements made before have reached the broker when this returns, unless
    /// the connection broke. May be called again.
    pub async fn stop(&mut self) {
        self.order(Order::Stop).await;
        self.deliveries.close();
    }

    async fn order<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        // Whoever held the channel has ended: then everything was handed back.
        self.orders.send(order(sender)).ok()?;
        receiver.await.ok()
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consumer({})", self.ballot_box)
    }
}
