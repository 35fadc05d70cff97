//! Voters' states, typed: read together with the time, written by compare-and-set.

use std::time::Duration;

use chrono::{DateTime, Utc};
use vote_domain::review::VoterState;
use vote_domain::{Ids, UserId};
use vote_messages::voter_state::{decode, encode};

use crate::{Cache, CacheError, Keep, Read, StateKey, Token, Write, Written};

/// The ballot box of review votes, as state keys name it.
const REVIEWS: &str = "reviews";

/// How long the state of a voter without votes in flight is kept.
const IDLE_FOR: Duration = Duration::from_secs(3_600);

/// The states of the voters on reviews. Cheap to clone.
#[derive(Clone)]
pub struct VoterStates {
    cache: Cache,
    ids: Ids,
}

/// A voter's state at one moment.
#[derive(Clone, Debug)]
pub struct KnownState {
    /// The moment, by the clock of whoever keeps the states.
    pub now: DateTime<Utc>,
    /// The state; an empty one if there was none.
    pub state: VoterState,
    token: Option<Token>,
}

impl KnownState {
    /// Whether there was a state at all.
    #[must_use]
    pub fn was_there(&self) -> bool {
        self.token.is_some()
    }
}

/// Why a voter's state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Whoever keeps the states is away.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The state was written by a newer version, or is none; it is left alone.
    #[error("the state of voter {0} cannot be read: {1}")]
    Unreadable(UserId, vote_messages::Malformed),
    /// Others changed the state at every try.
    #[error("too many requests of this voter at once")]
    Contended,
}

impl VoterStates {
    /// The states in `cache`; `ids` draws the tokens.
    #[must_use]
    pub fn new(cache: Cache, ids: Ids) -> Self {
        Self { cache, ids }
    }

    /// Reads the state of `voter`.
    ///
    /// # Errors
    /// [`StateError`]
    pub async fn read(&self, voter: UserId) -> Result<KnownState, StateError> {
        let mut known = self.read_many(&[voter]).await?;
        let missing = || Err(CacheError::Unavailable("no answer".to_owned()).into());
        known.pop().unwrap_or_else(missing)
    }

    /// Reads the states of `voters`, in their order, in one round trip; those that cannot
    /// be read say so each for itself.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn read_many(
        &self,
        voters: &[UserId],
    ) -> Result<Vec<Result<KnownState, StateError>>, CacheError> {
        let keys: Vec<_> = voters.iter().map(|voter| key(*voter)).collect();
        let reads = self.cache.read_states(&keys).await?;
        let known = voters.iter().zip(reads);
        Ok(known
            .map(|(voter, Read { now, state })| {
                let (token, state) = match state {
                    None => (None, VoterState::default()),
                    Some(versioned) => {
                        let state = decode(versioned.bytes)
                            .map_err(|error| StateError::Unreadable(*voter, error))?;
                        (Some(versioned.token), state)
                    }
                };
                Ok(KnownState { now, state, token })
            })
            .collect())
    }

    /// Writes the state of `voter` if nobody wrote it since it was read; answers whether
    /// it was written.
    ///
    /// # Errors
    /// [`StateError::Cache`]: it may have been written.
    pub async fn write(&self, voter: UserId, known: &KnownState) -> Result<bool, StateError> {
        let written = self.write_many([(voter, known)]).await?;
        Ok(written == [true])
    }

    /// Writes states, each on its own, in one round trip; answers in their order which
    /// were written.
    ///
    /// # Errors
    /// [`StateError::Cache`]: any of them may have been written.
    pub async fn write_many<'k>(
        &self,
        states: impl IntoIterator<Item = (UserId, &'k KnownState)>,
    ) -> Result<Vec<bool>, StateError> {
        let writes = states.into_iter().map(|(voter, known)| Write {
            key: key(voter),
            expected: known.token,
            new_token: Token::draw(&self.ids),
            bytes: encode(&known.state),
            keep: if known.state.in_flight.is_empty() {
                Keep::For(IDLE_FOR)
            } else {
                Keep::ForEver
            },
        });
        let written = self.cache.write_states(writes.collect()).await?;
        Ok(written.into_iter().map(|w| w == Written::Written).collect())
    }
}

fn key(voter: UserId) -> StateKey {
    StateKey::new(REVIEWS, voter)
}
