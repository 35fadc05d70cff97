//! The contract of the queue: every test runs on RabbitMQ and on the embedded queue.

use std::collections::BTreeSet;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::{join_all, try_join_all};
use tempfile::TempDir;
use test_stack::{Stack, TestScope};
use tokio::time::{Instant, timeout};
use uuid::Uuid;
use vote_queue::{
    BallotBox, ConsumerSettings, Depth, EmbeddedSettings, Overloaded, PublishError,
    PublisherSettings, Queue, Refusal, TopologyError,
};

use crate::bench::{
    self, LONG, consumer, expect_nothing, frame, next, next_n, publish, publish_each, publisher,
    rabbit, rabbit_settings, soon, texts, until_depth, until_empty, votes_of,
};

const DELIVERY_LIMIT: u32 = 3;

/// Where one test's queue lives, so that it can be left and come back to.
enum Home {
    Rabbit(TestScope),
    Embedded(TempDir),
}

impl Home {
    /// A process's queue, the boxes declared.
    async fn enter(&self, boxes: &[&BallotBox]) -> Result<Queue> {
        let queue = match self {
            Self::Rabbit(scope) => {
                let mut settings = rabbit_settings(&scope.amqp_url);
                settings.delivery_limit = DELIVERY_LIMIT;
                rabbit(&settings).await?
            }
            Self::Embedded(folder) => {
                let mut settings = EmbeddedSettings::at(folder.path().join("queue"));
                settings.delivery_limit = DELIVERY_LIMIT;
                Queue::embedded(settings).await?
            }
        };
        for ballot_box in boxes {
            queue.declare(ballot_box).await?;
        }
        Ok(queue)
    }
}

macro_rules! contract {
    ($($test:ident,)*) => {
        mod rabbitmq {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> Result<()> {
                super::$test(Home::Rabbit(Stack::isolated(stringify!($test)).await?)).await
            })*
        }
        mod embedded {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> Result<()> {
                super::$test(Home::Embedded(TempDir::new()?)).await
            })*
        }
    };
}

contract! {
    what_is_published_is_received_byte_for_byte,
    a_trace_context_travels_along,
    votes_of_one_moment_travel_together_and_each_is_answered,
    a_message_has_no_more_bytes_than_allowed,
    what_was_not_acknowledged_is_redelivered_after_the_process_is_gone,
    what_was_acknowledged_is_never_delivered_again,
    an_acknowledgement_settles_no_other_message,
    a_released_message_is_delivered_again,
    a_consumer_that_stops_hands_back_what_it_holds,
    a_consumer_that_is_dropped_hands_back_what_it_holds,
    consumers_that_come_and_go_leave_nothing_behind,
    a_message_released_too_often_goes_to_the_dead_with_its_origin,
    a_poison_message_takes_no_other_with_it,
    a_full_prefetch_follows_the_first_fresh_message,
    a_consumer_never_holds_more_than_its_prefetch,
    a_box_never_declared_refuses_and_disturbs_no_other,
    an_unbound_box_refuses_and_keeps_what_it_has,
    a_deleted_box_is_gone,
    a_box_declared_late_is_consumed,
    a_vote_whose_time_is_up_is_refused_and_never_sent,
    an_overload_is_answered_at_once,
    draining_waits_for_every_vote,
    a_box_is_declared_as_often_as_one_likes,
    boxes_do_not_mix,
}

async fn what_is_published_is_received_byte_for_byte(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    let every_byte: Bytes = (0..=u8::MAX).collect();
    // Larger than a frame of the protocol, and than what may travel together.
    let large: Bytes = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for vote in [Bytes::new(), every_byte, large] {
        publish(&publisher, vote.clone()).await?;
        let delivery = next(&mut consumer).await?;
        assert!(!delivery.redelivered);
        assert_eq!(delivery.origin, None);
        assert_eq!(votes_of(&delivery), [vote]);
        consumer.ack(&[delivery.tag]).await;
    }
    expect_nothing(&mut consumer).await;
    Ok(())
}

async fn a_trace_context_travels_along(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    let slot = publisher.reserve()?;
    slot.publish("traced".into(), soon(), Some(trace.clone()))
        .await?;
    assert_eq!(next(&mut consumer).await?.trace_parent, Some(trace));
    publish(&publisher, "untraced").await?;
    assert_eq!(next(&mut consumer).await?.trace_parent, None);
    Ok(())
}

async fn votes_of_one_moment_travel_together_and_each_is_answered(home: Home) -> Result<()> {
    const N_VOTES: usize = 2_000;
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    let votes: Vec<String> = (0..N_VOTES).map(|n| format!("vote {n}")).collect();
    try_join_all(votes.iter().map(|vote| publish(&publisher, vote.clone()))).await?;

    let (mut received, mut n_messages) = (Vec::new(), 0);
    while received.len() < N_VOTES {
        let delivery = next(&mut consumer).await?;
        let votes = votes_of(&delivery);
        assert!(votes.len() <= 256);
        received.extend(votes);
        n_messages += 1;
        consumer.ack(&[delivery.tag]).await;
    }
    expect_nothing(&mut consumer).await;
    let expected: BTreeSet<Bytes> = votes.into_iter().map(Bytes::from).collect();
    assert_eq!(received.len(), N_VOTES);
    assert_eq!(received.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(n_messages <= 100, "{n_messages} messages");
    Ok(())
}

async fn a_message_has_no_more_bytes_than_allowed(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let settings = PublisherSettings {
        lanes: 1,
        bytes_max: 100,
        ..PublisherSettings::default()
    };
    let publisher = queue.publisher(&reviews, &settings, frame);
    let mut consumer = consumer(&queue, &reviews);
    // The last is larger than allowed, and travels alone.
    let sizes = [40, 40, 40, 40, 150];
    try_join_all(sizes.map(|size| publish(&publisher, vec![7; size]))).await?;
    let mut n_votes = 0;
    while n_votes < sizes.len() {
        let delivery = next(&mut consumer).await?;
        let votes = votes_of(&delivery);
        let n_bytes: usize = votes.iter().map(Bytes::len).sum();
        assert!(n_bytes <= 100 || votes.len() == 1, "{n_bytes} bytes");
        n_votes += votes.len();
        consumer.ack(&[delivery.tag]).await;
    }
    Ok(())
}

async fn what_was_not_acknowledged_is_redelivered_after_the_process_is_gone(
    home: Home,
) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a", "b", "c"]).await?;
    let mut before = consumer(&queue, &reviews);
    let deliveries = next_n(&mut before, 3).await?;
    assert!(deliveries.iter().all(|delivery| !delivery.redelivered));
    before.ack(&[deliveries[1].tag]).await;
    // One that never reached anybody.
    before.stop().await;
    publish_each(&publisher(&queue, &reviews), &["d"]).await?;
    queue.close().await;

    let queue = home.enter(&[]).await?;
    let mut after = consumer(&queue, &reviews);
    let mut received = Vec::new();
    for _ in 0..3 {
        let delivery = next(&mut after).await?;
        after.ack(&[delivery.tag]).await;
        received.push((bench::text_of(&delivery), delivery.redelivered));
    }
    received.sort();
    let expected = [("a", true), ("c", true), ("d", false)];
    assert_eq!(
        received,
        expected.map(|(vote, again)| (vote.to_owned(), again))
    );
    expect_nothing(&mut after).await;
    Ok(())
}

async fn what_was_acknowledged_is_never_delivered_again(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a", "b"]).await?;
    let mut before = consumer(&queue, &reviews);
    for delivery in next_n(&mut before, 2).await? {
        before.ack(&[delivery.tag]).await;
        // Once more does no harm.
        before.ack(&[delivery.tag]).await;
    }
    before.stop().await;
    queue.close().await;

    let queue = home.enter(&[]).await?;
    let mut after = consumer(&queue, &reviews);
    expect_nothing(&mut after).await;
    until_empty(&after).await?;
    Ok(())
}

async fn an_acknowledgement_settles_no_other_message(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let votes = ["a", "b", "c", "d", "e", "f"];
    publish_each(&publisher(&queue, &reviews), &votes).await?;
    let mut before = consumer(&queue, &reviews);
    let deliveries = next_n(&mut before, votes.len()).await?;
    let tags: Vec<_> = deliveries.iter().map(|delivery| delivery.tag).collect();
    before.ack(&[tags[4], tags[1]]).await;
    before.ack(&[tags[0], tags[2]]).await;
    queue.close().await;

    let queue = home.enter(&[]).await?;
    let mut after = consumer(&queue, &reviews);
    let mut left = Vec::new();
    for _ in 0..2 {
        let delivery = next(&mut after).await?;
        after.ack(&[delivery.tag]).await;
        left.push(bench::text_of(&delivery));
    }
    left.sort();
    assert_eq!(left, ["d", "f"]);
    expect_nothing(&mut after).await;
    Ok(())
}

async fn a_released_message_is_delivered_again(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a"]).await?;
    let mut consumer = consumer(&queue, &reviews);
    let first = next(&mut consumer).await?;
    consumer.release(&[first.tag]).await;
    let second = next(&mut consumer).await?;
    assert_eq!(second.body, first.body);
    assert!(second.redelivered);
    assert_ne!(second.tag, first.tag);
    // The first delivery is over; acknowledging it must not settle the second.
    consumer.ack(&[first.tag]).await;
    consumer.release(&[second.tag]).await;
    assert_eq!(next(&mut consumer).await?.body, first.body);
    Ok(())
}

async fn a_consumer_that_stops_hands_back_what_it_holds(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a", "b", "c"]).await?;
    let mut leaving = consumer(&queue, &reviews);
    // One of the three is in hand, the others arrived and were not looked at.
    let held = next(&mut leaving).await?;
    tokio::time::sleep(bench::QUIET).await;
    timeout(LONG, leaving.stop()).await?;
    assert!(leaving.recv().await.is_none());
    assert!(leaving.try_recv().is_none());
    // Too late: it was handed back.
    leaving.ack(&[held.tag]).await;
    leaving.stop().await;

    let mut staying = consumer(&queue, &reviews);
    let mut received = Vec::new();
    for _ in 0..3 {
        let delivery = next(&mut staying).await?;
        staying.ack(&[delivery.tag]).await;
        received.push(bench::text_of(&delivery));
    }
    received.sort();
    assert_eq!(received, ["a", "b", "c"]);
    expect_nothing(&mut staying).await;
    assert_eq!(queue.depth(&reviews).await?.n_consumers, 1);
    Ok(())
}

async fn a_consumer_that_is_dropped_hands_back_what_it_holds(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a"]).await?;
    let mut dropped = consumer(&queue, &reviews);
    next(&mut dropped).await?;
    drop(dropped);
    let mut other = consumer(&queue, &reviews);
    assert!(next(&mut other).await?.redelivered);
    Ok(())
}

async fn consumers_that_come_and_go_leave_nothing_behind(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    // Gone at every stage of their beginning.
    for n in 0..60 {
        let mut brief = consumer(&queue, &reviews);
        tokio::time::sleep(Duration::from_micros(n * 100)).await;
        if n % 2 == 0 {
            timeout(LONG, brief.stop()).await?;
        }
    }
    let left = Depth {
        n_ready: 0,
        n_consumers: 0,
    };
    until_depth(&queue, &reviews, left).await?;
    assert!(queue.health().is_up());
    Ok(())
}

async fn a_message_released_too_often_goes_to_the_dead_with_its_origin(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    let mut dead = consumer(&queue, &BallotBox::dead());
    let mut consumer = consumer(&queue, &reviews);
    let slot = publisher.reserve()?;
    slot.publish("poison".into(), soon(), Some("00-trace".into()))
        .await?;
    for n in 0..=DELIVERY_LIMIT {
        let delivery = next(&mut consumer).await?;
        assert_eq!(delivery.redelivered, n > 0);
        consumer.release(&[delivery.tag]).await;
    }
    expect_nothing(&mut consumer).await;
    let delivery = next(&mut dead).await?;
    assert_eq!(texts(std::slice::from_ref(&delivery)), ["poison"]);
    assert_eq!(delivery.origin.as_deref(), Some(reviews.name()));
    assert_eq!(delivery.trace_parent.as_deref(), Some("00-trace"));
    // The last net has no limit.
    let mut tag = delivery.tag;
    for _ in 0..2 * DELIVERY_LIMIT {
        dead.release(&[tag]).await;
        let again = next(&mut dead).await?;
        assert_eq!(again.origin.as_deref(), Some(reviews.name()));
        tag = again.tag;
    }
    dead.ack(&[tag]).await;
    expect_nothing(&mut dead).await;
    Ok(())
}

async fn a_poison_message_takes_no_other_with_it(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    publish_each(&publisher, &["a", "poison", "c", "d", "e"]).await?;
    let mut first = consumer(&queue, &reviews);
    let fresh = next(&mut first).await?;
    first.ack(&[fresh.tag]).await;
    next_n(&mut first, 4).await?;
    queue.close().await;

    // From now on the process crashes whenever it meets the poison.
    let (mut settled, mut n_crashes) = (Vec::new(), 1);
    while n_crashes <= DELIVERY_LIMIT {
        let queue = home.enter(&[]).await?;
        let mut consumer = consumer(&queue, &reviews);
        loop {
            let delivery = next(&mut consumer).await?;
            assert!(delivery.redelivered);
            expect_nothing(&mut consumer).await;
            let text = bench::text_of(&delivery);
            if text == "poison" {
                break;
            }
            consumer.ack(&[delivery.tag]).await;
            settled.push(text);
        }
        queue.close().await;
        n_crashes += 1;
    }
    let queue = home.enter(&[]).await?;
    let mut dead = consumer(&queue, &BallotBox::dead());
    assert_eq!(texts(&next_n(&mut dead, 1).await?), ["poison"]);
    expect_nothing(&mut dead).await;
    let mut consumer = consumer(&queue, &reviews);
    while settled.len() < 3 {
        let delivery = next(&mut consumer).await?;
        consumer.ack(&[delivery.tag]).await;
        settled.push(bench::text_of(&delivery));
    }
    settled.sort();
    assert_eq!(settled, ["c", "d", "e"]);
    expect_nothing(&mut consumer).await;
    Ok(())
}

async fn a_full_prefetch_follows_the_first_fresh_message(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a", "b"]).await?;
    next_n(&mut consumer(&queue, &reviews), 2).await?;
    queue.close().await;

    let queue = home.enter(&[]).await?;
    let fresh = ["c", "d", "e", "f"];
    publish_each(&publisher(&queue, &reviews), &fresh).await?;
    let mut consumer = consumer(&queue, &reviews);
    let mut received = Vec::new();
    // One at a time while they are redeliveries.
    for _ in 0..2 {
        let delivery = next(&mut consumer).await?;
        expect_nothing(&mut consumer).await;
        consumer.ack(&[delivery.tag]).await;
        received.push(bench::text_of(&delivery));
    }
    // And then all that is there, none lost over the change.
    let deliveries = next_n(&mut consumer, fresh.len()).await?;
    received.extend(texts(&deliveries));
    received.sort();
    assert_eq!(received, ["a", "b", "c", "d", "e", "f"]);
    let tags: Vec<_> = deliveries.iter().map(|delivery| delivery.tag).collect();
    consumer.ack(&tags).await;
    expect_nothing(&mut consumer).await;
    until_empty(&consumer).await?;
    Ok(())
}

async fn a_consumer_never_holds_more_than_its_prefetch(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    publish_each(&publisher(&queue, &reviews), &["a", "b", "c", "d", "e"]).await?;
    let settings = ConsumerSettings { prefetch: 2 };
    let mut consumer = queue.consumer(&reviews, &settings);
    let first = next(&mut consumer).await?;
    consumer.ack(&[first.tag]).await;
    let held = next_n(&mut consumer, 2).await?;
    expect_nothing(&mut consumer).await;
    consumer.ack(&[held[0].tag]).await;
    next(&mut consumer).await?;
    expect_nothing(&mut consumer).await;
    assert!(consumer.try_recv().is_none());
    assert_eq!(consumer.depth().await?.n_ready, 1);
    Ok(())
}

async fn a_box_never_declared_refuses_and_disturbs_no_other(home: Home) -> Result<()> {
    const N_VOTES: usize = 300;
    let (reviews, nowhere) = (
        BallotBox::reviews(),
        BallotBox::campaign(Uuid::from_u128(9)),
    );
    let queue = home.enter(&[&reviews]).await?;
    let (good, bad) = (publisher(&queue, &reviews), publisher(&queue, &nowhere));
    let votes = (0..N_VOTES).map(|n| {
        let (good, bad) = (good.clone(), bad.clone());
        async move {
            let refused = publish(&bad, format!("bad {n}")).await;
            let kept = publish(&good, format!("good {n}")).await;
            (refused, kept)
        }
    });
    for (refused, kept) in join_all(votes).await {
        assert_eq!(refused, Err(PublishError::Refused(Refusal::Unroutable)));
        assert_eq!(kept, Ok(()));
    }
    let mut consumer = consumer(&queue, &reviews);
    let mut received = BTreeSet::new();
    while received.len() < N_VOTES {
        let delivery = next(&mut consumer).await?;
        for vote in votes_of(&delivery) {
            assert!(vote.starts_with(b"good"), "{vote:?}");
            assert!(received.insert(vote));
        }
        consumer.ack(&[delivery.tag]).await;
    }
    expect_nothing(&mut consumer).await;
    Ok(())
}

async fn an_unbound_box_refuses_and_keeps_what_it_has(home: Home) -> Result<()> {
    let campaign = BallotBox::campaign(Uuid::from_u128(3));
    let queue = home.enter(&[&campaign]).await?;
    let publisher = publisher(&queue, &campaign);
    publish(&publisher, "in time").await?;
    queue.unbind(&campaign).await?;
    queue.unbind(&campaign).await?;
    let late = publish(&publisher, "late").await;
    assert_eq!(late, Err(PublishError::Refused(Refusal::Unroutable)));
    let mut consumer = consumer(&queue, &campaign);
    assert_eq!(texts(&next_n(&mut consumer, 1).await?), ["in time"]);
    expect_nothing(&mut consumer).await;
    // Declared again, it takes votes again.
    queue.declare(&campaign).await?;
    publish(&publisher, "again").await?;
    assert_eq!(texts(&next_n(&mut consumer, 1).await?), ["again"]);
    Ok(())
}

async fn a_deleted_box_is_gone(home: Home) -> Result<()> {
    let campaign = BallotBox::campaign(Uuid::from_u128(4));
    let queue = home.enter(&[&campaign]).await?;
    let publisher = publisher(&queue, &campaign);
    publish_each(&publisher, &["a", "b"]).await?;
    let mut before = consumer(&queue, &campaign);
    let held = next(&mut before).await?;
    // A broker may fail to tell a consumer that has just begun (tried on RabbitMQ 3.10).
    tokio::time::sleep(bench::QUIET).await;
    queue.delete(&campaign).await?;
    queue.delete(&campaign).await?;
    assert_eq!(queue.depth(&campaign).await, Err(TopologyError::NoSuchBox));
    let refused = publish(&publisher, "late").await;
    assert_eq!(refused, Err(PublishError::Refused(Refusal::Unroutable)));
    // It goes on waiting; what it holds is nobody's any more.
    before.ack(&[held.tag]).await;
    tokio::time::sleep(bench::QUIET).await;
    expect_nothing(&mut before).await;
    timeout(LONG, before.stop()).await?;

    queue.declare(&campaign).await?;
    publish(&publisher, "new").await?;
    let mut after = consumer(&queue, &campaign);
    assert_eq!(texts(&next_n(&mut after, 1).await?), ["new"]);
    expect_nothing(&mut after).await;
    Ok(())
}

async fn a_box_declared_late_is_consumed(home: Home) -> Result<()> {
    let campaign = BallotBox::campaign(Uuid::from_u128(5));
    let queue = home.enter(&[]).await?;
    let mut consumer = consumer(&queue, &campaign);
    expect_nothing(&mut consumer).await;
    queue.declare(&campaign).await?;
    publish(&publisher(&queue, &campaign), "a").await?;
    assert_eq!(texts(&next_n(&mut consumer, 1).await?), ["a"]);
    Ok(())
}

async fn a_vote_whose_time_is_up_is_refused_and_never_sent(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    publish(&publisher, "in time").await?;
    for ago in [Duration::ZERO, Duration::from_secs(1)] {
        let slot = publisher.reserve()?;
        let deadline = Instant::now() - ago;
        let late = slot.publish("late".into(), deadline, None).await;
        assert_eq!(late, Err(PublishError::Refused(Refusal::DeadlinePassed)));
    }
    let mut consumer = consumer(&queue, &reviews);
    assert_eq!(texts(&next_n(&mut consumer, 1).await?), ["in time"]);
    expect_nothing(&mut consumer).await;
    Ok(())
}

async fn an_overload_is_answered_at_once(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let settings = PublisherSettings {
        waiting_max: 2,
        ..PublisherSettings::default()
    };
    let publisher = queue.publisher(&reviews, &settings, frame);
    let (first, second) = (publisher.reserve()?, publisher.reserve()?);
    let began = Clock::now();
    assert_eq!(publisher.reserve().err(), Some(Overloaded));
    assert!(began.elapsed() < Duration::from_millis(50));
    // A place given back, and one whose vote has left, can be taken again.
    drop(first);
    let third = publisher.reserve()?;
    assert_eq!(publisher.reserve().err(), Some(Overloaded));
    second.publish("a".into(), soon(), None).await?;
    let fourth = publisher.reserve()?;
    third.publish("b".into(), soon(), None).await?;
    fourth.publish("c".into(), soon(), None).await?;
    Ok(())
}

async fn draining_waits_for_every_vote(home: Home) -> Result<()> {
    const N_VOTES: usize = 500;
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews]).await?;
    let publisher = publisher(&queue, &reviews);
    let votes: Vec<_> = (0..N_VOTES)
        .map(|n| {
            let slot = publisher.reserve()?;
            let publish = async move { slot.publish(n.to_string().into(), soon(), None).await };
            Ok(tokio::spawn(publish))
        })
        .collect::<Result<_, Overloaded>>()?;
    // Still being admitted when the drain begins.
    let admitting = publisher.reserve()?;
    let draining = tokio::spawn({
        let publisher = publisher.clone();
        async move { publisher.drain().await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!draining.is_finished());
    assert_eq!(publisher.reserve().err(), Some(Overloaded));
    admitting.publish("last".into(), soon(), None).await?;
    timeout(LONG, draining).await.context("not drained")??;
    for vote in votes {
        assert!(vote.is_finished(), "drained before a vote was answered");
        vote.await??;
    }
    publisher.drain().await;
    let mut consumer = consumer(&queue, &reviews);
    let mut n_received = 0;
    while n_received < N_VOTES + 1 {
        let delivery = next(&mut consumer).await?;
        n_received += votes_of(&delivery).len();
        consumer.ack(&[delivery.tag]).await;
    }
    Ok(())
}

async fn a_box_is_declared_as_often_as_one_likes(home: Home) -> Result<()> {
    let reviews = BallotBox::reviews();
    let queue = home.enter(&[&reviews, &reviews]).await?;
    publish(&publisher(&queue, &reviews), "a").await?;
    queue.declare(&reviews).await?;
    queue.declare(&BallotBox::dead()).await?;
    let one = Depth {
        n_ready: 1,
        n_consumers: 0,
    };
    until_depth(&queue, &reviews, one).await
}

async fn boxes_do_not_mix(home: Home) -> Result<()> {
    let boxes = [
        BallotBox::reviews(),
        BallotBox::campaign(Uuid::from_u128(1)),
        BallotBox::campaign(Uuid::from_u128(2)),
    ];
    let queue = home.enter(&boxes.each_ref()).await?;
    for ballot_box in &boxes {
        publish(&publisher(&queue, ballot_box), ballot_box.name().to_owned()).await?;
    }
    for ballot_box in &boxes {
        let mut consumer = consumer(&queue, ballot_box);
        let deliveries = next_n(&mut consumer, 1).await?;
        assert_eq!(texts(&deliveries), [ballot_box.name()]);
        expect_nothing(&mut consumer).await;
    }
    Ok(())
}
