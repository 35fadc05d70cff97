//! The thread that owns the file: gathers commands, carries them out in one transaction,
//! delivers, and answers once that is durable.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::command::{Command, Reply};
use super::faults::Dice;
use super::file::{File, FileError, OpenError, Tables};
use super::model::Model;
use super::work::{Rules, Work};
use super::{EmbeddedSettings, TroubleSender};
use crate::BallotBox;
use crate::consume::{Delivery, Order};
use crate::publish::{Fate, Refusal};
use crate::queue::TopologyError;

/// Most commands in one transaction.
const COMMANDS_MAX: usize = 1024;
/// Pause between two attempts to open a file that failed.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);

/// Opens the file, as often as needed.
pub(super) type Opener = Box<dyn Fn() -> Result<File, FileError> + Send>;

pub(super) struct Broker {
    open: Opener,
    /// `None` after a failure, until it could be opened anew.
    file: Option<File>,
    /// When a failed file is opened next.
    reopen_at: Instant,
    model: Model,
    rules: Rules,
    trouble: TroubleSender,
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
            reopen_at: Instant::now(),
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
                None => commands.recv_timeout(self.reopen_at.duration_since(Instant::now())),
            };
            let first = match first {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.file.is_none()
                && self.reopen_at <= Instant::now()
                && let Err(error) = self.reopen()
            {
                self.fail(&error);
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
        if self.trouble.borrow().as_ref() != Some(&reason) {
            tracing::error!(%reason, "the queue's file failed; it is opened anew");
        }
        self.file = None;
        self.reopen_at = Instant::now() + REOPEN_PAUSE;
        self.trouble.send_replace(Some(reason.clone()));
        reason
    }

    /// Answers a command while there is no file.
    fn refuse(&mut self, command: Command, reason: &Arc<str>) {
        let unavailable = || Err(TopologyError::Unavailable(reason.clone()));
        match command {
            Command::Append(_, _, asker) | Command::PutBack(_, _, asker) => {
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
