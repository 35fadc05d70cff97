//! What RabbitMQ has of its own, on a broker that others use too.

use std::time::{Duration, Instant};

use anyhow::Result;
use test_stack::Stack;
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use vote_queue::{BallotBox, PublishError, RabbitSettings, TopologyError};

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
