//! A lane's channel on RabbitMQ, and what its answers mean.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, ErrorKind};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;
use vote_domain::Ids;

use super::link::{Link, LinkState};
use super::settings::RabbitSettings;
use super::topology::VOTES;
use crate::BallotBox;
use crate::publish::{Doubt, Fate, Parcel, Refusal};
use crate::retry::Backoff;

const PERSISTENT: u8 = 2;
const TRACE_PARENT: &str = "traceparent";

/// The exchange that leads to each queue by its name. Nobody can unbind it.
const DEFAULT: &str = "";

/// Sends messages one after the other on a channel of its own.
pub(crate) struct RabbitOutlet {
    link: Link,
    exchange: &'static str,
    routing_key: ShortString,
    confirm_timeout: Duration,
    answer_timeout: Duration,
    ids: Ids,
    open: Option<Open>,
    broken: Option<Refusal>,
}

struct Open {
    channel: Channel,
    epoch: u64,
}

impl RabbitOutlet {
    pub(super) fn new(
        link: Link,
        ballot_box: &BallotBox,
        settings: &RabbitSettings,
        ids: &Ids,
    ) -> Self {
        Self {
            link,
            exchange: VOTES,
            routing_key: ballot_box.name().into(),
            confirm_timeout: settings.confirm_timeout,
            answer_timeout: settings.answer_timeout,
            ids: ids.clone(),
            open: None,
            broken: None,
        }
    }

    /// One whose messages reach the box also where it is unbound: for what was in it before.
    pub(super) fn past_bindings(self) -> Self {
        Self {
            exchange: DEFAULT,
            ..self
        }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        self.link.backoff()
    }

    pub(crate) fn is_reachable(&self) -> bool {
        matches!(self.link.state(), LinkState::Up(_))
    }

    pub(crate) async fn reachable(&mut self) {
        self.link.up().await;
    }

    /// Opens a channel on the connection that stands now.
    pub(crate) async fn open(&mut self) -> Result<(), Refusal> {
        let LinkState::Up(live) = self.link.state() else {
            return Err(refusal(self.link.state()));
        };
        if matches!(&self.open, Some(open) if open.epoch == live.epoch) && self.broken.is_none() {
            // Blocked for a while, and back.
            return Ok(());
        }
        let opening = async {
            let channel = live.connection.create_channel().await?;
            let options = ConfirmSelectOptions::default();
            channel.confirm_select(options).await?;
            Ok::<_, lapin::Error>(channel)
        };
        match timeout(self.answer_timeout, opening).await {
            Ok(Ok(channel)) => {
                self.broken = None;
                self.open = Some(Open {
                    channel,
                    epoch: live.epoch,
                });
                Ok(())
            }
            Ok(Err(error)) => Err(Refusal::Unreachable(error.to_string().into())),
            Err(_) => {
                let reason = "the broker opens no channel";
                self.link.suspect(live.epoch, reason);
                Err(Refusal::Unreachable(reason.into()))
            }
        }
    }

    pub(crate) fn gone(&self) -> impl Future<Output = Refusal> + use<> {
        let link = self.link.clone();
        let epoch = match link.state() {
            LinkState::Up(live) => live.epoch,
            LinkState::Blocked(_) | LinkState::Down(_) => 0,
        };
        async move { refusal(link.lost(epoch).await) }
    }

    pub(crate) fn lost(&self) -> impl Future<Output = Refusal> + use<> {
        let epoch = self.open.as_ref().map_or(0, |open| open.epoch);
        let link = self.link.clone();
        async move { refusal(link.lost(epoch).await) }
    }

    pub(crate) fn broken(&self) -> Option<Refusal> {
        self.broken.clone()
    }

    pub(crate) async fn close(self) {
        if let Some(open) = self.open {
            let closing = open.channel.close(200, "stopped".into());
            // The broker closes it along with the connection at the latest.
            let _ = timeout(self.answer_timeout, closing).await;
        }
    }

    /// Publishes `parcel` and awaits the broker's word on it.
    pub(crate) async fn send(&mut self, parcel: Parcel) -> Fate {
        let Some(open) = self.open.take() else {
            return Fate::Refused(Refusal::Unreachable("no channel".into()));
        };
        let sent_at = Instant::now();
        let (fate, usable) = self.publish(&open, parcel).await;
        match &fate {
            Fate::Stored => self.link.answered(open.epoch),
            Fate::Unknown(Doubt::TimedOut) => self.link.unanswered(open.epoch, sent_at),
            Fate::Unknown(Doubt::Lost(_) | Doubt::Storage(_)) | Fate::Refused(_) => {}
        }
        if usable {
            self.open = Some(open);
            return fate;
        }
        // A late confirm must find nobody: the next publish goes out on another channel.
        let reason: Arc<str> = match &fate {
            Fate::Unknown(doubt) => doubt.to_string().into(),
            Fate::Refused(refusal) => refusal.to_string().into(),
            Fate::Stored => "channel replaced".into(),
        };
        self.broken = Some(Refusal::Unreachable(reason));
        fate
    }

    async fn publish(&self, open: &Open, parcel: Parcel) -> (Fate, bool) {
        let deadline = Instant::now() + self.confirm_timeout;
        let message_id: ShortString = self.ids.next::<Uuid>().to_string().into();
        let publishing = open
            .channel
            .basic_publish(
                self.exchange.into(),
                self.routing_key.clone(),
                BasicPublishOptions {
                    mandatory: true,
                    immediate: false,
                },
                &parcel.body,
                properties(message_id.clone(), parcel.trace_parent),
            )
            .fuse();
        tokio::pin!(publishing);

        // Done once the last byte was handed to the kernel; an error means that it was not,
        // and half a message is no message to the broker.
        let confirm = match timeout_at(deadline, &mut publishing).await {
            Ok(Ok(confirm)) => confirm,
            Ok(Err(error)) => return (never_written(&error), false),
            Err(_) => {
                // It waits inside the client library, and would leave at any later time.
                // Only the end of the connection tells whether it did.
                let reason = "nothing can be written to the broker";
                self.link.suspect(open.epoch, reason);
                let fate = match timeout(self.answer_timeout, publishing).await {
                    Ok(Err(error)) => never_written(&error),
                    Ok(Ok(_)) => Fate::Unknown(Doubt::Lost(reason.into())),
                    Err(_) => Fate::Unknown(Doubt::TimedOut),
                };
                return (fate, false);
            }
        };
        match timeout_at(deadline, confirm).await {
            Ok(Ok(Confirmation::Ack(None))) => (Fate::Stored, true),
            Ok(Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)))) => {
                if returned.properties.message_id().as_ref() == Some(&message_id) {
                    (Fate::Refused(Refusal::Unroutable), true)
                } else {
                    (Fate::Unknown(Doubt::Lost("a stray return".into())), false)
                }
            }
            // On another channel the broker looks anew for the box's leader: one that first
            // looked while the leader was away nacks everything on that channel for good
            // (RabbitMQ 3.10).
            Ok(Ok(Confirmation::Nack(None))) => (Fate::Refused(Refusal::Nacked), false),
            Ok(Ok(Confirmation::NotRequested)) => {
                (Fate::Unknown(Doubt::Lost("confirms are off".into())), false)
            }
            Ok(Err(error)) => (self.after_writing(&error), false),
            Err(_) => (Fate::Unknown(Doubt::TimedOut), false),
        }
    }

    /// The channel or connection ended before the confirm. Two answers concern the publish
    /// itself, the only thing ever sent on this channel: there is no such exchange, and it
    /// may not be used. Of the default exchange the latter says nothing about the box.
    fn after_writing(&self, error: &lapin::Error) -> Fate {
        if let ErrorKind::ProtocolError(protocol) = error.kind()
            && let AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND | AMQPSoftError::ACCESSREFUSED) =
                protocol.kind()
        {
            return match self.exchange {
                DEFAULT => never_written(error),
                _ => Fate::Refused(Refusal::Unroutable),
            };
        }
        Fate::Unknown(Doubt::Lost(error.to_string().into()))
    }
}

fn properties(message_id: ShortString, trace_parent: Option<String>) -> BasicProperties {
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(message_id);
    let Some(trace_parent) = trace_parent else {
        return properties;
    };
    let mut headers = FieldTable::default();
    let trace_parent = AMQPValue::LongString(LongString::from(trace_parent));
    headers.insert(TRACE_PARENT.into(), trace_parent);
    properties.with_headers(headers)
}

/// The trace context that [`RabbitOutlet`] put into a message's headers.
pub(super) fn trace_parent(properties: &BasicProperties) -> Option<String> {
    let headers = properties.headers().as_ref()?;
    match headers.inner().get(TRACE_PARENT)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn never_written(error: &lapin::Error) -> Fate {
    Fate::Refused(Refusal::Unreachable(error.to_string().into()))
}

fn refusal(state: LinkState) -> Refusal {
    match state {
        LinkState::Blocked(reason) => Refusal::Blocked(reason),
        LinkState::Down(reason) => Refusal::Unreachable(reason),
        LinkState::Up(_) => Refusal::Unreachable("the connection was replaced".into()),
    }
}
