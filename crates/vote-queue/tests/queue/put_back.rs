//! Putting a message back into its box, on RabbitMQ and on the embedded queue.

use anyhow::Result;
use tempfile::TempDir;
use test_stack::{Stack, TestScope};
use uuid::Uuid;
use vote_queue::{BallotBox, EmbeddedSettings, PublishError, Queue, Refusal, TopologyError};

use crate::bench::{
    consumer, expect_nothing, next_n, publish, publisher, rabbit, rabbit_settings, soon, texts,
};

/// A queue, and what it lies on.
struct Home {
    queue: Queue,
    _scope: Option<TestScope>,
    _folder: TempDir,
}

async fn on_rabbitmq(test: &str) -> Result<Home> {
    let scope = Stack::isolated(test).await?;
    Ok(Home {
        queue: rabbit(&rabbit_settings(&scope.amqp_url)).await?,
        _scope: Some(scope),
        _folder: TempDir::new()?,
    })
}

async fn embedded() -> Result<Home> {
    let folder = TempDir::new()?;
    let settings = EmbeddedSettings::at(folder.path().join("queue"));
    Ok(Home {
        queue: Queue::embedded(settings).await?,
        _scope: None,
        _folder: folder,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_put_back_into_an_unbound_box_on_rabbitmq() -> Result<()> {
    into_an_unbound_box(on_rabbitmq("put_back").await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_put_back_into_an_unbound_box_of_the_embedded_queue() -> Result<()> {
    into_an_unbound_box(embedded().await?).await
}

async fn into_an_unbound_box(home: Home) -> Result<()> {
    let queue = &home.queue;
    let (campaign, other) = (
        BallotBox::campaign(Uuid::from_u128(1)),
        BallotBox::campaign(Uuid::from_u128(2)),
    );
    for ballot_box in [&campaign, &other] {
        queue.declare(ballot_box).await?;
    }
    let put_back = async |text: &'static str| {
        let message = crate::bench::frame(&[text.into()]);
        queue.put_back(&campaign, message, soon()).await
    };
    assert_eq!(put_back("bound").await, Ok(()));
    queue.unbind(&campaign).await?;
    let publisher = publisher(queue, &campaign);
    let unroutable = Err(PublishError::Refused(Refusal::Unroutable));
    assert_eq!(publish(&publisher, "cast").await, unroutable);
    assert_eq!(put_back("unbound").await, Ok(()));
    let mut consumer = consumer(queue, &campaign);
    let received = next_n(&mut consumer, 2).await?;
    assert_eq!(texts(&received), ["bound", "unbound"]);
    expect_nothing(&mut consumer).await;
    // It did not bind the box again, nor reach another.
    assert_eq!(publish(&publisher, "cast").await, unroutable);
    assert_eq!(queue.depth(&other).await?.n_ready, 0);
    consumer.stop().await;
    queue.delete(&campaign).await?;
    assert_eq!(put_back("gone").await, unroutable);
    let gone = queue.depth(&campaign).await;
    assert_eq!(gone, Err(TopologyError::NoSuchBox));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_put_back_is_as_durable_as_what_was_published() -> Result<()> {
    let folder = TempDir::new()?;
    let campaign = BallotBox::campaign(Uuid::from_u128(3));
    let settings = EmbeddedSettings::at(folder.path().join("queue"));
    let queue = Queue::embedded(settings.clone()).await?;
    queue.declare(&campaign).await?;
    queue.unbind(&campaign).await?;
    let message = crate::bench::frame(&["kept".into()]);
    queue.put_back(&campaign, message, soon()).await?;
    queue.close().await;
    let queue = Queue::embedded(settings).await?;
    let mut consumer = consumer(&queue, &campaign);
    assert_eq!(texts(&next_n(&mut consumer, 1).await?), ["kept"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_nothing_is_put_back_and_that_is_said_at_once() -> Result<()> {
    let port = test_stack::free_port()?;
    let settings = rabbit_settings(&format!("amqp://guest:guest@127.0.0.1:{port}"));
    let queue = Queue::rabbit(&settings, &vote_domain::Ids::random())?;
    let began = std::time::Instant::now();
    let reviews = BallotBox::reviews();
    let refused = queue.put_back(&reviews, "lost".into(), soon()).await;
    assert!(
        matches!(refused, Err(PublishError::Refused(Refusal::Unreachable(_)))),
        "{refused:?}"
    );
    assert!(began.elapsed().as_secs() < 2);
    Ok(())
}
