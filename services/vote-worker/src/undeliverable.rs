//! The broker's own dead letters: what was delivered too often, because whatever it did
//! ended the worker before a reason could be given. Moved, undecoded, into SQL.
//!
//! No worker stays attached to that queue: each looks, takes what is there, and goes. So
//! whoever closes a campaign can tell, as for the campaign's own box, that nobody holds
//! anything of it.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use vote_queue::BallotBox;
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

/// The longest name of a box that SQL holds. The boxes of Tally have shorter ones; the
/// broker hands on whatever name a queue or a header had.
const NAME_CHARS_MAX: usize = 100;

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
            // It is declared with the first box. Where it is gone, the broker keeps what it gave
            // up on within the box it came from, where nobody sees it.
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
                let letter = letter(delivery.origin.as_deref(), &delivery.body);
                if !self.keep(&dead, letter, stop).await {
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

/// The letter for what the broker gave up on in the queue `origin`.
fn letter(origin: Option<&str>, body: &Bytes) -> NewDeadLetter {
    let dead = BallotBox::dead();
    let origin = origin.unwrap_or_else(|| dead.name());
    let ballot_box: String = origin.chars().take(NAME_CHARS_MAX).collect();
    let mut detail = "delivered too often without being acknowledged".to_owned();
    if ballot_box != origin {
        detail.push_str(", in ");
        detail.push_str(origin);
    }
    NewDeadLetter {
        ballot_box,
        kind: LetterKind::Message,
        bytes: body.to_vec(),
        reason: "undeliverable",
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_sql_cannot_hold_is_cut_and_told_in_full() {
        let body = Bytes::from_static(b"lost");
        let long = "ä".repeat(200);
        let of_stranger = letter(Some(&long), &body);
        assert_eq!(of_stranger.ballot_box, "ä".repeat(NAME_CHARS_MAX));
        assert!(of_stranger.detail.ends_with(&long));
        let campaign = BallotBox::campaign(uuid::Uuid::max());
        assert_eq!(
            letter(Some(campaign.name()), &body).ballot_box,
            campaign.name()
        );
        assert_eq!(letter(None, &body).ballot_box, BallotBox::dead().name());
    }
}
