//! Tests with a disk that fails.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redb::backends::FileBackend;
use redb::{Database, StorageBackend};
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use super::broker::Broker;
use super::file::File;
use super::{EmbeddedQueue, EmbeddedSettings};
use crate::{
    BallotBox, Consumer, ConsumerSettings, Delivery, Doubt, LinkHealth, PublishError, Publisher,
    PublisherSettings, Queue, TopologyError,
};

const LONG: Duration = Duration::from_secs(20);

/// A file that takes nothing while the disk is full.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn check(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.file.write(offset, data)
    }
}

fn frame(votes: &[Bytes]) -> Bytes {
    votes.concat().into()
}

async fn queue_on(folder: &TempDir, full: &Arc<AtomicBool>) -> Queue {
    let path = folder.path().join("queue");
    let (settings, full) = (EmbeddedSettings::at(&path), full.clone());
    let open = move || {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let disk = Disk {
            file: FileBackend::new(file)?,
            full: full.clone(),
        };
        File::prepare(Database::builder().create_with_backend(disk)?)
    };
    let queue =
        EmbeddedQueue::start(move |trouble| Broker::open_with(Box::new(open), settings, trouble));
    Queue::Embedded(queue.await.unwrap())
}

async fn publish(publisher: &Publisher, vote: &'static str) -> Result<(), PublishError> {
    let slot = publisher.reserve().unwrap();
    slot.publish(vote.into(), Instant::now() + LONG, None).await
}

async fn next(consumer: &mut Consumer) -> Delivery {
    timeout(LONG, consumer.recv()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_no_vote_and_heals_by_itself() {
    let (folder, full) = (TempDir::new().unwrap(), Arc::new(AtomicBool::new(false)));
    let queue = queue_on(&folder, &full).await;
    let reviews = BallotBox::reviews();
    queue.declare(&reviews).await.unwrap();
    let publisher = queue.publisher(&reviews, &PublisherSettings::default(), frame);
    let mut consumer = queue.consumer(&reviews, &ConsumerSettings::default());
    publish(&publisher, "before").await.unwrap();
    let before = next(&mut consumer).await;

    full.store(true, Ordering::SeqCst);
    let doubtful = publish(&publisher, "doubtful").await;
    assert!(
        matches!(doubtful, Err(PublishError::Unknown(Doubt::Storage(_)))),
        "{doubtful:?}"
    );
    assert!(matches!(queue.health().publish, LinkHealth::Down(_)));
    let began = Instant::now();
    let refused = publish(&publisher, "refused").await;
    assert!(
        matches!(refused, Err(PublishError::Refused(_))),
        "{refused:?}"
    );
    assert!(began.elapsed() < Duration::from_millis(500));
    // The acknowledgement is lost, as over a broken connection.
    consumer.ack(&[before.tag]).await;
    let depth = queue.depth(&reviews).await;
    assert!(matches!(depth, Err(TopologyError::Unavailable(_))));

    full.store(false, Ordering::SeqCst);
    timeout(LONG, queue.until_up()).await.unwrap();
    // Lanes hear of it a moment later.
    while publisher.ready().is_err() {
        tokio::task::yield_now().await;
    }
    publish(&publisher, "after").await.unwrap();
    let again = next(&mut consumer).await;
    assert_eq!((again.body, again.redelivered), (before.body, true));
    consumer.ack(&[again.tag]).await;
    let mut received = Vec::new();
    while received.last().is_none_or(|body| body != "after") {
        let delivery = next(&mut consumer).await;
        consumer.ack(&[delivery.tag]).await;
        received.push(delivery.body);
    }
    assert!(!received.contains(&Bytes::from("refused")), "{received:?}");
    publisher.drain().await;
    consumer.stop().await;
    queue.close().await;
}
