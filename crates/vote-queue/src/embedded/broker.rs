//! The thread that owns the file: gathers commands, carries them out in one transaction,
//! delivers, and answers once that is durable.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::faults::Dice;
use super::file::{File, FileError, OpenError, Record, Tables};
use super::model::{ConsumerModel, Model};
use super::{EmbeddedSettings, TroubleSender};
use crate::BallotBox;
use crate::consume::{Delivery, Order, Tag};
use crate::publish::{Doubt, Fate, Parcel, Refusal};
use crate::queue::{Depth, TopologyError};

/// Most commands in one transaction.
const COMMANDS_MAX: usize = 1024;
/// Pause between two attempts to open a file that failed.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);

type Answer<T> = oneshot::Sender<Result<T, TopologyError>>;

/// What is asked of the thread.
pub(super) enum Command {
    Append(BallotBox, Parcel, oneshot::Sender<Fate>),
    Declare(BallotBox, Answer<()>),
    Unbind(BallotBox, Answer<()>),
    Delete(BallotBox, Answer<()>),
    Depth(BallotBox, Answer<Depth>),
    Attach(Attach, oneshot::Sender<u64>),
    /// What the consumer of this number orders.
    Order(u64, Order),
    Close(oneshot::Sender<()>),
}

/// A new consumer.
pub(super) struct Attach {
    pub(super) ballot_box: BallotBox,
    pub(super) prefetch: u16,
    pub(super) deliveries: mpsc::UnboundedSender<Delivery>,
    pub(super) epoch: Arc<AtomicU64>,
}

/// What is answered once the transaction is durable, or once it failed.
enum Reply {
    Fate(oneshot::Sender<Fate>, Fate),
    Topology(Answer<()>, Result<(), TopologyError>),
    Depth(Answer<Depth>, Result<Depth, TopologyError>),
    Attached(oneshot::Sender<u64>, u64),
    Done(oneshot::Sender<()>),
}

impl Reply {
    /// Whoever asked may be gone; then nobody waits for the answer.
    fn send(self) {
        match self {
            Self::Fate(asker, fate) => drop(asker.send(fate)),
            Self::Topology(asker, outcome) => drop(asker.send(outcome)),
            Self::Depth(asker, outcome) => drop(asker.send(outcome)),
            Self::Attached(asker, id) => drop(asker.send(id)),
            Self::Done(asker) => drop(asker.send(())),
        }
    }

    /// The transaction failed: what would have been done may or may not be.
    fn fail(self, reason: &Arc<str>) {
        let unavailable = || TopologyError::Unavailable(reason.clone());
        match self {
            Self::Fate(asker, Fate::Stored) => {
                Self::Fate(asker, Fate::Unknown(Doubt::Storage(reason.clone())))
            }
            Self::Topology(asker, Ok(())) => Self::Topology(asker, Err(unavailable())),
            Self::Depth(asker, Ok(_)) => Self::Depth(asker, Err(unavailable())),
            other => other,
        }
        .send();
    }
}

/// Opens the file, as often as needed.
pub(super) type Opener = Box<dyn Fn() -> Result<File, FileError> + Send>;

pub(super) struct Broker {
    open: Opener,
    /// `None` after a failure, until it could be opened anew.
    file: Option<File>,
    model: Model,
    rules: Rules,
    trouble: TroubleSender,
}

struct Rules {
    delivery_limit: u32,
    dice: Dice,
}

impl Broker {
    pub(super) fn open(
        settings: EmbeddedSettings,
        trouble: TroubleSender,
    ) -> Result<Self, OpenError> {
        let path = settings.path.clone();
        Self::open_with(Box::new(move || File::open(&path)), settings, trouble)
    }

    /// Opens whatever `open` opens, now and after each failure.
    pub(super) fn open_with(
        open: Opener,
        settings: EmbeddedSettings,
        trouble: TroubleSender,
    ) -> Result<Self, OpenError> {
        let mut broker = Self {
            open,
            file: None,
            model: Model::default(),
            rules: Rules {
                delivery_limit: settings.delivery_limit,
                dice: Dice::new(settings.faults),
            },
            trouble,
        };
        broker
            .reopen()
            .map_err(|error| OpenError(error.to_string()))?;
        Ok(broker)
    }

    /// Works until it is told to close, or nobody is left to ask.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let first = match self.file {
                Some(_) => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
                None => commands.recv_timeout(REOPEN_PAUSE),
            };
            let first = match first {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.file.is_none()
                && first.is_none()
                && let Err(error) = self.reopen()
            {
                self.fail(&error);
                continue;
            }
            let gathered = first.into_iter().chain(commands.try_iter());
            let mut batch: Vec<Command> = gathered.take(COMMANDS_MAX).collect();
            let close = batch
                .iter()
                .position(|command| matches!(command, Command::Close(_)))
                .map(|at| batch.drain(at..).next());
            self.carry_out(batch);
            if let Some(Some(Command::Close(done))) = close {
                drop(self);
                // Whoever asked may be gone.
                let _ = done.send(());
                return;
            }
        }
    }

    /// Opens the file and takes over what it holds.
    fn reopen(&mut self) -> Result<(), FileError> {
        let file = (self.open)()?;
        self.model.reload(file.load()?);
        let transaction = file.begin()?;
        let mut tables = Tables::open(&transaction)?;
        let mut work = Work {
            model: &mut self.model,
            rules: &mut self.rules,
            tables: &mut tables,
        };
        work.ensure_box(&BallotBox::dead())?;
        work.return_all()?;
        let mut deliveries = Vec::new();
        work.dispatch(&mut deliveries)?;
        drop(tables);
        transaction.commit()?;
        self.file = Some(file);
        self.trouble.send_replace(None);
        self.deliver(deliveries);
        Ok(())
    }

    fn carry_out(&mut self, batch: Vec<Command>) {
        if batch.is_empty() {
            return;
        }
        let (mut commands, mut replies) = (batch.into_iter(), Vec::new());
        match self.transact(&mut commands, &mut replies) {
            Ok(deliveries) => {
                replies.into_iter().for_each(Reply::send);
                self.deliver(deliveries);
            }
            Err(Trouble::File(error)) => {
                let reason = self.fail(&error);
                replies.into_iter().for_each(|reply| reply.fail(&reason));
                commands.for_each(|command| self.refuse(command, &reason));
            }
            Err(Trouble::Closed) => {
                let reason = self.trouble.borrow().clone();
                let reason = reason.unwrap_or_else(|| "the file is not open".into());
                commands.for_each(|command| self.refuse(command, &reason));
            }
        }
    }

    fn transact(
        &mut self,
        commands: &mut std::vec::IntoIter<Command>,
        replies: &mut Vec<Reply>,
    ) -> Result<Vec<(u64, Delivery)>, Trouble> {
        let file = self.file.as_ref().ok_or(Trouble::Closed)?;
        let transaction = file.begin()?;
        let mut tables = Tables::open(&transaction).map_err(FileError::from)?;
        let mut work = Work {
            model: &mut self.model,
            rules: &mut self.rules,
            tables: &mut tables,
        };
        let mut deliveries = Vec::new();
        for command in commands {
            work.carry_out(command, replies)?;
        }
        work.dispatch(&mut deliveries)?;
        let changed = tables.changed;
        drop(tables);
        if changed {
            transaction.commit().map_err(FileError::from)?;
        } else {
            transaction.abort().map_err(FileError::from)?;
        }
        Ok(deliveries)
    }

    fn deliver(&self, deliveries: Vec<(u64, Delivery)>) {
        for (consumer, delivery) in deliveries {
            if let Some(consumer) = self.model.consumers.get(&consumer) {
                consumer.deliver(delivery);
            }
        }
    }

    /// Lets go of the file. What memory says is not to be trusted until it is opened anew.
    fn fail(&mut self, error: &FileError) -> Arc<str> {
        let reason: Arc<str> = error.to_string().into();
        tracing::error!(%reason, "the queue's file failed; it is opened anew");
        self.file = None;
        self.trouble.send_replace(Some(reason.clone()));
        reason
    }

    /// Answers a command while there is no file.
    fn refuse(&mut self, command: Command, reason: &Arc<str>) {
        let unavailable = || Err(TopologyError::Unavailable(reason.clone()));
        match command {
            Command::Append(_, _, asker) => {
                let fate = Fate::Refused(Refusal::Unreachable(reason.clone()));
                Reply::Fate(asker, fate)
            }
            Command::Declare(_, asker) | Command::Unbind(_, asker) | Command::Delete(_, asker) => {
                Reply::Topology(asker, unavailable())
            }
            Command::Depth(_, asker) | Command::Order(_, Order::Depth(asker)) => {
                let unavailable = Err(TopologyError::Unavailable(reason.clone()));
                Reply::Depth(asker, unavailable)
            }
            Command::Attach(attach, asker) => {
                Reply::Attached(asker, self.model.attach(attach.into()))
            }
            Command::Order(id, Order::Stop(asker)) => {
                self.model.consumers.remove(&id);
                Reply::Done(asker)
            }
            // All that was delivered is delivered again.
            Command::Order(_, Order::Acknowledge(_, asker) | Order::Release(_, asker))
            | Command::Close(asker) => Reply::Done(asker),
        }
        .send();
    }
}

enum Trouble {
    Closed,
    File(FileError),
}

impl<E: Into<FileError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::File(error.into())
    }
}

impl From<Attach> for ConsumerModel {
    fn from(attach: Attach) -> Self {
        Self::new(
            attach.ballot_box,
            attach.prefetch,
            attach.deliveries,
            attach.epoch,
        )
    }
}

/// One transaction's work on memory and file.
struct Work<'a, 'txn> {
    model: &'a mut Model,
    rules: &'a mut Rules,
    tables: &'a mut Tables<'txn>,
}

impl Work<'_, '_> {
    fn carry_out(&mut self, command: Command, replies: &mut Vec<Reply>) -> Result<(), FileError> {
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
        let Some(known) = self.model.boxes.get_mut(ballot_box) else {
            return Ok(false);
        };
        if !known.bound {
            return Ok(false);
        }
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

    fn ensure_box(&mut self, ballot_box: &BallotBox) -> Result<(), FileError> {
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
    fn return_all(&mut self) -> Result<(), FileError> {
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
    fn dispatch(&mut self, deliveries: &mut Vec<(u64, Delivery)>) -> Result<(), FileError> {
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
