//! What the embedded queue has of its own: one file, one process, faults on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::future::try_join_all;
use futures::poll;
use tempfile::TempDir;
use tokio::time::Instant;
use vote_queue::{BallotBox, Doubt, EmbeddedSettings, Faults, PublishError, Queue};

use crate::bench::{
    consumer, expect_nothing, next, next_n, publish, publish_each, publisher, text_of, texts,
    votes_of,
};

/// A queue in `folder` with `faults`.
async fn open(folder: &TempDir, faults: Faults) -> Result<Queue> {
    let queue = Queue::embedded(EmbeddedSettings {
        faults,
        ..EmbeddedSettings::at(folder.path().join("queue"))
    })
    .await?;
    queue.declare(&BallotBox::reviews()).await?;
    Ok(queue)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_vote_is_in_the_file_at_that_moment() -> Result<()> {
    let (folder, crashed) = (TempDir::new()?, TempDir::new()?);
    let queue = open(&folder, Faults::none()).await?;
    let reviews = BallotBox::reviews();
    let publisher = publisher(&queue, &reviews);
    let votes: BTreeSet<String> = (0..300).map(|n| format!("vote {n}")).collect();
    try_join_all(votes.iter().map(|vote| publish(&publisher, vote.clone()))).await?;
    // What a process killed now would leave behind.
    let name = "queue";
    std::fs::copy(folder.path().join(name), crashed.path().join(name))?;

    let after = open(&crashed, Faults::none()).await?;
    let mut consumer = consumer(&after, &reviews);
    let mut received = BTreeSet::new();
    while received.len() < votes.len() {
        let delivery = next(&mut consumer).await?;
        for vote in votes_of(&delivery) {
            assert!(received.insert(String::from_utf8(vote.to_vec())?));
        }
        consumer.ack(&[delivery.tag]).await;
    }
    assert_eq!(received, votes);
    expect_nothing(&mut consumer).await;
    Ok(())
}

/// Whoever closes a box relies on it: a queue that is deleted confirms what it could not store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirm_that_is_found_after_the_deadline_is_none_to_go_by() -> Result<()> {
    let folder = TempDir::new()?;
    let queue = open(&folder, Faults::none()).await?;
    let reviews = BallotBox::reviews();
    let publisher = publisher(&queue, &reviews);
    let deadline = Instant::now() + Duration::from_secs(1);
    let publishing = publisher
        .reserve()?
        .publish(Bytes::from_static(b"late"), deadline, None);
    let mut publishing = pin!(publishing);
    assert!(poll!(&mut publishing).is_pending());
    // Whoever waits stands still; the vote is stored and confirmed meanwhile.
    let mut consumer = consumer(&queue, &reviews);
    assert_eq!(votes_of(&next(&mut consumer).await?), ["late"]);
    std::thread::sleep(deadline + Duration::from_millis(100) - Instant::now());
    let outcome = publishing.await;
    assert!(
        matches!(outcome, Err(PublishError::Unknown(Doubt::TimedOut))),
        "{outcome:?}"
    );
    Ok(())
}

#[tokio::test]
async fn one_process_at_a_time_has_the_file() -> Result<()> {
    let folder = TempDir::new()?;
    let queue = open(&folder, Faults::none()).await?;
    let settings = EmbeddedSettings::at(folder.path().join("queue"));
    assert!(Queue::embedded(settings.clone()).await.is_err());
    queue.close().await;
    Queue::embedded(settings).await?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_queue_is_refused() -> Result<()> {
    let folder = TempDir::new()?;
    let path = folder.path().join("queue");
    std::fs::write(&path, "not a queue ".repeat(1_000))?;
    assert!(Queue::embedded(EmbeddedSettings::at(&path)).await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_faults_every_vote_arrives_though_not_once_nor_in_order() -> Result<()> {
    const N_VOTES: usize = 200;
    let folder = TempDir::new()?;
    let queue = open(&folder, Faults::nasty(1)).await?;
    let reviews = BallotBox::reviews();
    let publisher = publisher(&queue, &reviews);
    for n in 0..N_VOTES {
        publish(&publisher, format!("{n:03}")).await?;
    }
    let mut consumer = consumer(&queue, &reviews);
    let mut received = Vec::new();
    let (mut n_times, mut n_redelivered) = (BTreeMap::<String, usize>::new(), 0);
    loop {
        let delivery = next(&mut consumer).await?;
        let text = text_of(&delivery);
        *n_times.entry(text.clone()).or_default() += 1;
        n_redelivered += usize::from(delivery.redelivered);
        received.push(text);
        consumer.ack(&[delivery.tag]).await;
        let depth = queue.depth(&reviews).await?;
        if depth.n_ready == 0 && n_times.len() == N_VOTES {
            break;
        }
    }
    assert!(n_redelivered > 10, "{n_redelivered} redelivered");
    let n_more_than_once = n_times.values().filter(|n| **n > 1).count();
    assert!(n_more_than_once > n_redelivered / 2, "{n_more_than_once}");
    assert!(!received.is_sorted());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_faults() -> Result<()> {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let folder = TempDir::new()?;
        let queue = open(&folder, Faults::nasty(seed)).await?;
        let reviews = BallotBox::reviews();
        let votes = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        publish_each(&publisher(&queue, &reviews), &votes).await?;
        let mut consumer = consumer(&queue, &reviews);
        let mut received = Vec::new();
        for _ in 0..votes.len() {
            let delivery = next(&mut consumer).await?;
            received.push(text_of(&delivery));
            consumer.ack(&[delivery.tag]).await;
        }
        runs.push(received);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_dead_lettered_by_a_fault_keeps_its_origin() -> Result<()> {
    let folder = TempDir::new()?;
    let faults = Faults {
        dead_letter: 1.0,
        ..Faults::none()
    };
    let queue = open(&folder, faults).await?;
    let reviews = BallotBox::reviews();
    publish_each(&publisher(&queue, &reviews), &["a", "b"]).await?;
    let mut alive = consumer(&queue, &reviews);
    let mut dead = consumer(&queue, &BallotBox::dead());
    let deliveries = next_n(&mut dead, 2).await?;
    assert_eq!(texts(&deliveries), ["a", "b"]);
    for delivery in deliveries {
        assert_eq!(delivery.origin.as_deref(), Some(reviews.name()));
    }
    expect_nothing(&mut alive).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_crashed_over_too_often_is_dead_at_the_next_opening() -> Result<()> {
    let folder = TempDir::new()?;
    let settings = EmbeddedSettings {
        delivery_limit: 1,
        ..EmbeddedSettings::at(folder.path().join("queue"))
    };
    let reviews = BallotBox::reviews();
    for opening in 0..2 {
        let queue = Queue::embedded(settings.clone()).await?;
        queue.declare(&reviews).await?;
        if opening == 0 {
            publish_each(&publisher(&queue, &reviews), &["poison", "never delivered"]).await?;
        }
        // The second waits behind the first, and no crash is counted against it.
        let settings = vote_queue::ConsumerSettings { prefetch: 1 };
        let mut consumer = queue.consumer(&reviews, &settings);
        assert_eq!(text_of(&next(&mut consumer).await?), "poison");
        queue.close().await;
    }
    let queue = Queue::embedded(settings).await?;
    let mut dead = consumer(&queue, &BallotBox::dead());
    assert_eq!(text_of(&next(&mut dead).await?), "poison");
    let mut alive = consumer(&queue, &reviews);
    let delivery = next(&mut alive).await?;
    assert_eq!(text_of(&delivery), "never delivered");
    assert!(!delivery.redelivered);
    Ok(())
}
