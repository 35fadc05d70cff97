//! Voters' states, typed: read together with the time, written by compare-and-set.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use vote_domain::voter_state::VoterState;
use vote_domain::{CampaignId, Ids, VoterId, campaign, review};
use vote_messages::voter_state::WireBase;

use crate::{Cache, CacheError, Keep, Read, StateKey, Token, Write, Written};

/// The ballot box of review votes, as state keys name it.
const REVIEWS: &str = "reviews";

/// How long the state of a voter without votes in flight is kept.
const IDLE_FOR: Duration = Duration::from_secs(3_600);

/// The states of the voters of one ballot box. Cheap to clone.
#[derive(Clone)]
pub struct VoterStates<B = review::Base> {
    cache: Cache,
    ids: Ids,
    ballot_box: Arc<str>,
    base: PhantomData<fn() -> B>,
}

/// A voter's state at one moment.
#[derive(Clone, Debug)]
pub struct KnownState<B: WireBase = review::Base> {
    /// The moment, by the clock of whoever keeps the states.
    pub now: DateTime<Utc>,
    /// The state; an empty one if there was none.
    pub state: VoterState<B>,
    token: Option<Token>,
}

impl<B: WireBase> KnownState<B> {
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
    Unreadable(VoterId, vote_messages::Malformed),
    /// Others changed the state at every try.
    #[error("too many requests of this voter at once")]
    Contended,
}

impl VoterStates<review::Base> {
    /// The states of the voters on reviews in `cache`; `ids` draws the tokens.
    #[must_use]
    pub fn of_reviews(cache: Cache, ids: Ids) -> Self {
        Self::new(cache, ids, REVIEWS.into())
    }
}

impl VoterStates<campaign::Base> {
    /// The states of the voters of `campaign` in `cache`; `ids` draws the tokens.
    #[must_use]
    pub fn of_campaign(cache: Cache, ids: Ids, campaign: CampaignId) -> Self {
        Self::new(cache, ids, campaign.to_string().into())
    }
}

impl<B: WireBase> VoterStates<B> {
    fn new(cache: Cache, ids: Ids, ballot_box: Arc<str>) -> Self {
        Self {
            cache,
            ids,
            ballot_box,
            base: PhantomData,
        }
    }

    /// Reads the state of `voter`.
    ///
    /// # Errors
    /// [`StateError`]
    pub async fn read(&self, voter: impl Into<VoterId>) -> Result<KnownState<B>, StateError> {
        let mut known = self.read_many(&[voter.into()]).await?;
        let missing = || Err(CacheError::Unavailable("no answer".to_owned()).into());
        known.pop().unwrap_or_else(missing)
    }

    /// Reads the states of `voters`, in their order, in one round trip; those that cannot
    /// be read say so each for itself.
    ///
    /// # Errors
    /// [`CacheError`] if none of them could be read.
    pub async fn read_many(
        &self,
        voters: &[VoterId],
    ) -> Result<Vec<Result<KnownState<B>, StateError>>, CacheError> {
        let keys: Vec<_> = voters.iter().map(|voter| self.key(*voter)).collect();
        let mut reads = self.cache.read_each_state(&keys).await;
        // Of nobody anything is known.
        if reads.iter().all(Result::is_err)
            && let Some(Err(error)) = reads.pop()
        {
            return Err(error);
        }
        let known = voters.iter().zip(reads);
        Ok(known
            .map(|(voter, read)| {
                let Read { now, state } = read?;
                let (token, state) = match state {
                    None => (None, VoterState::default()),
                    Some(versioned) => {
                        let state = B::decode(versioned.bytes)
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
    pub async fn write(
        &self,
        voter: impl Into<VoterId>,
        known: &KnownState<B>,
    ) -> Result<bool, StateError> {
        let written = self.write_many([(voter.into(), known)]).await?;
        Ok(written == [true])
    }

    /// Writes states, each on its own, in one round trip; answers in their order which
    /// were written.
    ///
    /// # Errors
    /// [`StateError::Cache`]: any of them may have been written.
    pub async fn write_many<'k>(
        &self,
        states: impl IntoIterator<Item = (VoterId, &'k KnownState<B>)>,
    ) -> Result<Vec<bool>, StateError>
    where
        B: 'k,
    {
        let writes = states.into_iter().map(|(voter, known)| Write {
            key: self.key(voter),
            expected: known.token,
            new_token: Token::draw(&self.ids),
            bytes: B::encode(&known.state),
            keep: if known.state.in_flight.is_empty() {
                Keep::For(IDLE_FOR)
            } else {
                Keep::ForEver
            },
        });
        let written = self.cache.write_states(writes.collect()).await?;
        Ok(written.into_iter().map(|w| w == Written::Written).collect())
    }

    fn key(&self, voter: VoterId) -> StateKey {
        StateKey::new(&self.ballot_box, voter)
    }
}
