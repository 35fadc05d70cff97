//! Voters' states: read, brought up to date from SQL, and written by compare-and-set.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use vote_cache::{KnownState, StateError, VoterStates};
use vote_domain::review::{Base, Standing, VoterState};
use vote_domain::{ReviewId, UserId, VoteId};
use vote_store::Store;
use vote_store::voters::Bases;

use crate::coalesce::Coalesced;
use crate::error::Unavailable;

/// How often a change to a state is tried while others change it too.
const CHANGE_TRIES: u32 = 20;

/// A base read for one voter.
#[derive(Clone)]
struct Loaded {
    base: Base,
    known: std::sync::Arc<HashSet<VoteId>>,
}

/// The states of voters.
#[derive(Clone)]
pub(crate) struct Voters {
    states: VoterStates,
    bases: Coalesced<(UserId, NaiveDate, Vec<VoteId>), Loaded>,
    standings: Coalesced<(UserId, ReviewId), Standing>,
    base_max_age: TimeDelta,
}

impl Voters {
    pub(crate) fn new(store: &Store, states: VoterStates, base_max_age: Duration) -> Self {
        let (for_bases, for_standings) = (store.clone(), store.clone());
        Self {
            states,
            bases: Coalesced::new(move |asked| load_bases(for_bases.clone(), asked)),
            standings: Coalesced::new(move |pairs| {
                let store = for_standings.clone();
                async move { store.standings(&pairs).await }
            }),
            base_max_age: TimeDelta::from_std(base_max_age).unwrap_or(TimeDelta::MAX),
        }
    }

    /// Reads the state of `voter` as it is kept.
    pub(crate) async fn read(&self, voter: UserId) -> Result<KnownState, StateError> {
        self.states.read(voter).await
    }

    /// Whether SQL must be asked before `known` can be relied on: it was not there, its
    /// base is old, or a vote in flight may have come to its end without word of it.
    pub(crate) fn is_stale(&self, known: &KnownState, has_due: bool) -> bool {
        !known.was_there() || has_due || known.state.base.loaded_at + self.base_max_age < known.now
    }

    /// Brings `known` up to date with what SQL says.
    pub(crate) async fn refresh(
        &self,
        voter: UserId,
        known: &mut KnownState,
    ) -> Result<(), Unavailable> {
        let in_flight = known.state.in_flight.iter();
        let votes = in_flight.map(|sent| sent.vote.vote_id).collect();
        if let Some(Loaded {
            base,
            known: settled,
        }) = self
            .bases
            .get((voter, Base::first_day(known.now), votes))
            .await?
        {
            known.state.refresh(base, &settled, known.now);
        }
        Ok(())
    }

    /// Makes `state` know what stands for `voter` on `review`.
    pub(crate) async fn learn(
        &self,
        voter: UserId,
        state: &mut VoterState,
        review: ReviewId,
    ) -> Result<(), Unavailable> {
        if !state.knows(review)
            && let Some(standing) = self.standings.get((voter, review)).await?
        {
            state.learn(review, standing);
        }
        Ok(())
    }

    /// Writes `known` back if nobody changed it meanwhile; answers whether it was written.
    pub(crate) async fn write(
        &self,
        voter: UserId,
        known: &KnownState,
    ) -> Result<bool, StateError> {
        self.states.write(voter, known).await
    }

    /// Changes the state of `voter` as it is now, again while others change it too.
    /// `change` answers whether there was anything to change; so does this.
    pub(crate) async fn change(
        &self,
        voter: UserId,
        mut change: impl FnMut(&mut VoterState, DateTime<Utc>) -> bool,
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

async fn load_bases(
    store: Store,
    asked: Vec<(UserId, NaiveDate, Vec<VoteId>)>,
) -> Result<HashMap<(UserId, NaiveDate, Vec<VoteId>), Loaded>, vote_store::StoreError> {
    let voters: HashSet<UserId> = asked.iter().map(|(voter, ..)| *voter).collect();
    let voters: Vec<UserId> = voters.into_iter().collect();
    let votes: Vec<VoteId> = asked
        .iter()
        .flat_map(|(.., votes)| votes.iter().copied())
        .collect();
    let since = asked.iter().map(|(_, since, _)| *since).min();
    let since = since.unwrap_or_default();
    let Bases { bases, known } = store.load_bases(&voters, &votes, since).await?;
    let known = std::sync::Arc::new(known);
    Ok(asked
        .into_iter()
        .filter_map(|key| {
            let base = bases.get(&key.0)?.clone();
            let known = known.clone();
            Some((key, Loaded { base, known }))
        })
        .collect())
}
