//! Putting one message back into its box, bound or not.
//!
//! The default exchange leads to each queue by its name, and nobody can unbind it. So what was
//! in a box before can be put there again once its campaign is over, while whatever is cast
//! goes by `tally.votes` and finds no way.

use bytes::Bytes;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, ErrorKind};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;
use vote_domain::Ids;

use super::link::{Link, LinkState};
use super::settings::RabbitSettings;
use crate::BallotBox;
use crate::publish::{Doubt, Fate, Refusal};

const PERSISTENT: u8 = 2;

/// What is to be put back, and where.
pub(super) struct PutBack {
    pub(super) ballot_box: BallotBox,
    pub(super) body: Bytes,
    pub(super) message_id: Uuid,
}

impl PutBack {
    pub(super) fn new(ballot_box: &BallotBox, body: Bytes, ids: &Ids) -> Self {
        Self {
            ballot_box: ballot_box.clone(),
            body,
            message_id: ids.next(),
        }
    }

    /// Publishes it on a channel of its own, and awaits the broker's word until `deadline`.
    pub(super) async fn publish(
        self,
        link: Link,
        settings: RabbitSettings,
        deadline: Instant,
    ) -> Fate {
        let live = match link.state() {
            LinkState::Up(live) => live,
            LinkState::Blocked(reason) => return Fate::Refused(Refusal::Blocked(reason)),
            LinkState::Down(reason) => return unreachable(&reason),
        };
        let opening = async {
            let channel = live.connection.create_channel().await?;
            let options = ConfirmSelectOptions::default();
            channel.confirm_select(options).await?;
            Ok::<_, lapin::Error>(channel)
        };
        let channel = match timeout(settings.answer_timeout, opening).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(error)) => return unreachable(&error.to_string()),
            Err(_) => {
                let reason = "the broker opens no channel";
                link.suspect(live.epoch, reason);
                return unreachable(reason);
            }
        };
        let fate = match self.write(&channel, deadline).await {
            Ok(fate) => fate,
            Err(Stuck) => {
                // It would leave at any later time, unless the connection ends.
                link.suspect(live.epoch, "nothing can be written to the broker");
                Fate::Unknown(Doubt::TimedOut)
            }
        };
        let closing = channel.close(200, "done".into());
        // The broker closes it along with the connection at the latest.
        let _ = timeout(settings.answer_timeout, closing).await;
        fate
    }

    async fn write(self, channel: &Channel, deadline: Instant) -> Result<Fate, Stuck> {
        let message_id: ShortString = self.message_id.to_string().into();
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_message_id(message_id);
        let options = BasicPublishOptions {
            mandatory: true,
            immediate: false,
        };
        let routing_key = self.ballot_box.name().into();
        let publishing =
            channel.basic_publish("".into(), routing_key, options, &self.body, properties);
        let confirm = match timeout_at(deadline, publishing).await {
            Ok(Ok(confirm)) => confirm,
            // Half a message is no message to the broker.
            Ok(Err(error)) => return Ok(unreachable(&error.to_string())),
            Err(_) => return Err(Stuck),
        };
        Ok(match timeout_at(deadline, confirm).await {
            Ok(Ok(Confirmation::Ack(None))) => Fate::Stored,
            // Nothing else was ever sent on this channel.
            Ok(Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)))) => {
                Fate::Refused(Refusal::Unroutable)
            }
            Ok(Ok(Confirmation::Nack(None))) => Fate::Refused(Refusal::Nacked),
            Ok(Ok(Confirmation::NotRequested)) => {
                Fate::Unknown(Doubt::Lost("confirms are off".into()))
            }
            Ok(Err(error)) if is_forbidden(&error) => unreachable(&error.to_string()),
            Ok(Err(error)) => Fate::Unknown(Doubt::Lost(error.to_string().into())),
            Err(_) => Fate::Unknown(Doubt::TimedOut),
        })
    }
}

/// Whether the broker ended the channel because we may not write to the default exchange.
fn is_forbidden(error: &lapin::Error) -> bool {
    if let ErrorKind::ProtocolError(protocol) = error.kind() {
        let refused = AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED);
        return *protocol.kind() == refused;
    }
    false
}

/// The message waits inside the client library.
struct Stuck;

fn unreachable(reason: &str) -> Fate {
    Fate::Refused(Refusal::Unreachable(reason.into()))
}
