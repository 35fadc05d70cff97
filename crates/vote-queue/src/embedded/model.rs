//! What the embedded queue holds in memory: which messages wait, and who holds which.
//! Bodies stay in the file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::file::Loaded;
use crate::BallotBox;
use crate::consume::{Delivery, Tag};
use crate::meter::ConsumeMeter;
use crate::queue::Depth;

/// Boxes and consumers.
#[derive(Default)]
pub(super) struct Model {
    pub(super) boxes: BTreeMap<BallotBox, BoxModel>,
    pub(super) consumers: BTreeMap<u64, ConsumerModel>,
    next_consumer: u64,
}

/// One box. A message's *place* in it is its order of arrival.
#[derive(Default)]
pub(super) struct BoxModel {
    pub(super) bound: bool,
    pub(super) ready: BTreeSet<u64>,
    n_deliveries: HashMap<u64, u32>,
    next_place: u64,
}

/// One consumer, and what it holds.
pub(super) struct ConsumerModel {
    pub(super) ballot_box: BallotBox,
    prefetch: usize,
    /// Takes one message at a time until the first that is no redelivery.
    careful: bool,
    /// Delivery number → place.
    unacked: BTreeMap<u64, u64>,
    next_number: u64,
    epoch: u64,
    shown_epoch: Arc<AtomicU64>,
    deliveries: mpsc::UnboundedSender<Delivery>,
    meter: ConsumeMeter,
}

impl Model {
    /// Takes over what the file says. All consumers lose what they hold, as if their
    /// connection had been lost.
    pub(super) fn reload(&mut self, loaded: Vec<Loaded>) {
        self.boxes = loaded
            .into_iter()
            .map(|loaded| (loaded.ballot_box.clone(), BoxModel::of(&loaded)))
            .collect();
        for consumer in self.consumers.values_mut() {
            consumer.lose_all();
        }
    }

    pub(super) fn attach(&mut self, consumer: ConsumerModel) -> u64 {
        self.next_consumer += 1;
        self.consumers.insert(self.next_consumer, consumer);
        self.next_consumer
    }

    pub(super) fn depth(&self, ballot_box: &BallotBox) -> Option<Depth> {
        let ready = &self.boxes.get(ballot_box)?.ready;
        let n_consumers = self
            .consumers
            .values()
            .filter(|consumer| consumer.ballot_box == *ballot_box)
            .count();
        Some(Depth {
            n_ready: u32::try_from(ready.len()).unwrap_or(u32::MAX),
            n_consumers: u32::try_from(n_consumers).unwrap_or(u32::MAX),
        })
    }
}

impl BoxModel {
    fn of(loaded: &Loaded) -> Self {
        let places = || loaded.messages.iter();
        Self {
            bound: loaded.bound,
            ready: places().map(|(place, _)| *place).collect(),
            n_deliveries: places().copied().filter(|(_, n)| *n > 0).collect(),
            next_place: places().last().map_or(0, |(place, _)| place + 1),
        }
    }

    pub(super) fn next_place(&mut self) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        place
    }

    pub(super) fn n_deliveries(&self, place: u64) -> u32 {
        self.n_deliveries.get(&place).copied().unwrap_or(0)
    }

    /// Counts one more delivery; returns how many there are now.
    pub(super) fn count_delivery(&mut self, place: u64) -> u32 {
        let n_deliveries = self.n_deliveries.entry(place).or_default();
        *n_deliveries += 1;
        *n_deliveries
    }

    pub(super) fn forget(&mut self, place: u64) {
        self.ready.remove(&place);
        self.n_deliveries.remove(&place);
    }
}

impl ConsumerModel {
    pub(super) fn new(
        ballot_box: BallotBox,
        prefetch: u16,
        deliveries: mpsc::UnboundedSender<Delivery>,
        shown_epoch: Arc<AtomicU64>,
    ) -> Self {
        Self {
            meter: ConsumeMeter::of(&ballot_box),
            ballot_box,
            prefetch: prefetch.into(),
            careful: true,
            unacked: BTreeMap::new(),
            next_number: 0,
            epoch: 0,
            shown_epoch,
            deliveries,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.unacked.len() < if self.careful { 1 } else { self.prefetch }
    }

    /// Notes that the message at `place` is delivered, for the `n`th time.
    pub(super) fn take(&mut self, place: u64, n_deliveries: u32) -> Tag {
        if n_deliveries == 1 {
            self.careful = false;
        }
        self.next_number += 1;
        self.unacked.insert(self.next_number, place);
        Tag {
            epoch: self.epoch,
            number: self.next_number,
        }
    }

    /// Gives up the message of `tag`; `None` if it is not held any more.
    pub(super) fn give_up(&mut self, tag: Tag) -> Option<u64> {
        if tag.epoch != self.epoch {
            return None;
        }
        self.unacked.remove(&tag.number)
    }

    /// Gives up everything, and makes what was delivered stale.
    pub(super) fn lose_all(&mut self) -> Vec<u64> {
        self.epoch += 1;
        self.shown_epoch.store(self.epoch, Ordering::Release);
        std::mem::take(&mut self.unacked).into_values().collect()
    }

    pub(super) fn deliver(&self, delivery: Delivery) {
        self.meter.delivered(&delivery);
        // The consumer may be gone; then its last order is on the way.
        let _ = self.deliveries.send(delivery);
    }
}
