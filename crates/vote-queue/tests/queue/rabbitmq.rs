//! What RabbitMQ has of its own, on a broker that others use too.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use test_stack::Stack;
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use vote_queue::{BallotBox, Consumer, Depth, PublishError, RabbitSettings, TopologyError};

use crate::bench::{
    LONG, consumer, expect_nothing, next, publish, publisher, rabbit, rabbit_settings, text_of,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_comes_back_when_its_queue_was_deleted_and_declared_anew() -> Result<()> {
    let scope = Stack::isolated("deleted").await?;
    let queue = rabbit(&rabbit_settings(&scope.amqp_url)).await?;
    let campaign = BallotBox::campaign(Uuid::from_u128(1));
    queue.declare(&campaign).await?;
    let publisher = publisher(&queue, &campaign);
    let mut consumer = consumer(&queue, &campaign);
    publish(&publisher, "old").await?;
    let old = next(&mut consumer).await?;
    // RabbitMQ 3.10 may forget to tell a consumer that has just begun, and crashes its
    // channel if the queue comes back under its feet; Tally never uses a box's name again.
    sleep(Duration::from_secs(1)).await;
    queue.delete(&campaign).await?;
    consumer.ack(&[old.tag]).await;
    sleep(Duration::from_secs(1)).await;
    // It tries again and again, and disturbs nobody on the connection.
    assert!(queue.health().is_up(), "{:?}", queue.health());
    queue.declare(&campaign).await?;
    publish(&publisher, "new").await?;
    let new = next(&mut consumer).await?;
    assert_eq!(text_of(&new), "new");
    consumer.ack(&[old.tag]).await;
    consumer.ack(&[new.tag]).await;
    expect_nothing(&mut consumer).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_declared_with_another_limit_is_a_mismatch() -> Result<()> {
    let scope = Stack::isolated("mismatch").await?;
    let settings = rabbit_settings(&scope.amqp_url);
    let queue = rabbit(&settings).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let other = RabbitSettings {
        delivery_limit: settings.delivery_limit + 1,
        ..settings
    };
    let declared = rabbit(&other).await?.declare(&reviews).await;
    assert!(
        matches!(declared, Err(TopologyError::Mismatch(_))),
        "{declared:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_queue_refuses_at_once() -> Result<()> {
    let scope = Stack::isolated("closed").await?;
    let queue = rabbit(&rabbit_settings(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    queue.clone().close().await;
    let began = Instant::now();
    let answer = publish(&publisher, "late").await;
    let took = began.elapsed();
    assert!(
        matches!(answer, Err(PublishError::Refused(_))),
        "{answer:?}"
    );
    assert!(took < Duration::from_millis(500), "{took:?}");
    timeout(LONG, publisher.drain()).await?;
    timeout(LONG, consumer.stop()).await?;
    assert!(consumer.recv().await.is_none());
    Ok(())
}

/// A campaign is closed on this: where the broker counts one consumer, nobody else holds
/// a message (`docs/adr/0008`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_consumer_that_holds_a_message_is_counted_until_it_settles() -> Result<()> {
    let scope = Stack::isolated("cancelled").await?;
    let queue = rabbit(&rabbit_settings(&scope.amqp_url)).await?;
    let campaign = BallotBox::campaign(Uuid::from_u128(2));
    queue.declare(&campaign).await?;
    publish(&publisher(&queue, &campaign), "held").await?;

    let connection = connect_to_first(&scope.amqp_url).await?;
    let channel = connection.create_channel().await?;
    let (name, options) = (campaign.name(), BasicConsumeOptions::default());
    let mut other = channel
        .basic_consume(name.into(), "other".into(), options, FieldTable::default())
        .await?;
    let held = timeout(LONG, other.next()).await?.context("no message")??;
    let mut closer = consumer(&queue, &campaign);
    until(&closer, HELD_BY_OTHER).await?;

    let cancelled = BasicCancelOptions::default();
    channel.basic_cancel("other".into(), cancelled).await?;
    for _ in 0..20 {
        let depth = closer.depth().await?;
        // A broker that cannot ask the queue in time says that there is nothing at all.
        assert!(depth == HELD_BY_OTHER || depth == UNKNOWN, "{depth:?}");
        sleep(Duration::from_millis(100)).await;
    }
    expect_nothing(&mut closer).await;

    let settled = BasicAckOptions::default();
    channel.basic_ack(held.delivery_tag, settled).await?;
    until(&closer, EMPTY).await?;
    expect_nothing(&mut closer).await;
    Ok(())
}

/// So does a consumer take its first messages after a crash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asked_for_a_message_is_counted_until_it_settles() -> Result<()> {
    let scope = Stack::isolated("asked for").await?;
    let queue = rabbit(&rabbit_settings(&scope.amqp_url)).await?;
    let campaign = BallotBox::campaign(Uuid::from_u128(2));
    queue.declare(&campaign).await?;
    publish(&publisher(&queue, &campaign), "held").await?;

    let connection = connect_to_first(&scope.amqp_url).await?;
    let channel = connection.create_channel().await?;
    let options = BasicGetOptions { no_ack: false };
    let held = channel.basic_get(campaign.name().into(), options).await?;
    let held = held.context("no message")?;
    let mut closer = consumer(&queue, &campaign);
    until(&closer, HELD_BY_OTHER).await?;
    expect_nothing(&mut closer).await;
    until(&closer, HELD_BY_OTHER).await?;

    let settled = BasicAckOptions::default();
    channel.basic_ack(held.delivery_tag, settled).await?;
    until(&closer, EMPTY).await?;
    expect_nothing(&mut closer).await;
    Ok(())
}

/// A connection beside Tally's own, to the first of the brokers that `amqp_url` names.
async fn connect_to_first(amqp_url: &str) -> Result<Connection> {
    let url = match amqp_url.split_once(',') {
        None => amqp_url.to_owned(),
        Some((first, others)) => {
            let (_, vhost) = others.split_once('/').context("no vhost")?;
            format!("{first}/{vhost}")
        }
    };
    Ok(Connection::connect(&url, ConnectionProperties::default()).await?)
}

const EMPTY: Depth = Depth {
    n_ready: 0,
    n_consumers: 1,
};
const UNKNOWN: Depth = Depth {
    n_ready: 0,
    n_consumers: 0,
};

const HELD_BY_OTHER: Depth = Depth {
    n_ready: 0,
    n_consumers: 2,
};

async fn until(consumer: &Consumer, expected: Depth) -> Result<()> {
    let began = Instant::now();
    loop {
        match consumer.depth().await {
            Ok(depth) if depth == expected => return Ok(()),
            // Not attached yet, or not settled yet.
            _ if began.elapsed() < LONG => sleep(Duration::from_millis(50)).await,
            depth => anyhow::bail!("{depth:?} instead of {expected:?}"),
        }
    }
}
