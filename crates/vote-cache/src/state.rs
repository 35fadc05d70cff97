//! Voter states: one key per voter and ballot box, written by compare-and-set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use vote_domain::Ids;

use crate::cache::Exchange;
use crate::{Cache, CacheError};

/// Bytes of a token.
const TOKEN_BYTES: usize = 16;

/// Whose state it is, and for which ballot box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StateKey {
    pub(crate) ballot_box: Arc<str>,
    pub(crate) voter: Arc<str>,
}

impl StateKey {
    /// The state of `voter` in `ballot_box`; both by the name that stands for nobody else.
    #[must_use]
    pub fn new(ballot_box: &str, voter: impl fmt::Display) -> Self {
        Self {
            ballot_box: ballot_box.into(),
            voter: voter.to_string().into(),
        }
    }
}

/// Names one write of a state: random, so that no two writes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub [u8; TOKEN_BYTES]);

impl Token {
    /// Draws a new one.
    #[must_use]
    pub fn draw(ids: &Ids) -> Self {
        Self(ids.bytes())
    }
}

/// A state, and the write that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The write.
    pub token: Token,
    /// The state.
    pub bytes: Bytes,
}

/// What was read of one voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The time of Redis when it read the state, to the microsecond.
    pub now: DateTime<Utc>,
    /// The state, if there is one.
    pub state: Option<Versioned>,
}

/// How long a state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Until it is written again: votes are in flight.
    ForEver,
    /// For this long, at least a millisecond.
    For(Duration),
}

/// A state to write, if nobody wrote it since it was read.
#[derive(Clone, Debug)]
pub struct Write {
    /// Whose.
    pub key: StateKey,
    /// The write that was read; none when there was no state.
    pub expected: Option<Token>,
    /// Names this write; see [`Token::draw`]. A write repeated under the same name is
    /// done once.
    pub new_token: Token,
    /// The state.
    pub bytes: Bytes,
    /// How long to keep it.
    pub keep: Keep,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It stands.
    Written,
    /// Somebody else wrote first, or the state went; nothing changed. Read again.
    Conflict,
}

impl Cache {
    /// Reads states, in the order of `keys`, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`]; nothing changed.
    pub async fn read_states(&self, keys: &[StateKey]) -> Result<Vec<Read>, CacheError> {
        self.read_each_state(keys).await.into_iter().collect()
    }

    /// As [`Cache::read_states`], but one that cannot be read does not hinder the others:
    /// in a Redis Cluster a master may be away.
    pub async fn read_each_state(&self, keys: &[StateKey]) -> Vec<Result<Read, CacheError>> {
        let names: Vec<_> = keys.iter().map(|key| self.keys.state(key)).collect();
        let values = self.get_with_time(&names).await;
        let reads = names.iter().zip(values).map(|(name, value)| {
            let (now, value) = value?;
            let state = value.map(|value| parse(name, value)).transpose()?;
            Ok(Read { now, state })
        });
        reads.collect()
    }

    /// Writes states, each on its own, in one round trip; answers in the order of
    /// `writes`. Safe to repeat with the same tokens. All are tried, even if one fails.
    ///
    /// # Errors
    /// [`CacheError`]: each of the writes may or may not have been done. Reading tells,
    /// by the token.
    pub async fn write_states(&self, writes: Vec<Write>) -> Result<Vec<Written>, CacheError> {
        let exchanges = writes.into_iter().map(|write| {
            let mut value = BytesMut::with_capacity(TOKEN_BYTES + write.bytes.len());
            value.put_slice(&write.new_token.0);
            value.put_slice(&write.bytes);
            Exchange {
                key: self.keys.state(&write.key),
                expected: write
                    .expected
                    .map_or_else(Bytes::new, |token| Bytes::copy_from_slice(&token.0)),
                value: value.freeze(),
                mark_bytes: TOKEN_BYTES,
                keep: write.keep,
            }
        });
        let done = self.exchange(exchanges.collect()).await?;
        Ok(done
            .into_iter()
            .map(|done| {
                if done {
                    Written::Written
                } else {
                    Written::Conflict
                }
            })
            .collect())
    }
}

fn parse(name: &str, mut value: Bytes) -> Result<Versioned, CacheError> {
    if value.len() < TOKEN_BYTES {
        return Err(CacheError::Foreign(name.to_owned()));
    }
    let mut token = [0; TOKEN_BYTES];
    token.copy_from_slice(&value.split_to(TOKEN_BYTES));
    Ok(Versioned {
        token: Token(token),
        bytes: value,
    })
}
