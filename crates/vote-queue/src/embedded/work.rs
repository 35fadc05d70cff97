//! The rules of the embedded queue, carried out on memory and file alike.

use super::command::{Command, Reply};
use super::faults::Dice;
use super::file::{FileError, Record, Tables};
use super::model::Model;
use crate::BallotBox;
use crate::consume::{Delivery, Order, Tag};
use crate::publish::{Fate, Parcel, Refusal};
use crate::queue::TopologyError;

/// What is the same for every message.
pub(super) struct Rules {
    pub(super) delivery_limit: u32,
    pub(super) dice: Dice,
}

/// One transaction's work on memory and file.
pub(super) struct Work<'a, 'txn> {
    pub(super) model: &'a mut Model,
    pub(super) rules: &'a mut Rules,
    pub(super) tables: &'a mut Tables<'txn>,
}

impl Work<'_, '_> {
    /// Carries out one command, and notes its answer for when that is durable.
    pub(super) fn carry_out(
        &mut self,
        command: Command,
        replies: &mut Vec<Reply>,
    ) -> Result<(), FileError> {
        match command {
            Command::Append(ballot_box, parcel, asker) => {
                // The reply is noted first: a failure must answer it too.
                replies.push(Reply::Fate(asker, Fate::Stored));
                if !self.append(&ballot_box, parcel)?
                    && let Some(Reply::Fate(_, fate)) = replies.last_mut()
                {
                    *fate = Fate::Refused(Refusal::Unroutable);
                }
            }
            Command::PutBack(ballot_box, parcel, asker) => {
                replies.push(Reply::Fate(asker, Fate::Stored));
                if !self.store(&ballot_box, parcel)?
                    && let Some(Reply::Fate(_, fate)) = replies.last_mut()
                {
                    *fate = Fate::Refused(Refusal::Unroutable);
                }
            }
            Command::Declare(ballot_box, asker) => {
                replies.push(Reply::Topology(asker, Ok(())));
                self.ensure_box(&ballot_box)?;
            }
            Command::Unbind(ballot_box, asker) => {
                replies.push(Reply::Topology(asker, Ok(())));
                if let Some(known) = self.model.boxes.get_mut(&ballot_box) {
                    known.bound = false;
                    self.tables.put_box(&ballot_box, false)?;
                }
            }
            Command::Delete(ballot_box, asker) => {
                replies.push(Reply::Topology(asker, Ok(())));
                self.delete(&ballot_box)?;
            }
            Command::Depth(ballot_box, asker) => {
                let depth = self.model.depth(&ballot_box);
                let depth = depth.ok_or(TopologyError::NoSuchBox);
                replies.push(Reply::Depth(asker, depth));
            }
            Command::Attach(attach, asker) => {
                let id = self.model.attach(attach.into());
                replies.push(Reply::Attached(asker, id));
            }
            Command::Order(id, order) => self.obey(id, order, replies)?,
            Command::Close(asker) => replies.push(Reply::Done(asker)),
        }
        Ok(())
    }

    fn obey(&mut self, id: u64, order: Order, replies: &mut Vec<Reply>) -> Result<(), FileError> {
        match order {
            Order::Acknowledge(tags, asker) => {
                replies.push(Reply::Done(asker));
                for (ballot_box, place) in self.give_up(id, &tags) {
                    if self.rules.dice.redelivers() {
                        self.hand_back(&ballot_box, place)?;
                    } else {
                        self.remove(&ballot_box, place)?;
                    }
                }
            }
            Order::Release(tags, asker) => {
                replies.push(Reply::Done(asker));
                for (ballot_box, place) in self.give_up(id, &tags) {
                    self.hand_back(&ballot_box, place)?;
                }
            }
            Order::Depth(asker) => {
                let consumer = self.model.consumers.get(&id);
                let depth = consumer.and_then(|consumer| self.model.depth(&consumer.ballot_box));
                replies.push(Reply::Depth(asker, depth.ok_or(TopologyError::NoSuchBox)));
            }
            Order::Stop(asker) => {
                replies.push(Reply::Done(asker));
                if let Some(mut consumer) = self.model.consumers.remove(&id) {
                    for place in consumer.lose_all() {
                        self.hand_back(&consumer.ballot_box, place)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// False if no such box is bound.
    fn append(&mut self, ballot_box: &BallotBox, parcel: Parcel) -> Result<bool, FileError> {
        let known = self.model.boxes.get(ballot_box);
        if !known.is_some_and(|known| known.bound) {
            return Ok(false);
        }
        self.store(ballot_box, parcel)
    }

    /// False if there is no such box; one that is not bound will do.
    fn store(&mut self, ballot_box: &BallotBox, parcel: Parcel) -> Result<bool, FileError> {
        let Some(known) = self.model.boxes.get_mut(ballot_box) else {
            return Ok(false);
        };
        let record = Record {
            body: parcel.body,
            origin: None,
            trace_parent: parcel.trace_parent,
        };
        let n_copies = if self.rules.dice.duplicates() { 2 } else { 1 };
        for _ in 0..n_copies {
            let place = known.next_place();
            self.tables.put(ballot_box, place, &record)?;
            known.ready.insert(place);
        }
        Ok(true)
    }

    pub(super) fn ensure_box(&mut self, ballot_box: &BallotBox) -> Result<(), FileError> {
        let known = self.model.boxes.entry(ballot_box.clone()).or_default();
        // The dead are sent, not published.
        let bound = *ballot_box != BallotBox::dead();
        if known.bound != bound || !bound {
            known.bound = bound;
            self.tables.put_box(ballot_box, bound)?;
        }
        Ok(())
    }

    fn delete(&mut self, ballot_box: &BallotBox) -> Result<(), FileError> {
        self.model.boxes.remove(ballot_box);
        for consumer in self.model.consumers.values_mut() {
            if consumer.ballot_box == *ballot_box {
                consumer.lose_all();
            }
        }
        self.tables.remove_box(ballot_box)?;
        Ok(())
    }

    fn give_up(&mut self, id: u64, tags: &[Tag]) -> Vec<(BallotBox, u64)> {
        let Some(consumer) = self.model.consumers.get_mut(&id) else {
            return Vec::new();
        };
        let ballot_box = consumer.ballot_box.clone();
        tags.iter()
            .filter_map(|tag| consumer.give_up(*tag))
            .map(|place| (ballot_box.clone(), place))
            .collect()
    }

    fn remove(&mut self, ballot_box: &BallotBox, place: u64) -> Result<(), FileError> {
        if let Some(known) = self.model.boxes.get_mut(ballot_box) {
            known.forget(place);
            self.tables.remove(ballot_box, place)?;
        }
        Ok(())
    }

    /// Lets the message be delivered again, unless it has been too often.
    fn hand_back(&mut self, ballot_box: &BallotBox, place: u64) -> Result<(), FileError> {
        let Some(known) = self.model.boxes.get_mut(ballot_box) else {
            return Ok(());
        };
        known.ready.insert(place);
        if known.n_deliveries(place) > self.rules.delivery_limit {
            self.bury(ballot_box, place)?;
        }
        Ok(())
    }

    /// Hands back all that a former process held.
    pub(super) fn return_all(&mut self) -> Result<(), FileError> {
        let boxes = self.model.boxes.iter();
        let held: Vec<_> = boxes
            .flat_map(|(ballot_box, known)| {
                let places = known.ready.iter();
                places.map(|place| (ballot_box.clone(), *place))
            })
            .collect();
        for (ballot_box, place) in held {
            self.hand_back(&ballot_box, place)?;
        }
        Ok(())
    }

    /// Moves a message to the dead; the dead themselves stay where they are.
    fn bury(&mut self, ballot_box: &BallotBox, place: u64) -> Result<(), FileError> {
        let dead = BallotBox::dead();
        if *ballot_box == dead {
            return Ok(());
        }
        if let Some(record) = self.tables.get(ballot_box, place)? {
            let record = Record {
                origin: Some(ballot_box.name().to_owned()),
                ..record
            };
            let known = self.model.boxes.entry(dead.clone()).or_default();
            let place = known.next_place();
            self.tables.put(&dead, place, &record)?;
            known.ready.insert(place);
        }
        self.remove(ballot_box, place)
    }

    /// Gives waiting messages to consumers that have room, in turn.
    pub(super) fn dispatch(
        &mut self,
        deliveries: &mut Vec<(u64, Delivery)>,
    ) -> Result<(), FileError> {
        let ids: Vec<u64> = self.model.consumers.keys().copied().collect();
        loop {
            let mut idle = true;
            for id in &ids {
                idle &= !self.dispatch_one(*id, deliveries)?;
            }
            if idle {
                return Ok(());
            }
        }
    }

    /// False if the consumer has no room, or nothing waits for it.
    fn dispatch_one(
        &mut self,
        id: u64,
        deliveries: &mut Vec<(u64, Delivery)>,
    ) -> Result<bool, FileError> {
        let Model {
            boxes, consumers, ..
        } = &mut *self.model;
        let Some(consumer) = consumers.get_mut(&id).filter(|c| c.has_room()) else {
            return Ok(false);
        };
        let ballot_box = consumer.ballot_box.clone();
        let Some(known) = boxes.get_mut(&ballot_box) else {
            return Ok(false);
        };
        let pick = self.rules.dice.pick(known.ready.len());
        let Some(place) = known.ready.iter().nth(pick).copied() else {
            return Ok(false);
        };
        if ballot_box != BallotBox::dead() && self.rules.dice.dead_letters() {
            self.bury(&ballot_box, place)?;
            return Ok(true);
        }
        known.ready.remove(&place);
        let Some(record) = self.tables.get(&ballot_box, place)? else {
            known.forget(place);
            return Ok(true);
        };
        let n_deliveries = known.count_delivery(place);
        self.tables
            .put_deliveries(&ballot_box, place, n_deliveries)?;
        let delivery = Delivery {
            body: record.body,
            redelivered: n_deliveries > 1,
            origin: record.origin,
            trace_parent: record.trace_parent,
            tag: consumer.take(place, n_deliveries),
        };
        deliveries.push((id, delivery));
        Ok(true)
    }
}
