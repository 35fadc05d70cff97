//! A quorum queue, in the plainest way.

use anyhow::{Context, Result, ensure};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};

/// A channel that confirms, with `queue` declared; it lives as long as the connection.
///
/// # Errors
/// When the broker is away, or refuses.
pub(crate) async fn open(amqp_url: &str, queue: &str) -> Result<(Connection, Channel)> {
    let connection = Connection::connect(amqp_url, ConnectionProperties::default()).await;
    let connection = connection.context("no connection to the broker")?;
    let channel = connection.create_channel().await?;
    let mut arguments = FieldTable::default();
    let quorum = AMQPValue::LongString("quorum".into());
    arguments.insert("x-queue-type".into(), quorum);
    let durable = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(queue.into(), durable, arguments)
        .await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok((connection, channel))
}

/// Publishes `body` to `queue`, and waits until the broker has it.
///
/// # Errors
/// When it does not say so.
pub(crate) async fn publish(channel: &Channel, queue: &str, body: &[u8]) -> Result<()> {
    let confirm = channel.basic_publish(
        "".into(),
        queue.into(),
        BasicPublishOptions::default(),
        body,
        BasicProperties::default().with_delivery_mode(2),
    );
    let confirm = confirm.await?.await?;
    ensure!(matches!(confirm, Confirmation::Ack(None)), "{confirm:?}");
    Ok(())
}
