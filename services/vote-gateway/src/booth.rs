//! Where the ballots of one box are cast: the voters' states, read, brought up to date
//! from SQL and written by compare-and-set, and the way to the box's queue.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Handle;
use uuid::Uuid;
use vote_cache::{KnownState, StateError, VoterStates};
use vote_domain::voter_state::{Base as _, Vote as _, VoterState};
use vote_domain::{Ids, VoteId, VoterId};

use crate::confirmed::Confirmed;
use crate::error::Unavailable;
use crate::gateway::GatewaySettings;
use crate::heartbeat::Heartbeats;
use crate::pressure::{BoxWatch, Pressure};
use crate::product::{BallotOf, Product};
use crate::steps::Steps;
use crate::way::Way;

/// How often a change to a state is tried while others change it too.
const CHANGE_TRIES: u32 = 20;

/// What all booths of a process share.
#[derive(Clone)]
pub(crate) struct Office {
    /// This process, as its votes in flight name it.
    pub(crate) id: Uuid,
    pub(crate) ids: Ids,
    pub(crate) settings: Arc<GatewaySettings>,
    pub(crate) confirmed: Confirmed,
    pub(crate) heartbeats: Heartbeats,
    /// Where votes are cast: a client that hangs up must not cancel one half-way.
    pub(crate) runtime: Handle,
    /// Who is let in.
    pub(crate) pressure: Pressure,
    /// How long what takes.
    pub(crate) steps: Steps,
}

/// The booth of one ballot box.
#[derive(Clone)]
pub(crate) struct Booth<P: Product> {
    pub(crate) product: P,
    pub(crate) office: Office,
    pub(crate) states: VoterStates<P::Base>,
    pub(crate) way: Way,
    /// How far behind its box is.
    pub(crate) watch: Arc<BoxWatch>,
}

impl<P: Product> Booth<P> {
    /// Reads the state of `voter` as it is kept.
    pub(crate) async fn read(&self, voter: VoterId) -> Result<KnownState<P::Base>, StateError> {
        self.states.read(voter).await
    }

    /// Whether SQL must be asked before `known` can be relied on: it was not there, its
    /// base is old (or younger than now: a clock was put back), or a vote in flight may have
    /// come to its end without word of it: where the box is gone, each has.
    pub(crate) fn is_stale(&self, known: &KnownState<P::Base>, has_due: bool) -> bool {
        let max_age = TimeDelta::from_std(self.office.settings.base_max_age);
        let max_age = max_age.unwrap_or(TimeDelta::MAX);
        let loaded_at = known.state.base.loaded_at();
        let is_young = loaded_at <= known.now && known.now <= loaded_at + max_age;
        let has_lost = self.way.is_shut() && !known.state.in_flight.is_empty();
        !known.was_there() || has_due || has_lost || !is_young
    }

    /// Brings `known` up to date with what SQL says.
    pub(crate) async fn refresh(
        &self,
        voter: VoterId,
        known: &mut KnownState<P::Base>,
    ) -> Result<(), Unavailable> {
        self.refresh_and_find(voter, known, None).await.map(drop)
    }

    /// Does so, and answers what was asked under the vote id `key`, if the ledger knows it.
    pub(crate) async fn refresh_and_find(
        &self,
        voter: VoterId,
        known: &mut KnownState<P::Base>,
        key: Option<VoteId>,
    ) -> Result<Option<BallotOf<P>>, Unavailable> {
        let in_flight = known.state.in_flight.iter();
        let mut votes: Vec<_> = in_flight.map(|sent| sent.vote.vote_id()).collect();
        votes.extend(key);
        let Some(loaded) = self.product.load(voter, known.now, votes).await? else {
            return Ok(None);
        };
        let is_known = |vote: &VoteId| loaded.is_whole_ledger || loaded.ballots.contains_key(vote);
        known.state.refresh(loaded.base, is_known, known.now);
        Ok(key.and_then(|key| loaded.ballots.get(&key).copied()))
    }

    /// Reads the state of `voter` for showing it: votes of unknown fate are sent again
    /// where that is possible, and what SQL says is kept.
    pub(crate) async fn look(&self, voter: VoterId) -> Result<KnownState<P::Base>, Unavailable> {
        let mut known = self.read(voter).await?;
        if let Err(error) = self.mend(voter, &mut known).await {
            tracing::debug!(%error, "votes of unknown fate were not sent again");
        }
        if self.is_stale(&known, false) {
            self.refresh(voter, &mut known).await?;
            self.keep(voter, &known).await;
        }
        Ok(known)
    }

    /// Keeps what SQL said of a voter, so that the next request need not ask it again.
    /// Best effort.
    pub(crate) async fn keep(&self, voter: VoterId, known: &KnownState<P::Base>) {
        if let Err(error) = self.write(voter, known).await {
            tracing::debug!(%error, "a voter's state was not kept");
        }
    }

    /// Writes `known` back if nobody changed it meanwhile; answers whether it was written.
    pub(crate) async fn write(
        &self,
        voter: VoterId,
        known: &KnownState<P::Base>,
    ) -> Result<bool, StateError> {
        self.states.write(voter, known).await
    }

    /// Changes the state of `voter` as it is now, again while others change it too.
    /// `change` answers whether there was anything to change; so does this.
    pub(crate) async fn change(
        &self,
        voter: VoterId,
        mut change: impl FnMut(&mut VoterState<P::Base>, DateTime<Utc>) -> bool,
    ) -> Result<bool, StateError> {
        for _ in 0..CHANGE_TRIES {
            let mut known = self.read(voter).await?;
            if !known.was_there() || !change(&mut known.state, known.now) {
                return Ok(false);
            }
            if self.write(voter, &known).await? {
                return Ok(true);
            }
        }
        Err(StateError::Contended)
    }
}
