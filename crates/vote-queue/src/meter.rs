//! What the queue counts. Every name begins with `tally_queue_`; `box` is the ballot box.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::BallotBox;
use crate::consume::Delivery;
use crate::publish::PublishError;

/// Counts what one publisher sends.
#[derive(Clone)]
pub(crate) struct PublishMeter {
    ballot_box: String,
    batches: Counter,
    votes: Counter,
    confirm_seconds: Histogram,
    waiting: Gauge,
}

impl PublishMeter {
    pub(crate) fn of(ballot_box: &BallotBox) -> Self {
        let ballot_box = ballot_box.name().to_owned();
        Self {
            batches: counter!("tally_queue_published_batches_total", "box" => ballot_box.clone()),
            votes: counter!("tally_queue_published_votes_total", "box" => ballot_box.clone()),
            confirm_seconds: histogram!("tally_queue_confirm_seconds", "box" => ballot_box.clone()),
            waiting: gauge!("tally_queue_waiting_votes", "box" => ballot_box.clone()),
            ballot_box,
        }
    }

    pub(crate) fn published(&self, n_votes: usize, took: Duration) {
        self.batches.increment(1);
        self.votes.increment(n_votes as u64);
        self.confirm_seconds.record(took);
    }

    /// Counts a vote whose caller was told `error`.
    pub(crate) fn failed(&self, error: &PublishError) {
        let (name, reason) = match error {
            PublishError::Refused(refusal) => ("tally_queue_refused_votes_total", refusal.label()),
            PublishError::Unknown(doubt) => ("tally_queue_unknown_votes_total", doubt.label()),
        };
        counter!(name, "box" => self.ballot_box.clone(), "reason" => reason).increment(1);
    }

    /// One more vote waits, until what is returned is dropped.
    pub(crate) fn waiting(&self) -> Waiting {
        self.waiting.increment(1);
        Waiting(self.waiting.clone())
    }
}

/// A vote that is counted as waiting.
pub(crate) struct Waiting(Gauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Counts what one consumer receives.
#[derive(Clone)]
pub(crate) struct ConsumeMeter {
    deliveries: Counter,
    redeliveries: Counter,
}

impl ConsumeMeter {
    pub(crate) fn of(ballot_box: &BallotBox) -> Self {
        let ballot_box = ballot_box.name().to_owned();
        Self {
            deliveries: counter!("tally_queue_deliveries_total", "box" => ballot_box.clone()),
            redeliveries: counter!("tally_queue_redeliveries_total", "box" => ballot_box),
        }
    }

    pub(crate) fn delivered(&self, delivery: &Delivery) {
        self.deliveries.increment(1);
        if delivery.redelivered {
            self.redeliveries.increment(1);
        }
    }
}

/// Counts a connection that was lost or could not be made; `link` is `publish` or `consume`.
pub(crate) fn reconnecting(link: &'static str) {
    counter!("tally_queue_reconnects_total", "link" => link).increment(1);
}
