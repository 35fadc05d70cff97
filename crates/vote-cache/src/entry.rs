//! Entries: what was read from SQL, kept for a jittered time, missing things included.
//!
//! A load that began before an invalidation must not put back what it read. So whoever
//! finds nothing leaves a *lease*, a random token, and a loaded value is put only where
//! that lease still lies; an invalidation removes values and leases alike.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use crate::cache::Exchange;
use crate::{Cache, CacheError, Keep, Token};

/// First byte of a value, of a missing thing, and of a lease.
const VALUE: u8 = b'V';
const MISSING: u8 = b'M';
const LEASE: u8 = b'L';

/// How long a lease lies at most. A loader that needs longer is not put; one that died
/// hinders nobody, for everyone who sees a lease may load under it.
const LEASE_TTL: Duration = Duration::from_secs(10);

/// What is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The thing.
    Value(Bytes),
    /// That there is no such thing.
    Missing,
}

/// What was found under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Entry(Entry),
    /// Somebody loads it, under this lease.
    Leased(Token),
}

impl Cache {
    /// What is kept under `name`; none when it must be loaded.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn get(&self, name: &str) -> Result<Option<Entry>, CacheError> {
        Ok(match self.find(name).await? {
            Some(Found::Entry(entry)) => Some(entry),
            Some(Found::Leased(_)) | None => None,
        })
    }

    /// Keeps `bytes` under `name` for `ttl`, jittered. For what nothing else may change
    /// meanwhile, such as a snapshot; what is loaded from rows goes through
    /// [`Loader`](crate::Loader).
    ///
    /// # Errors
    /// [`CacheError`]: it may have been put. Safe to repeat.
    pub async fn put(&self, name: &str, bytes: &[u8], ttl: Duration) -> Result<(), CacheError> {
        let value = encode(VALUE, bytes);
        self.set(&self.keys.entry(name), value, self.jittered(ttl))
            .await
    }

    /// Forgets what is kept under `names`, and what is being loaded. Call it after the
    /// commit of what changed.
    ///
    /// # Errors
    /// [`CacheError`]: some may be kept until their time is up. Safe to repeat.
    pub async fn invalidate(&self, names: &[impl AsRef<str> + Sync]) -> Result<(), CacheError> {
        self.note_invalidation();
        let keys: Vec<_> = names
            .iter()
            .map(|name| self.keys.entry(name.as_ref()))
            .collect();
        self.delete(&keys).await
    }

    /// What is kept under `name`, or the lease under which it is being loaded.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Found>, CacheError> {
        let key = self.keys.entry(name);
        let value = self.get_value(&key).await?;
        value.map(|value| parse(&key, &value)).transpose()
    }

    /// Leaves `lease` under `name` unless something lies there, which is given back.
    pub(crate) async fn lease(
        &self,
        name: &str,
        lease: Token,
    ) -> Result<Option<Found>, CacheError> {
        let key = self.keys.entry(name);
        let value = encode(LEASE, &lease.0);
        let found = self.get_or_set(&key, value, Some(LEASE_TTL)).await?;
        found.map(|value| parse(&key, &value)).transpose()
    }

    /// Keeps what was loaded under `lease`, if that still lies there. Whether it did
    /// makes no difference to those who wait for it.
    pub(crate) async fn fill(
        &self,
        name: &str,
        lease: Token,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<(), CacheError> {
        let value = match entry {
            Entry::Value(bytes) => encode(VALUE, bytes),
            Entry::Missing => encode(MISSING, &[]),
        };
        let exchange = Exchange {
            key: self.keys.entry(name),
            expected: encode(LEASE, &lease.0),
            value,
            mark_bytes: 0,
            keep: Keep::For(self.jittered(ttl)),
        };
        self.exchange(vec![exchange]).await.map(|_| ())
    }
}

fn encode(kind: u8, bytes: &[u8]) -> Bytes {
    let mut value = BytesMut::with_capacity(1 + bytes.len());
    value.put_u8(kind);
    value.put_slice(bytes);
    value.freeze()
}

fn parse(key: &str, value: &Bytes) -> Result<Found, CacheError> {
    let foreign = || CacheError::Foreign(key.to_owned());
    match value.first() {
        Some(&VALUE) => Ok(Found::Entry(Entry::Value(value.slice(1..)))),
        Some(&MISSING) => Ok(Found::Entry(Entry::Missing)),
        Some(&LEASE) => {
            let token = value[1..].try_into().map_err(|_| foreign())?;
            Ok(Found::Leased(Token(token)))
        }
        _ => Err(foreign()),
    }
}
