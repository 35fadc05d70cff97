//! The broker's own dead letters: what was delivered too often, because whatever it did
//! ended the worker before a reason could be given. Moved, undecoded, into SQL.
//!
//! No worker stays attached to that queue: each looks, takes what is there, and goes. So
//! whoever closes a campaign can tell, as for the campaign's own box, that nobody holds
//! anything of it.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use vote_queue::{BallotBox, Delivery, TopologyError};
use vote_store::dead_letters::{LetterKind, NewDeadLetter};

use crate::retry::jittered;
use crate::silence::Silence;
use crate::worker::Worker;

/// How often a worker looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The longest one sweep takes without finding anything.
const SWEEP_WITHIN: Duration = Duration::from_secs(5);

/// How long the queue must give nothing before it is looked into.
const SWEEP_WAIT: Duration = Duration::from_millis(50);

impl Worker {
    /// Moves what the broker gave up on, whenever there is something, until `stop`.
    pub(crate) async fn look_for_dead(self, stop: CancellationToken) {
        loop {
            let wait = tokio::time::sleep(jittered(LOOK_EVERY, &self.ids));
            if stop.run_until_cancelled(wait).await.is_none() {
                return;
            }
            let depth = self.queue.depth(&BallotBox::dead()).await;
            if depth.is_ok_and(|depth| depth.n_ready > 0) {
                self.sweep_dead(&stop).await;
            }
        }
    }

    /// Moves what the broker gave up on into SQL. True if nothing is left there then, and
    /// nobody else holds anything of it.
    pub(crate) async fn sweep_dead(&self, stop: &CancellationToken) -> bool {
        let dead = BallotBox::dead();
        // Two sweeps of one process would each take the other for a stranger.
        let _alone = self.sweeping.lock().await;
        match self.queue.depth(&dead).await {
            Ok(_) => {}
            // It is declared with the first box.
            Err(TopologyError::NoSuchBox) => return true,
            Err(error) => {
                tracing::warn!(%error, "dead letters not looked into");
                return false;
            }
        }
        let mut consumer = self.queue.consumer(&dead, &self.consumer_settings());
        let mut silence = Silence::of(Duration::ZERO);
        let mut until = Instant::now() + SWEEP_WITHIN;
        while Instant::now() < until && !stop.is_cancelled() {
            if let Ok(delivery) = timeout(SWEEP_WAIT, consumer.recv()).await {
                let Some(delivery) = delivery else { break };
                if !self.keep(&dead, letter(&delivery), stop).await {
                    break;
                }
                consumer.ack(&[delivery.tag]).await;
                silence.broken();
                until = Instant::now() + SWEEP_WITHIN;
                continue;
            }
            if silence.is_enough() {
                break;
            }
            let depth = consumer.depth().await;
            silence.read(&depth, Instant::now());
            // Two that wait for each other to go would wait for long.
            if depth.is_ok_and(|depth| depth.n_ready == 0 && depth.n_consumers > 1) {
                break;
            }
        }
        consumer.stop().await;
        silence.is_enough()
    }
}

fn letter(delivery: &Delivery) -> NewDeadLetter {
    let origin = delivery.origin.clone();
    NewDeadLetter {
        ballot_box: origin.unwrap_or_else(|| BallotBox::dead().name().to_owned()),
        kind: LetterKind::Message,
        bytes: delivery.body.to_vec(),
        reason: "undeliverable",
        detail: "delivered too often without being acknowledged".to_owned(),
    }
}
