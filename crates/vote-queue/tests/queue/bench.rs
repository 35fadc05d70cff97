//! What the tests of this crate share: a framing, and short words for long calls.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::time::{Instant, timeout};
use vote_domain::Ids;
use vote_queue::{
    BallotBox, Consumer, ConsumerSettings, Delivery, Depth, PublishError, Publisher,
    PublisherSettings, Queue, RabbitSettings, TopologyError,
};

/// Longer than anything takes that works.
pub(crate) const LONG: Duration = Duration::from_secs(30);
/// Long enough for a message that must not come to have come.
pub(crate) const QUIET: Duration = Duration::from_millis(500);

/// Frames votes as length and bytes, one after the other.
pub(crate) fn frame(votes: &[Bytes]) -> Bytes {
    let mut body = BytesMut::new();
    for vote in votes {
        body.put_u32(u32::try_from(vote.len()).expect("small"));
        body.put(vote.clone());
    }
    body.freeze()
}

/// The votes of a framed body.
pub(crate) fn votes_of(delivery: &Delivery) -> Vec<Bytes> {
    let (mut body, mut votes) = (delivery.body.clone(), Vec::new());
    while body.has_remaining() {
        let n = body.get_u32() as usize;
        votes.push(body.split_to(n));
    }
    votes
}

/// The only vote of a framed body, as text.
pub(crate) fn text_of(delivery: &Delivery) -> String {
    let votes = votes_of(delivery);
    assert_eq!(votes.len(), 1, "{votes:?}");
    String::from_utf8(votes[0].to_vec()).expect("text")
}

/// Settings for a test's broker: shorter waits than in production.
pub(crate) fn rabbit_settings(url: &str) -> RabbitSettings {
    RabbitSettings {
        confirm_timeout: Duration::from_secs(10),
        reconnect_max: Duration::from_millis(500),
        ..RabbitSettings::at(url)
    }
}

pub(crate) async fn rabbit(settings: &RabbitSettings) -> Result<Queue> {
    let queue = Queue::rabbit(settings, &Ids::random())?;
    timeout(LONG, queue.until_up())
        .await
        .context("not connected")?;
    Ok(queue)
}

pub(crate) fn publisher(queue: &Queue, ballot_box: &BallotBox) -> Publisher {
    queue.publisher(ballot_box, &PublisherSettings::default(), frame)
}

pub(crate) fn consumer(queue: &Queue, ballot_box: &BallotBox) -> Consumer {
    queue.consumer(ballot_box, &ConsumerSettings::default())
}

pub(crate) fn soon() -> Instant {
    Instant::now() + LONG
}

/// Publishes one vote.
pub(crate) async fn publish(
    publisher: &Publisher,
    vote: impl Into<Bytes>,
) -> Result<(), PublishError> {
    let slot = publisher.reserve().expect("room");
    slot.publish(vote.into(), soon(), None).await
}

/// Publishes votes one after the other, so that each travels alone and in order.
pub(crate) async fn publish_each(publisher: &Publisher, votes: &[&'static str]) -> Result<()> {
    for vote in votes {
        publish(publisher, *vote).await?;
    }
    Ok(())
}

/// The next delivery, which must come.
pub(crate) async fn next(consumer: &mut Consumer) -> Result<Delivery> {
    timeout(LONG, consumer.recv())
        .await
        .context("nothing was delivered")?
        .context("the consumer ended")
}

/// The next `n` deliveries.
pub(crate) async fn next_n(consumer: &mut Consumer, n: usize) -> Result<Vec<Delivery>> {
    let mut deliveries = Vec::new();
    while deliveries.len() < n {
        deliveries.push(next(consumer).await?);
    }
    Ok(deliveries)
}

/// Fails if anything more is delivered.
pub(crate) async fn expect_nothing(consumer: &mut Consumer) {
    if let Ok(Some(delivery)) = timeout(QUIET, consumer.recv()).await {
        panic!("delivered: {delivery:?}");
    }
}

/// The texts of deliveries of one vote each.
pub(crate) fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(text_of).collect()
}

/// Waits until `consumer` is the only one, and nothing waits: a broker counts a moment late.
pub(crate) async fn until_empty(consumer: &Consumer) -> Result<()> {
    let empty = Depth {
        n_ready: 0,
        n_consumers: 1,
    };
    until_equal(empty, async || consumer.depth().await).await
}

/// Waits until the box holds just that.
pub(crate) async fn until_depth(
    queue: &Queue,
    ballot_box: &BallotBox,
    expected: Depth,
) -> Result<()> {
    until_equal(expected, async || queue.depth(ballot_box).await).await
}

async fn until_equal(
    expected: Depth,
    depth: impl AsyncFn() -> Result<Depth, TopologyError>,
) -> Result<()> {
    let deadline = Instant::now() + LONG;
    loop {
        let found = depth().await?;
        if found == expected {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
