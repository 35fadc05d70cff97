//! Telling Redis what settled: voters' states and counters. Best effort: what cannot be
//! told heals by itself, for bases are read from SQL again and counters expire.

use std::time::Duration;

use vote_cache::key::review_entry;
use vote_cache::{KnownState, StateError};
use vote_domain::review::{Base, Touched};
use vote_domain::voter_state::{Fold, Settled};
use vote_domain::{UserId, VoterId};
use vote_store::settle::SettledBatch;

use crate::worker::Worker;

/// How often a voter's state is tried while gateways change it too.
const FOLD_TRIES: u32 = 10;

/// The longest that settling waits for Redis.
const SHOW_WITHIN: Duration = Duration::from_secs(2);

impl Worker {
    /// Tells what `settled` changed.
    pub(crate) async fn show(&self, settled: &SettledBatch) {
        let show = async {
            let (states, counters) =
                tokio::join!(self.fold_all(&settled.voters), self.put_counters(settled));
            if let Err(error) = states {
                tracing::warn!(%error, "voters' states not told");
            }
            if let Err(error) = counters {
                tracing::warn!(%error, "counters not told");
            }
        };
        if tokio::time::timeout(SHOW_WITHIN, show).await.is_err() {
            tracing::warn!("voter states and counters not told in time");
        }
    }

    async fn put_counters(&self, settled: &SettledBatch) -> Result<(), vote_cache::CacheError> {
        self.cache
            .put_counts(&settled.counters, self.settings.counter_ttl)
            .await?;
        if !settled.rewarded.is_empty() {
            let reviews = settled.rewarded.iter().copied();
            let names: Vec<_> = reviews.map(review_entry).collect();
            self.cache.invalidate(&names).await?;
        }
        Ok(())
    }

    /// Folds what settled into the states of `voters`; those that another changed
    /// meanwhile once more. A voter without a state starts from SQL at the next request.
    async fn fold_all(&self, voters: &[(UserId, Settled<Touched>)]) -> Result<(), StateError> {
        let mut left: Vec<&(UserId, Settled<Touched>)> = voters.iter().collect();
        for _ in 0..FOLD_TRIES {
            let ids: Vec<VoterId> = left.iter().map(|(voter, _)| (*voter).into()).collect();
            let known = self.states.read_many(&ids).await?;
            let mut states: Vec<_> = left
                .into_iter()
                .zip(known)
                .filter_map(|(voter, known)| match known {
                    Ok(known) => known.was_there().then_some((voter, known)),
                    Err(error) => {
                        tracing::warn!(%error, "a voter was not told");
                        None
                    }
                })
                .collect();
            if states.is_empty() {
                return Ok(());
            }
            let mut too_old = Vec::new();
            for ((voter, settled), known) in &mut states {
                if known.state.fold(settled, known.now) == Fold::BaseTooOld {
                    too_old.push((*voter, known));
                }
            }
            self.reload(too_old).await?;
            let changed = states
                .iter()
                .map(|((voter, _), known)| ((*voter).into(), known));
            let written = self.states.write_many(changed).await?;
            left = states
                .into_iter()
                .zip(written)
                .filter(|(_, written)| !written)
                .map(|((voter, _), _)| voter)
                .collect();
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(StateError::Contended)
        }
    }

    /// Reads whole bases for voters of whom an earlier settlement was never told.
    async fn reload(&self, voters: Vec<(UserId, &mut KnownState)>) -> Result<(), StateError> {
        if voters.is_empty() {
            return Ok(());
        }
        let ids: Vec<UserId> = voters.iter().map(|(voter, _)| *voter).collect();
        let in_flight: Vec<_> = voters
            .iter()
            .flat_map(|(_, known)| known.state.in_flight.iter())
            .map(|sent| sent.vote.vote_id)
            .collect();
        let since = voters
            .iter()
            .map(|(_, known)| Base::first_day(known.now))
            .min();
        let since = since.unwrap_or_default();
        let loaded = match self.store.load_bases(&ids, &in_flight, since).await {
            Ok(loaded) => loaded,
            // The next request of each voter reads its base, for it is old.
            Err(error) => {
                tracing::warn!(%error, "voters' bases not read");
                return Ok(());
            }
        };
        for (voter, known) in voters {
            if let Some(base) = loaded.bases.get(&voter) {
                known.state.refresh(base.clone(), &loaded.known, known.now);
            }
        }
        Ok(())
    }
}
