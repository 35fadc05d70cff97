//! What a cluster of brokers does to its clients while nodes come and go.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use test_stack::{Stack, TestScope};
use tokio::time::{sleep, timeout};
use vote_queue::{BallotBox, RabbitSettings, TopologyError};

use super::{hasty, publish_until_stored};
use crate::bench::{LONG, consumer, next, publish, publisher, rabbit, until_empty, votes_of};

/// Brokers that hold a box.
const N_BROKERS: usize = 3;

fn clustered(url: &str) -> RabbitSettings {
    RabbitSettings {
        members: Some(3),
        ..hasty(url)
    }
}

/// Which broker leads `ballot_box`.
async fn leader(stack: &Stack, scope: &TestScope, ballot_box: &BallotBox) -> Result<usize> {
    let args = ["-q", "list_queues", "-p", &scope.name, "name", "leader"];
    let queues = stack.rabbitmqctl(&args).await?;
    let line = queues
        .lines()
        .find(|line| line.starts_with(ballot_box.name()));
    let line = line.with_context(|| format!("no box in {queues}"))?;
    let leads = |port: u16| line.contains(&format!("tally{port}@"));
    let brokers = stack.brokers();
    let leader = brokers.iter().position(|broker| leads(broker.port()));
    leader.with_context(|| format!("nobody leads: {line}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_outlives_each_broker_in_turn() -> Result<()> {
    let stack = Stack::start_cluster().await?;
    let scope = stack.scope("each in turn").await?;
    let queue = rabbit(&clustered(&scope.amqp_url)).await?;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    let mut stored = BTreeSet::new();
    let mut received = BTreeSet::new();
    for n in 0..2 * N_BROKERS {
        let broker = stack.brokers()[n % N_BROKERS];
        let vote = |when: &str| format!("{when} {n}");
        publish_until_stored(&publisher, &vote("before")).await?;
        if n < N_BROKERS {
            broker.kill();
        } else {
            stack.cut_off_broker(n % N_BROKERS).await?;
        }
        // Two of three go on, whichever it was.
        publish_until_stored(&publisher, &vote("without")).await?;
        stored.extend([vote("before"), vote("without")]);
        if n < N_BROKERS {
            broker.start().await?;
        } else {
            stack.rejoin_broker(n % N_BROKERS).await?;
        }
        stack.start_brokers().await?;
        let all_came = async {
            while !stored.is_subset(&received) {
                let delivery = next(&mut consumer).await?;
                let votes = votes_of(&delivery).into_iter();
                received.extend(votes.map(|vote| String::from_utf8_lossy(&vote).into_owned()));
                consumer.ack(&[delivery.tag]).await;
            }
            anyhow::Ok(())
        };
        let all_came = timeout(2 * LONG, all_came).await;
        all_came.with_context(|| format!("broker {n}: {stored:?} {received:?}"))??;
    }
    timeout(LONG, queue.until_up()).await?;
    until_empty(&consumer).await
}

/// The last broker's own view is that nothing waits and nobody else consumes; what the
/// others agree on meanwhile, it does not know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_without_its_followers_does_not_call_a_box_empty() -> Result<()> {
    let stack = Stack::start_cluster().await?;
    let scope = stack.scope("without followers").await?;
    let reviews = BallotBox::reviews();
    let all = rabbit(&clustered(&scope.amqp_url)).await?;
    all.declare(&reviews).await?;
    sleep(Duration::from_secs(1)).await;
    let leader = leader(&stack, &scope, &reviews).await?;
    let port = stack.brokers()[leader].port();
    let url = format!("amqp://tally:tally@127.0.0.1:{port}/{}", scope.name);
    let queue = rabbit(&clustered(&url)).await?;
    let publisher = publisher(&queue, &reviews);
    let mut consumer = consumer(&queue, &reviews);
    publish(&publisher, "a vote").await?;
    let delivery = next(&mut consumer).await?;
    consumer.ack(&[delivery.tag]).await;
    until_empty(&consumer).await?;

    let followers = (0..N_BROKERS).filter(|n| *n != leader);
    for n in followers.clone() {
        stack.brokers()[n].pause()?;
    }
    let alone = consumer.depth().await;
    let passive = queue.depth(&reviews).await;
    for n in followers {
        stack.brokers()[n].resume()?;
    }
    println!("a passive declare says {passive:?}");
    ensure!(
        matches!(alone, Err(TopologyError::Unavailable(_))),
        "it said {alone:?}"
    );
    // And it is told again when they are back.
    timeout(2 * LONG, async {
        while consumer.depth().await.is_err() {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await?;
    until_empty(&consumer).await
}
