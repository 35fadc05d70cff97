//! Exchanges, queues and bindings.
//!
//! `tally.votes` (direct) leads each box's routing key to its quorum queue. A message
//! handed back more often than the delivery limit goes to `tally.dead` (fanout) and waits
//! in `votes.dead`. It goes there *at least once*: it leaves its box only when the other
//! queue has confirmed it. RabbitMQ demands `reject-publish` for that, which without a
//! length limit never rejects anything.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use lapin::options::{
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, ErrorKind, ExchangeKind};
use tokio::time::timeout;

use super::link::{Link, Live};
use super::settings::RabbitSettings;
use crate::BallotBox;
use crate::queue::{Depth, TopologyError};

/// The exchange votes are published to.
pub(super) const VOTES: &str = "tally.votes";
const DEAD: &str = "tally.dead";

/// The dead wait for a worker however long it takes. Brokers from 4.0 on limit
/// redeliveries to 20 unless told otherwise, and would then drop the message.
const DEAD_DELIVERY_LIMIT: u32 = i32::MAX.cast_unsigned();

const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Declares and looks into queues, each time on a channel of its own.
pub(super) struct Topology {
    link: Link,
    shape: Shape,
    limit: Duration,
}

/// What boxes are declared with.
#[derive(Clone, Copy)]
struct Shape {
    delivery_limit: u32,
    members: Option<u32>,
}

impl Topology {
    pub(super) fn new(link: Link, settings: &RabbitSettings) -> Self {
        Self {
            link,
            shape: Shape {
                delivery_limit: settings.delivery_limit,
                members: settings.members,
            },
            limit: settings.answer_timeout,
        }
    }

    pub(super) async fn declare(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        let (ballot_box, shape) = (ballot_box.clone(), self.shape);
        self.on_channel(move |channel| declare_on(channel, ballot_box.clone(), shape).boxed())
            .await
    }

    pub(super) async fn unbind(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        let ballot_box = ballot_box.clone();
        self.on_channel(move |channel| unbind_on(channel, ballot_box.clone()).boxed())
            .await
    }

    pub(super) async fn delete(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        let ballot_box = ballot_box.clone();
        self.on_channel(move |channel| delete_on(channel, ballot_box.clone()).boxed())
            .await
    }

    pub(super) async fn depth(&self, ballot_box: &BallotBox) -> Result<Depth, TopologyError> {
        let ballot_box = ballot_box.clone();
        self.on_channel(move |channel| {
            let ballot_box = ballot_box.clone();
            async move { depth_on(&channel, &ballot_box).await }.boxed()
        })
        .await
    }

    /// Does `work`, all of which may be repeated, on a channel of its own; on another if
    /// the connection goes meanwhile, for a crash may be another channel's fault.
    ///
    /// It is done to its end even if the caller gives up: the client library, left in the
    /// middle of a call, leaves behind an open channel.
    async fn on_channel<T: Send + 'static>(
        &self,
        work: impl Fn(Channel) -> BoxFuture<'static, lapin::Result<T>> + Send + Sync + 'static,
    ) -> Result<T, TopologyError> {
        let (link, limit) = (self.link.clone(), self.limit);
        let working = tokio::spawn(async move {
            let mut failure: Arc<str> = format!("no answer within {limit:?}").into();
            let trying = async {
                loop {
                    let live = link.up().await;
                    match on_new_channel(&live, &work).await {
                        Err(TopologyError::Unavailable(reason)) => failure = reason,
                        settled => return settled,
                    }
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            };
            match timeout(limit, trying).await {
                Ok(outcome) => outcome,
                Err(_) => Err(TopologyError::Unavailable(failure)),
            }
        });
        working
            .await
            .unwrap_or_else(|error| Err(TopologyError::Unavailable(error.to_string().into())))
    }
}

async fn on_new_channel<T>(
    live: &Live,
    work: &(impl Fn(Channel) -> BoxFuture<'static, lapin::Result<T>> + Sync),
) -> Result<T, TopologyError> {
    let working = async {
        let channel = live.connection.create_channel().await?;
        let outcome = work(channel.clone()).await?;
        channel.close(200, "done".into()).await?;
        Ok(outcome)
    };
    working.await.map_err(|error| topology_error(&error))
}

async fn declare_on(channel: Channel, ballot_box: BallotBox, shape: Shape) -> lapin::Result<()> {
    exchange(&channel, VOTES, ExchangeKind::Direct).await?;
    exchange(&channel, DEAD, ExchangeKind::Fanout).await?;
    let dead = BallotBox::dead();
    let dead_shape = Shape {
        delivery_limit: DEAD_DELIVERY_LIMIT,
        ..shape
    };
    queue(&channel, &dead, quorum(dead_shape)).await?;
    bind(&channel, &dead, DEAD).await?;
    if ballot_box == dead {
        return Ok(());
    }
    let mut arguments = quorum(shape);
    for (name, value) in [
        ("x-dead-letter-exchange", DEAD),
        ("x-dead-letter-strategy", "at-least-once"),
        ("x-overflow", "reject-publish"),
    ] {
        arguments.insert(name.into(), text(value));
    }
    queue(&channel, &ballot_box, arguments).await?;
    bind(&channel, &ballot_box, VOTES).await
}

async fn unbind_on(channel: Channel, ballot_box: BallotBox) -> lapin::Result<()> {
    let name = ballot_box.name();
    channel
        .queue_unbind(
            name.into(),
            VOTES.into(),
            name.into(),
            FieldTable::default(),
        )
        .await
}

async fn delete_on(channel: Channel, ballot_box: BallotBox) -> lapin::Result<()> {
    let options = QueueDeleteOptions::default();
    channel
        .queue_delete(ballot_box.name().into(), options)
        .await
        .map(|_| ())
}

/// What is in `ballot_box`, asked on `channel`; the broker closes it if there is no such box.
pub(super) async fn depth_on(channel: &Channel, ballot_box: &BallotBox) -> lapin::Result<Depth> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let queue = channel
        .queue_declare(ballot_box.name().into(), options, FieldTable::default())
        .await?;
    Ok(Depth {
        n_ready: queue.message_count(),
        n_consumers: queue.consumer_count(),
    })
}

pub(super) fn topology_error(error: &lapin::Error) -> TopologyError {
    if let ErrorKind::ProtocolError(protocol) = error.kind() {
        match protocol.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => return TopologyError::NoSuchBox,
            AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => {
                return TopologyError::Mismatch(protocol.get_message().as_str().into());
            }
            _ => {}
        }
    }
    TopologyError::Unavailable(error.to_string().into())
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}

fn quorum(shape: Shape) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    let limit = AMQPValue::LongLongInt(shape.delivery_limit.into());
    arguments.insert("x-delivery-limit".into(), limit);
    if let Some(members) = shape.members {
        let members = AMQPValue::LongLongInt(members.into());
        arguments.insert("x-quorum-initial-group-size".into(), members);
        arguments.insert("x-queue-leader-locator".into(), text("balanced"));
    }
    arguments
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(name.into(), kind, options, FieldTable::default())
        .await
}

async fn queue(
    channel: &Channel,
    ballot_box: &BallotBox,
    arguments: FieldTable,
) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(ballot_box.name().into(), options, arguments)
        .await
        .map(|_| ())
}

async fn bind(channel: &Channel, ballot_box: &BallotBox, exchange: &str) -> lapin::Result<()> {
    let name = ballot_box.name();
    let options = QueueBindOptions::default();
    channel
        .queue_bind(
            name.into(),
            exchange.into(),
            name.into(),
            options,
            FieldTable::default(),
        )
        .await
}
