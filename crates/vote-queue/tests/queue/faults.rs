//! What a broker can do to its clients: die, freeze, block, forget a queue.

mod cluster;

use std::collections::BTreeSet;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use test_stack::Stack;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;
use vote_queue::{
    BallotBox, Doubt, LinkHealth, PublishError, Publisher, Queue, RabbitSettings, Refusal,
    TopologyError,
};

use crate::bench::{
    LONG, QUIET, consumer, expect_nothing, next, next_n, publish, publish_each, publisher, rabbit,
    rabbit_settings, text_of, texts, until_empty, votes_of,
};

/// A broker for these tests alone, used by one of them at a time.
async fn broker() -> Result<MutexGuard<'static, Stack>> {
    static BROKER: OnceCell<Mutex<Stack>> = OnceCell::const_new();
    let broker = BROKER
        .get_or_try_init(|| async { anyhow::Ok(Mutex::new(Stack::start().await?)) })
        .await?;
    let broker = broker.lock().await;
    // Whatever the test before left.
    let _ = broker.rabbitmq.resume();
    broker.rabbitmq.start().await?;
    unblock(&broker).await?;
    Ok(broker)
}

async fn block(broker: &Stack) -> Result<()> {
    broker
        .rabbitmqctl(&["set_vm_memory_high_watermark", "0.00001"])
        .await
        .map(drop)
}

async fn unblock(broker: &Stack) -> Result<()> {
    broker
        .rabbitmqctl(&["set_vm_memory_high_watermark", "0.8"])
        .await
        .map(drop)
}

/// A single broker (tried on 3.10) that is killed sooner after a queue was declared may
/// forget the queue: its registry of quorum queues is written out every half second, and
/// their terms every five.
const SETTLED: Duration = Duration::from_secs(6);

/// Waits are short, for these tests wait them out.
fn hasty(url: &str) -> RabbitSettings {
    RabbitSettings {
        confirm_timeout: Duration::from_secs(2),
        answer_timeout: Duration::from_secs(2),
        heartbeat: Duration::from_secs(2),
        ..rabbit_settings(url)
    }
}

/// Publishes until it works again; the fate of votes that did not work is noted.
async fn publish_until_stored(publisher: &Publisher, vote: &str) -> Result<Vec<PublishError>> {
    let deadline = Clock::now() + 2 * LONG;
    let mut errors = Vec::new();
    loop {
        match publish(publisher, vote.to_owned()).await {
            Ok(()) => return Ok(errors),
            Err(error) => errors.push(error),
        }
        ensure!(Clock::now() < deadline, "still failing: {errors:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The answer to one vote, and how long it took.
async fn timed_publish(
    publisher: &Publisher,
    vote: &'static str,
) -> (Result<(), PublishError>, Duration) {
    let began = Clock::now();
    let answer = publish(publisher, vote).await;
    (answer, began.elapsed())
}

async fn until(what: &str, condition: impl Fn() -> bool) -> Result<()> {
    timeout(LONG, async {
        while !condition() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .with_context(|| format!("never: {what}"))
}

fn is_blocked(queue: &Queue) -> bool {
    matches!(queue.health().publish, LinkHealth::Blocked(_))
}

fn is_down(queue: &Queue) -> bool {
    matches!(queue.health().publish, LinkHealth::Down(_))
}

/// Seen where a disk was full to the last byte: the broker could not start a queue's process
/// again, and ends every connection that asks for its messages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_that_is_broken_leaves_the_others_alone() -> Result<()> {
    const QUIET: Duration = Duration::from_secs(4);
    let stack = Stack::start().await?;
    let scope = stack.scope("one broken box").await?;
    let queue = rabbit(&hasty(&scope.amqp_url)).await?;
    let (reviews, broken) = (
        BallotBox::reviews(),
        BallotBox::campaign(Uuid::from_u128(3)),
    );
    queue.declare(&reviews).await?;
    queue.declare(&broken).await?;
    let sound = consumer(&queue, &reviews);
    let name = format!("{}_{}", scope.name, broken.name());
    let stopping = format!("ra:stop_server(quorum_queues, {{'{name}', node()}}).");
    stack.rabbitmqctl(&["eval", &stopping]).await?;

    let sick = consumer(&queue, &broken);
    let asking = async {
        loop {
            let _ = sick.depth().await;
            sleep(Duration::from_millis(100)).await;
        }
    };
    let quiet = async {
        let mut quiet_since = Clock::now();
        while quiet_since.elapsed() < QUIET {
            if sound.depth().await.is_err() {
                quiet_since = Clock::now();
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        outcome = timeout(LONG, quiet) => outcome.context("the sound box never came to rest"),
        () = asking => unreachable!("it goes on"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_survives_the_brokers_violent_death() -> Result<()> {
    const N_VOTES: usize = 200;
    let broker = broker().await?;
    let scope = broker.scope("violent death").await?;
    let queue = rabbit(&hasty(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    sleep(SETTLED).await;
    let votes = (0..N_VOTES).map(|n| {
        let publisher = publisher.clone();
        tokio::spawn(async move { (n, publish(&publisher, n.to_string()).await) })
    });
    let votes: Vec<_> = votes.collect();
    // Die as soon as a vote is confirmed, in the midst of others.
    publish(&publisher, "first").await?;
    broker.rabbitmq.kill();
    let mut stored = BTreeSet::from([Bytes::from("first")]);
    for vote in votes {
        let (n, answer) = timeout(LONG, vote).await??;
        if answer.is_ok() {
            stored.insert(Bytes::from(n.to_string()));
        }
    }
    broker.rabbitmq.start().await?;
    publish_until_stored(&publisher, "afterwards").await?;

    let mut consumer = consumer(&queue, &reviews);
    stored.insert("afterwards".into());
    while !stored.is_empty() {
        let delivery = next(&mut consumer).await.context(format!("{stored:?}"))?;
        for vote in votes_of(&delivery) {
            stored.remove(&vote);
        }
        consumer.ack(&[delivery.tag]).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_votes_are_refused_at_once_until_it_is_back() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("without a broker").await?;
    let queue = rabbit(&hasty(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    publish(&publisher, "before").await?;
    broker.rabbitmq.stop().await?;
    until("down", || is_down(&queue) && publisher.ready().is_err()).await?;
    for _ in 0..10 {
        let (answer, took) = timed_publish(&publisher, "during").await;
        let refused = matches!(answer, Err(PublishError::Refused(Refusal::Unreachable(_))));
        assert!(refused, "{answer:?}");
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
    let depth = queue.depth(&reviews).await;
    assert!(matches!(depth, Err(TopologyError::Unavailable(_))));
    broker.rabbitmq.start().await?;
    timeout(LONG, queue.until_up()).await?;
    let errors = publish_until_stored(&publisher, "after").await?;
    // Refused means: not in the queue.
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, PublishError::Refused(_))),
        "{errors:?}"
    );
    let mut consumer = consumer(&queue, &reviews);
    assert_eq!(texts(&next_n(&mut consumer, 2).await?), ["before", "after"]);
    expect_nothing(&mut consumer).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_may_start_before_the_broker() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("early").await?;
    broker.rabbitmq.stop().await?;
    let queue = Queue::rabbit(&hasty(&scope.amqp_url), &vote_domain::Ids::random())?;
    let reviews = BallotBox::reviews();
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    let answer = publish(&publisher, "too early").await;
    assert!(
        matches!(answer, Err(PublishError::Refused(_))),
        "{answer:?}"
    );
    broker.rabbitmq.start().await?;
    timeout(LONG, queue.until_up()).await?;
    queue.declare(&reviews).await?;
    publish_until_stored(&publisher, "in time").await?;
    assert_eq!(text_of(&next(&mut consumer).await?), "in time");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_lives_through_the_brokers_restart() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("restart").await?;
    let queue = rabbit(&hasty(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    publish_each(&publisher, &["a", "b", "c", "d"]).await?;
    let mut consumer = consumer(&queue, &reviews);
    let before = next_n(&mut consumer, 3).await?;
    consumer.ack(&[before[0].tag]).await;
    // The fourth has arrived and was not looked at: it must not come twice.
    sleep(QUIET).await;
    broker.rabbitmq.restart().await?;
    timeout(LONG, queue.until_up()).await?;

    // Tags of the former connection settle nothing, and harm nothing.
    consumer.ack(&[before[1].tag, before[2].tag]).await;
    let mut received = Vec::new();
    for _ in 0..3 {
        let delivery = next(&mut consumer).await?;
        assert!(delivery.redelivered);
        received.push(delivery);
    }
    // All three at once: a process that lived through it is not careful again.
    let mut again = texts(&received);
    again.sort();
    assert_eq!(again, ["b", "c", "d"]);
    let tags: Vec<_> = received.iter().map(|delivery| delivery.tag).collect();
    consumer.ack(&tags).await;
    consumer.ack(&[before[1].tag]).await;
    publish_until_stored(&publisher, "e").await?;
    assert_eq!(text_of(&next(&mut consumer).await?), "e");
    expect_nothing(&mut consumer).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_broker_leaves_votes_unknown_within_the_time_limit() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("frozen").await?;
    let queue = rabbit(&hasty(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    publish(&publisher, "before").await?;
    let before = next(&mut consumer).await?;
    consumer.ack(&[before.tag]).await;

    broker.rabbitmq.pause()?;
    let (answer, took) = timed_publish(&publisher, "doubtful").await;
    assert_eq!(answer, Err(PublishError::Unknown(Doubt::TimedOut)));
    assert!(took < Duration::from_secs(3), "{took:?}");
    // A shorter time limit of a vote's own holds too.
    let slot = publisher.reserve()?;
    let began = Clock::now();
    let deadline = Instant::now() + Duration::from_millis(300);
    let answer = slot.publish("hurried".into(), deadline, None).await;
    assert!(answer.is_err());
    assert!(began.elapsed() < Duration::from_secs(1));
    // Once every lane has tried, nothing is tried any more.
    until("the broker is given up", || {
        tokio::spawn({
            let publisher = publisher.clone();
            async move { publish(&publisher, "more").await }
        });
        publisher.ready().is_err()
    })
    .await?;
    let (answer, took) = timed_publish(&publisher, "refused").await;
    assert!(
        matches!(answer, Err(PublishError::Refused(_))),
        "{answer:?}"
    );
    assert!(took < Duration::from_millis(500), "{took:?}");
    sleep(Duration::from_secs(3)).await;
    broker.rabbitmq.resume()?;

    publish_until_stored(&publisher, "after").await?;
    let mut received = Vec::new();
    while received.last().map(String::as_str) != Some("after") {
        let delivery = next(&mut consumer).await?;
        consumer.ack(&[delivery.tag]).await;
        let votes = votes_of(&delivery);
        received.extend(
            votes
                .iter()
                .map(|vote| String::from_utf8_lossy(vote).into_owned()),
        );
    }
    assert!(!received.contains(&"refused".to_owned()), "{received:?}");
    // What followed the freeze is answered rightly: no late confirm was taken for another.
    publish_each(&publisher, &["x", "y", "z"]).await?;
    while received.last().map(String::as_str) != Some("z") {
        let delivery = next(&mut consumer).await?;
        consumer.ack(&[delivery.tag]).await;
        received.push(text_of(&delivery));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_broker_refuses_at_once_and_still_takes_acknowledgements() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("blocked").await?;
    let queue = rabbit(&hasty(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    publish_each(&publisher, &["a", "b"]).await?;
    block(&broker).await?;
    until("blocked", || {
        is_blocked(&queue) && publisher.ready().is_err()
    })
    .await?;
    for _ in 0..10 {
        let (answer, took) = timed_publish(&publisher, "during").await;
        let refused = matches!(answer, Err(PublishError::Refused(Refusal::Blocked(_))));
        assert!(refused, "{answer:?}");
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
    // The other connection goes on.
    assert_eq!(queue.health().consume, LinkHealth::Up);
    let mut consumer = consumer(&queue, &reviews);
    let deliveries = next_n(&mut consumer, 2).await?;
    assert_eq!(texts(&deliveries), ["a", "b"]);
    consumer.ack(&[deliveries[0].tag, deliveries[1].tag]).await;
    until_empty(&consumer).await?;
    // Longer than heartbeats: a blocked connection is not a dead one.
    sleep(Duration::from_secs(6)).await;
    assert!(is_blocked(&queue), "{:?}", queue.health());

    unblock(&broker).await?;
    timeout(LONG, queue.until_up()).await?;
    let errors = publish_until_stored(&publisher, "after").await?;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(text_of(&next(&mut consumer).await?), "after");
    expect_nothing(&mut consumer).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_vote_is_risked_on_a_broker_found_blocked() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("found blocked").await?;
    let reviews = BallotBox::reviews();
    let before = rabbit(&hasty(&scope.amqp_url)).await?;
    before.declare(&reviews).await?;
    before.close().await;
    block(&broker).await?;

    let queue = Queue::rabbit(&hasty(&scope.amqp_url), &vote_domain::Ids::random())?;
    let publisher = publisher(&queue, &reviews);
    until("blocked", || is_blocked(&queue)).await?;
    let (answer, took) = timed_publish(&publisher, "during").await;
    assert!(
        matches!(answer, Err(PublishError::Refused(_))),
        "{answer:?}"
    );
    assert!(took < Duration::from_millis(500), "{took:?}");
    // Longer than any answer may take: it waits on this connection rather than making others.
    sleep(Duration::from_secs(4)).await;
    assert!(is_blocked(&queue), "{:?}", queue.health());
    unblock(&broker).await?;
    timeout(LONG, queue.until_up()).await?;
    publish_until_stored(&publisher, "after").await?;
    let mut consumer = consumer(&queue, &reviews);
    assert_eq!(text_of(&next(&mut consumer).await?), "after");
    expect_nothing(&mut consumer).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_do_nothing_but_publish_votes_can_publish_votes() -> Result<()> {
    let broker = broker().await?;
    let scope = broker.scope("limited").await?;
    let mut settings = hasty(&scope.amqp_url);
    let reviews = BallotBox::reviews();
    rabbit(&settings).await?.declare(&reviews).await?;
    let (user, votes) = ("publisher", "^tally\\.votes$");
    broker.rabbitmqctl(&["add_user", user, user]).await?;
    broker
        .rabbitmqctl(&[
            "set_permissions",
            "-p",
            &scope.name,
            user,
            "^$",
            votes,
            "^$",
        ])
        .await?;
    settings.publish_url = settings
        .publish_url
        .replace("tally:tally@", "publisher:publisher@");
    let queue = rabbit(&settings).await?;
    let publisher = publisher(&queue, &reviews);
    // Longer than it takes to be greeted several times, and to be given up.
    for _ in 0..5 {
        publish(&publisher, "a vote").await?;
        sleep(Duration::from_secs(1)).await;
    }
    broker.rabbitmqctl(&["delete_user", user]).await?;
    Ok(())
}
