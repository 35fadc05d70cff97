//! The queue in a file of this process: for trying Tally, for front-end work and for tests.
//!
//! One thread owns the file and does all the work. What many lanes and consumers ask of
//! it at the same moment is done in one transaction and synced once.

mod broker;
mod command;
mod faults;
mod file;
mod model;
#[cfg(test)]
mod outage;
mod work;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use futures::FutureExt;
use tokio::sync::{oneshot, watch};

use crate::BallotBox;
use crate::consume::{Consumer, ConsumerSettings, Order};
use crate::publish::{Fate, Frame, Outlet, Parcel, Publisher, PublisherSettings, Refusal};
use crate::queue::{Depth, Health, LinkHealth, TopologyError};

use broker::Broker;
use command::Command;
pub use faults::Faults;
pub use file::OpenError;

/// Where the embedded queue is kept.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// The file; created if it is not there.
    pub path: PathBuf,
    /// How often a message may be handed back before it moves to [`BallotBox::dead`];
    /// 50 by default.
    pub delivery_limit: u32,
    /// For tests: what goes wrong on purpose. Nothing by default.
    pub faults: Faults,
}

impl EmbeddedSettings {
    /// A queue at `path`, everything else by default.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            delivery_limit: 50,
            faults: Faults::none(),
        }
    }
}

/// The queue in a file of this process. The file is closed with the last clone, publisher
/// and consumer, or by [`Queue::close`](crate::Queue::close).
#[derive(Clone)]
pub struct EmbeddedQueue {
    commands: mpsc::Sender<Command>,
    trouble: watch::Receiver<Option<Arc<str>>>,
}

/// Tells why the file cannot be used, while it cannot.
type TroubleSender = watch::Sender<Option<Arc<str>>>;

impl EmbeddedQueue {
    pub(crate) async fn open(settings: EmbeddedSettings) -> Result<Self, OpenError> {
        Self::start(move |trouble| Broker::open(settings, trouble)).await
    }

    async fn start(
        open: impl FnOnce(TroubleSender) -> Result<Broker, OpenError> + Send + 'static,
    ) -> Result<Self, OpenError> {
        let (commands, receiver) = mpsc::channel();
        let (trouble_sender, trouble) = watch::channel(None);
        let (opened_sender, opened) = oneshot::channel();
        std::thread::Builder::new()
            .name("vote-queue".to_owned())
            .spawn(move || match open(trouble_sender) {
                Ok(broker) => {
                    // Nobody waits for the outcome: then nobody will send a command either.
                    let _ = opened_sender.send(Ok(()));
                    broker.run(&receiver);
                }
                Err(error) => {
                    let _ = opened_sender.send(Err(error));
                }
            })
            .map_err(|error| OpenError(error.to_string()))?;
        opened
            .await
            .unwrap_or_else(|_| Err(OpenError("the thread ended".to_owned())))?;
        Ok(Self { commands, trouble })
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        self.commands.send(command(sender)).ok()?;
        receiver.await.ok()
    }

    async fn ask_topology<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, TopologyError>>) -> Command,
    ) -> Result<T, TopologyError> {
        let closed = || Err(TopologyError::Unavailable("closed".into()));
        self.ask(command).await.unwrap_or_else(closed)
    }

    pub(crate) async fn declare(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        self.ask_topology(|answer| Command::Declare(ballot_box.clone(), answer))
            .await
    }

    pub(crate) async fn unbind(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        self.ask_topology(|answer| Command::Unbind(ballot_box.clone(), answer))
            .await
    }

    pub(crate) async fn delete(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        self.ask_topology(|answer| Command::Delete(ballot_box.clone(), answer))
            .await
    }

    pub(crate) async fn depth(&self, ballot_box: &BallotBox) -> Result<Depth, TopologyError> {
        self.ask_topology(|answer| Command::Depth(ballot_box.clone(), answer))
            .await
    }

    pub(crate) fn publisher(
        &self,
        ballot_box: &BallotBox,
        settings: &PublisherSettings,
        frame: Frame,
    ) -> Publisher {
        Publisher::start(ballot_box, settings, frame, || {
            Outlet::Embedded(EmbeddedOutlet {
                queue: self.clone(),
                ballot_box: ballot_box.clone(),
            })
        })
    }

    pub(crate) async fn put_back(&self, ballot_box: &BallotBox, body: Bytes) -> Fate {
        let parcel = Parcel {
            body,
            trace_parent: None,
        };
        let closed = || Fate::Refused(Refusal::Unreachable("closed".into()));
        self.ask(|answer| Command::PutBack(ballot_box.clone(), parcel, answer))
            .await
            .unwrap_or_else(closed)
    }

    pub(crate) fn consumer(&self, ballot_box: &BallotBox, settings: &ConsumerSettings) -> Consumer {
        let (consumer, mut supply) = Consumer::new(ballot_box);
        let commands = self.commands.clone();
        let attach = command::Attach {
            ballot_box: ballot_box.clone(),
            prefetch: settings.prefetch.max(1),
            deliveries: supply.deliveries,
            epoch: supply.epoch,
        };
        tokio::spawn(async move {
            let (sender, id) = oneshot::channel();
            // A closed queue drops the deliveries' sender: the consumer ends.
            if commands.send(Command::Attach(attach, sender)).is_err() {
                return;
            }
            let Ok(id) = id.await else { return };
            while let Some(order) = supply.orders.recv().await {
                let last = matches!(order, Order::Stop(_));
                if commands.send(Command::Order(id, order)).is_err() || last {
                    return;
                }
            }
            let (sender, _) = oneshot::channel();
            // Closed: then the message is redelivered at the next opening.
            let _ = commands.send(Command::Order(id, Order::Stop(sender)));
        });
        consumer
    }

    pub(crate) fn health(&self) -> Health {
        let health = match &*self.trouble.borrow() {
            None => LinkHealth::Up,
            Some(reason) => LinkHealth::Down(reason.clone()),
        };
        Health {
            publish: health.clone(),
            consume: health,
        }
    }

    pub(crate) async fn until_up(&self) {
        let mut trouble = self.trouble.clone();
        if trouble.wait_for(Option::is_none).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(crate) async fn close(&self) {
        self.ask(Command::Close).await;
    }
}

impl fmt::Debug for EmbeddedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EmbeddedQueue")
            .field(&self.health())
            .finish()
    }
}

/// A lane's way into the file.
pub(crate) struct EmbeddedOutlet {
    queue: EmbeddedQueue,
    ballot_box: BallotBox,
}

impl EmbeddedOutlet {
    pub(crate) fn is_reachable(&self) -> bool {
        self.queue.trouble.borrow().is_none()
    }

    pub(crate) async fn reachable(&mut self) {
        self.queue.until_up().await;
    }

    pub(crate) fn lost(&self) -> impl Future<Output = Refusal> + use<> {
        let mut trouble = self.queue.trouble.clone();
        async move {
            match trouble.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(reason)) => Refusal::Unreachable(reason.clone()),
                _ => Refusal::Unreachable("closed".into()),
            }
        }
    }

    pub(crate) fn send(&mut self, parcel: Parcel) -> impl Future<Output = Fate> + use<> {
        let (sender, receiver) = oneshot::channel();
        let command = Command::Append(self.ballot_box.clone(), parcel, sender);
        let closed = || Fate::Refused(Refusal::Unreachable("closed".into()));
        let sent = self.queue.commands.send(command);
        async move {
            match sent {
                Ok(()) => receiver.map(|fate| fate.unwrap_or_else(|_| closed())).await,
                Err(_) => closed(),
            }
        }
    }
}
