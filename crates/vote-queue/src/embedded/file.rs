//! The file: which boxes there are, what is in them, and how often it was delivered.

use std::path::Path;

use bytes::Bytes;
use redb::{
    Database, ReadableDatabase, ReadableTable, StorageError, Table, TableDefinition, TableError,
    WriteTransaction,
};

use crate::BallotBox;

/// Name of the box → whether it is bound.
const BOXES: TableDefinition<&str, bool> = TableDefinition::new("boxes");
const MESSAGES: TableDefinition<Place, Message> = TableDefinition::new("messages");
/// How often it was delivered, if it ever was.
const DELIVERIES: TableDefinition<Place, u32> = TableDefinition::new("deliveries");

/// Name of the box, and place in it.
type Place = (&'static str, u64);
/// Origin, trace context, body.
type Message = (Option<&'static str>, Option<&'static str>, &'static [u8]);

/// The pages kept in memory, in bytes.
const CACHE: usize = 16 * 1024 * 1024;

/// The embedded queue's file cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue's file cannot be opened: {0}")]
pub struct OpenError(pub(super) String);

/// Any failure of the file; after one it is opened anew.
pub(super) type FileError = redb::Error;

/// One message, as it lies in the file.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) body: Bytes,
    pub(super) origin: Option<String>,
    pub(super) trace_parent: Option<String>,
}

/// A box and the places of its messages, each with the number of its deliveries.
pub(super) struct Loaded {
    pub(super) ballot_box: BallotBox,
    pub(super) bound: bool,
    pub(super) messages: Vec<(u64, u32)>,
}

/// The open file.
pub(super) struct File(Database);

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        Self::prepare(Database::builder().set_cache_size(CACHE).create(path)?)
    }

    /// Makes the tables that are not there yet.
    pub(super) fn prepare(database: Database) -> Result<Self, FileError> {
        let transaction = database.begin_write()?;
        Tables::open(&transaction)?;
        transaction.commit()?;
        Ok(Self(database))
    }

    /// Everything but the bodies.
    pub(super) fn load(&self) -> Result<Vec<Loaded>, FileError> {
        let transaction = self.0.begin_read()?;
        let boxes = transaction.open_table(BOXES)?;
        let messages = transaction.open_table(MESSAGES)?;
        let deliveries = transaction.open_table(DELIVERIES)?;
        let mut loaded = Vec::new();
        for entry in boxes.iter()? {
            let (name, bound) = entry?;
            let name = name.value();
            let mut places = Vec::new();
            for message in messages.range((name, 0)..=(name, u64::MAX))? {
                let place = message?.0.value().1;
                let n_deliveries = deliveries.get((name, place))?.map_or(0, |n| n.value());
                places.push((place, n_deliveries));
            }
            if let Ok(ballot_box) = name.parse() {
                loaded.push(Loaded {
                    ballot_box,
                    bound: bound.value(),
                    messages: places,
                });
            }
        }
        Ok(loaded)
    }

    pub(super) fn begin(&self) -> Result<WriteTransaction, FileError> {
        // Durable at commit: redb's default, and the promise of this queue.
        Ok(self.0.begin_write()?)
    }
}

/// The tables within one transaction.
pub(super) struct Tables<'txn> {
    boxes: Table<'txn, &'static str, bool>,
    messages: Table<'txn, Place, Message>,
    deliveries: Table<'txn, Place, u32>,
    /// Whether anything was changed.
    pub(super) changed: bool,
}

impl<'txn> Tables<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            boxes: transaction.open_table(BOXES)?,
            messages: transaction.open_table(MESSAGES)?,
            deliveries: transaction.open_table(DELIVERIES)?,
            changed: false,
        })
    }

    pub(super) fn put_box(
        &mut self,
        ballot_box: &BallotBox,
        bound: bool,
    ) -> Result<(), StorageError> {
        self.changed = true;
        self.boxes.insert(ballot_box.name(), bound)?;
        Ok(())
    }

    /// Removes the box with everything in it.
    pub(super) fn remove_box(&mut self, ballot_box: &BallotBox) -> Result<(), StorageError> {
        self.changed = true;
        let name = ballot_box.name();
        self.boxes.remove(name)?;
        let all = (name, 0)..=(name, u64::MAX);
        self.messages.retain_in(all.clone(), |_, _| false)?;
        self.deliveries.retain_in(all, |_, _| false)
    }

    pub(super) fn put(
        &mut self,
        ballot_box: &BallotBox,
        place: u64,
        record: &Record,
    ) -> Result<(), StorageError> {
        self.changed = true;
        let (origin, trace_parent) = (record.origin.as_deref(), record.trace_parent.as_deref());
        let value = (origin, trace_parent, record.body.as_ref());
        self.messages.insert((ballot_box.name(), place), value)?;
        Ok(())
    }

    pub(super) fn get(
        &self,
        ballot_box: &BallotBox,
        place: u64,
    ) -> Result<Option<Record>, StorageError> {
        let found = self.messages.get((ballot_box.name(), place))?;
        Ok(found.map(|found| {
            let (origin, trace_parent, body) = found.value();
            Record {
                body: Bytes::copy_from_slice(body),
                origin: origin.map(str::to_owned),
                trace_parent: trace_parent.map(str::to_owned),
            }
        }))
    }

    pub(super) fn remove(
        &mut self,
        ballot_box: &BallotBox,
        place: u64,
    ) -> Result<(), StorageError> {
        self.changed = true;
        self.messages.remove((ballot_box.name(), place))?;
        self.deliveries.remove((ballot_box.name(), place))?;
        Ok(())
    }

    pub(super) fn put_deliveries(
        &mut self,
        ballot_box: &BallotBox,
        place: u64,
        n_deliveries: u32,
    ) -> Result<(), StorageError> {
        self.changed = true;
        self.deliveries
            .insert((ballot_box.name(), place), n_deliveries)?;
        Ok(())
    }
}
