//! A plain queue: one message for each vote, and a worker that counts one after the other.

use anyhow::Result;
use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};

use super::sync::pool;
use super::votes::{RivalVote, count, make_tables};
use crate::amqp;

/// The queue of all votes.
const QUEUE: &str = "rival.votes";

/// Messages that the worker has in hand at once, each with a connection to SQL.
const AT_ONCE: u16 = 32;

/// Where votes are put into the queue.
pub(super) struct Outbox {
    channel: Channel,
    _connection: Connection,
}

impl Outbox {
    pub(super) async fn open(amqp_url: &str) -> Result<Self> {
        let (connection, channel) = amqp::open(amqp_url, QUEUE).await?;
        Ok(Self {
            channel,
            _connection: connection,
        })
    }

    /// Puts `vote` into the queue, and waits until the broker has it.
    pub(super) async fn publish(&self, vote: &RivalVote) -> Result<()> {
        let body = serde_json::to_vec(vote)?;
        amqp::publish(&self.channel, QUEUE, &body).await
    }
}

/// Counts what is in the queue, one message and one transaction at a time, some at once,
/// until the process ends.
///
/// # Errors
/// When SQL or the broker is away.
pub async fn work(mysql_url: &str, amqp_url: &str) -> Result<()> {
    let pool = pool(mysql_url)?;
    make_tables(&pool).await?;
    let (_connection, channel) = amqp::open(amqp_url, QUEUE).await?;
    channel
        .basic_qos(AT_ONCE, BasicQosOptions::default())
        .await?;
    let consumer = channel.basic_consume(
        QUEUE.into(),
        "".into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let pool = &pool;
    let counting =
        consumer
            .await?
            .for_each_concurrent(usize::from(AT_ONCE), |delivery| async move {
                if let Err(error) = count_one(pool, delivery).await {
                    eprintln!("{error:#}");
                }
            });
    counting.await;
    Ok(())
}

async fn count_one(
    pool: &mysql_async::Pool,
    delivery: lapin::Result<lapin::message::Delivery>,
) -> Result<()> {
    let delivery = delivery?;
    let vote: RivalVote = serde_json::from_slice(&delivery.data)?;
    count(pool, &vote).await?;
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}
