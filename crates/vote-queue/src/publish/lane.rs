//! One lane: takes what waits, sends it as one message, awaits its fate, answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::line::{Line, Opened};
use super::{Doubt, Frame, PublishError, Refusal};
use crate::embedded::EmbeddedOutlet;
use crate::meter::PublishMeter;
use crate::rabbit::RabbitOutlet;
use crate::retry::Backoff;

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is stored durably.
    Stored,
    /// It is certainly not in the queue.
    Refused(Refusal),
    /// It may be in the queue.
    Unknown(Doubt),
}

impl Fate {
    /// It, as whoever asked is told.
    pub(crate) fn outcome(&self) -> Result<(), PublishError> {
        match self {
            Self::Stored => Ok(()),
            Self::Refused(refusal) => Err(PublishError::Refused(refusal.clone())),
            Self::Unknown(doubt) => Err(PublishError::Unknown(doubt.clone())),
        }
    }
}

/// One message to send.
pub(crate) struct Parcel {
    pub(crate) body: Bytes,
    pub(crate) trace_parent: Option<String>,
}

/// Where a lane sends to: the only thing in which the two adapters' lanes differ.
pub(crate) enum Outlet {
    Rabbit(Box<RabbitOutlet>),
    Embedded(EmbeddedOutlet),
}

impl Outlet {
    /// Whether it is worth trying to open now.
    pub(super) fn is_reachable(&self) -> bool {
        match self {
            Self::Rabbit(outlet) => outlet.is_reachable(),
            Self::Embedded(outlet) => outlet.is_reachable(),
        }
    }

    /// Waits until it is worth trying to open.
    async fn reachable(&mut self) {
        match self {
            Self::Rabbit(outlet) => outlet.reachable().await,
            Self::Embedded(outlet) => outlet.reachable().await,
        }
    }

    /// Waits until what is reachable now is not any more.
    fn gone(&self) -> impl Future<Output = Refusal> + use<> {
        match self {
            Self::Rabbit(outlet) => outlet.gone().left_future(),
            Self::Embedded(outlet) => outlet.lost().right_future(),
        }
    }

    /// Makes ready to send; bounded in time.
    async fn open(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Rabbit(outlet) => outlet.open().await,
            Self::Embedded(_) => Ok(()),
        }
    }

    /// Waits until sending would certainly fail. Borrows nothing, so that it can be
    /// watched while something is being sent.
    fn lost(&self) -> impl Future<Output = Refusal> + use<> {
        match self {
            Self::Rabbit(outlet) => outlet.lost().left_future(),
            Self::Embedded(outlet) => outlet.lost().right_future(),
        }
    }

    /// Sends `parcel` and awaits its fate; bounded in time.
    async fn send(&mut self, parcel: Parcel) -> Fate {
        match self {
            Self::Rabbit(outlet) => outlet.send(parcel).await,
            Self::Embedded(outlet) => outlet.send(parcel).await,
        }
    }

    /// Why the next message cannot be sent before opening anew, if it cannot.
    fn broken(&self) -> Option<Refusal> {
        match self {
            Self::Rabbit(outlet) => outlet.broken(),
            Self::Embedded(_) => None,
        }
    }

    async fn close(self) {
        match self {
            Self::Rabbit(outlet) => outlet.close().await,
            Self::Embedded(_) => {}
        }
    }

    fn backoff(&self) -> Backoff {
        match self {
            Self::Rabbit(outlet) => outlet.backoff(),
            Self::Embedded(_) => Backoff::new(0, Duration::from_secs(1)),
        }
    }
}

enum End {
    Stopped,
    /// The connection went; the next one is trusted at once.
    Lost,
    /// A publish failed on a connection that seems to stand.
    Broken,
}

/// Serves the line until `stop` is cancelled and nobody waits.
pub(super) async fn run(
    mut outlet: Outlet,
    mut hope: Option<Opened>,
    frame: Frame,
    line: Arc<Line>,
    stop: CancellationToken,
    meter: PublishMeter,
) {
    let mut backoff = outlet.backoff();
    // On a connection that has not failed yet, votes may wait while the channel is opened.
    let mut trusted = true;
    loop {
        if !outlet.is_reachable() {
            hope = None;
        }
        if stop.run_until_cancelled(outlet.reachable()).await.is_none() {
            break;
        }
        let hope = hope.take().or_else(|| trusted.then(|| line.open()));
        let opened = match open(&mut outlet, hope).await {
            Ok(hope) => hope.unwrap_or_else(|| line.open()),
            Err(Closed) => {
                trusted = false;
                let pause = tokio::time::sleep(backoff.pause());
                if stop.run_until_cancelled(pause).await.is_none() {
                    break;
                }
                continue;
            }
        };
        backoff.reset();
        match serve(&mut outlet, frame, opened, &stop, &meter).await {
            End::Stopped => break,
            End::Lost => trusted = true,
            End::Broken => trusted = false,
        }
    }
    outlet.close().await;
}

/// The outlet could not be opened.
struct Closed;

/// Opens the outlet, and shuts the line as soon as that is hopeless. The opening is done
/// to its end all the same.
async fn open(outlet: &mut Outlet, mut hope: Option<Opened>) -> Result<Option<Opened>, Closed> {
    let gone = outlet.gone();
    let opening = outlet.open();
    tokio::pin!(opening);
    let outcome = tokio::select! {
        outcome = &mut opening => outcome,
        refusal = gone => {
            if let Some(hope) = hope.take() {
                hope.shut(refusal);
            }
            opening.await
        }
    };
    match outcome {
        Ok(()) => Ok(hope),
        Err(refusal) => {
            if let Some(hope) = hope {
                hope.shut(refusal);
            }
            Err(Closed)
        }
    }
}

/// Sends what waits for as long as that works, and shuts the line when it does not.
async fn serve(
    outlet: &mut Outlet,
    frame: Frame,
    opened: Opened,
    stop: &CancellationToken,
    meter: &PublishMeter,
) -> End {
    let lost = outlet.lost();
    tokio::pin!(lost);
    loop {
        let batch = tokio::select! {
            biased;
            refusal = &mut lost => {
                opened.shut(refusal);
                return End::Lost;
            }
            batch = opened.line().take(stop) => batch,
        };
        let Some(batch) = batch else {
            opened.shut(Refusal::Stopped);
            return End::Stopped;
        };
        let parcel = Parcel {
            body: frame(&batch.bodies),
            trace_parent: batch.trace_parent.clone(),
        };
        let sent_at = Instant::now();
        let fate = {
            let sending = outlet.send(parcel);
            tokio::pin!(sending);
            tokio::select! {
                fate = &mut sending => fate,
                // The next votes need not wait for this one's fate.
                refusal = &mut lost => {
                    opened.shut(refusal);
                    batch.answer(&sending.await);
                    return End::Lost;
                }
            }
        };
        if fate == Fate::Stored {
            meter.published(batch.len(), sent_at.elapsed());
        }
        batch.answer(&fate);
        if let Some(refusal) = outlet.broken() {
            opened.shut(refusal);
            return End::Broken;
        }
    }
}
