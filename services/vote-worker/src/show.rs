//! Telling Redis what settled: voters' states and counters. Best effort: what cannot be
//! told heals by itself, for bases are read from SQL again and counters expire.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use vote_cache::{KnownState, StateError};
use vote_domain::voter_state::{Base, Fold, Settled, Vote};
use vote_domain::{VoteId, VoterId};

use crate::box_worker::BoxWorker;
use crate::product::{Product, Settlement, Told};

/// How often a voter's state is tried while gateways change it too.
const FOLD_TRIES: u32 = 10;

/// The longest that settling waits for Redis.
const SHOW_WITHIN: Duration = Duration::from_secs(2);

/// One voter, and what to fold into the state, in this order.
type News<'s, P> = (
    VoterId,
    Vec<&'s Settled<<<P as Product>::Base as Base>::Touched>>,
);

impl<P: Product> BoxWorker<P> {
    /// Tells what `settled` changed.
    pub(crate) async fn show(&self, settled: &Settlement<P>) {
        in_time(async {
            let (states, counters) = tokio::join!(
                self.fold_all(&settled.voters),
                self.product.put_counters(&settled.counters)
            );
            if let Err(error) = states {
                tracing::warn!(%error, "voters' states not told");
            }
            if let Err(error) = counters {
                tracing::warn!(%error, "counters not told");
            }
        })
        .await;
    }

    /// Tells the states of `voters`.
    pub(crate) async fn tell(&self, voters: &Told<P>) {
        if voters.is_empty() {
            return;
        }
        in_time(async {
            if let Err(error) = self.fold_all(voters).await {
                tracing::warn!(%error, "voters' states not told");
            }
        })
        .await;
    }

    /// Folds what settled into the states of `voters`; those that another changed
    /// meanwhile once more. A voter without a state starts from SQL at the next request.
    async fn fold_all(&self, voters: &Told<P>) -> Result<(), StateError> {
        let states = self.product.states();
        let mut left: Vec<News<'_, P>> = by_voter::<P>(voters);
        for _ in 0..FOLD_TRIES {
            let ids: Vec<VoterId> = left.iter().map(|(voter, _)| *voter).collect();
            let known = states.read_many(&ids).await?;
            let (mut n_untold, mut reason) = (0, None);
            let mut found: Vec<_> = left
                .into_iter()
                .zip(known)
                .filter_map(|(news, known)| match known {
                    Ok(known) => known.was_there().then_some((news, known)),
                    Err(error) => {
                        (n_untold, reason) = (n_untold + 1, Some(error));
                        None
                    }
                })
                .collect();
            if let Some(error) = reason {
                tracing::warn!(n_voters = n_untold, %error, "some voters were not told");
            }
            if found.is_empty() {
                return Ok(());
            }
            let mut too_old = Vec::new();
            for ((voter, settled), known) in &mut found {
                let now = known.now;
                let mut folds = settled.iter().map(|settled| known.state.fold(settled, now));
                if folds.any(|fold| fold == Fold::BaseTooOld) {
                    too_old.push((*voter, known));
                }
            }
            self.reload(too_old).await?;
            let changed = found.iter().map(|((voter, _), known)| (*voter, known));
            let written = states.write_many(changed).await?;
            left = found
                .into_iter()
                .zip(written)
                .filter(|(_, written)| !written)
                .map(|((news, _), _)| news)
                .collect();
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(StateError::Contended)
        }
    }

    /// Reads whole bases for voters of whom an earlier settlement was never told.
    async fn reload(
        &self,
        voters: Vec<(VoterId, &mut KnownState<P::Base>)>,
    ) -> Result<(), StateError> {
        let Some(now) = voters.iter().map(|(_, known)| known.now).min() else {
            return Ok(());
        };
        let ids: Vec<VoterId> = voters.iter().map(|(voter, _)| *voter).collect();
        let in_flight: Vec<_> = voters
            .iter()
            .flat_map(|(voter, known)| {
                let sent = known.state.in_flight.iter();
                sent.map(|sent| (*voter, sent.vote.vote_id()))
            })
            .collect();
        let loaded = match self.product.load(&ids, &in_flight, now).await {
            Ok(loaded) => loaded,
            // The next request of each voter reads its base, for it is old.
            Err(error) => {
                tracing::warn!(%error, "voters' bases not read");
                return Ok(());
            }
        };
        for (voter, known) in voters {
            if let Some(base) = loaded.bases.get(&voter) {
                let is_known = |vote: &VoteId| loaded.known.contains(vote);
                known.state.refresh(base.clone(), is_known, known.now);
            }
        }
        Ok(())
    }
}

async fn in_time(show: impl Future<Output = ()>) {
    if tokio::time::timeout(SHOW_WITHIN, show).await.is_err() {
        tracing::warn!("voter states and counters not told in time");
    }
}

/// One voter may have been settled by several transactions.
fn by_voter<P: Product>(voters: &Told<P>) -> Vec<News<'_, P>> {
    let mut news: Vec<News<'_, P>> = Vec::with_capacity(voters.len());
    let mut places = HashMap::with_capacity(voters.len());
    for (voter, settled) in voters {
        let place = *places.entry(*voter).or_insert(news.len());
        match news.get_mut(place) {
            Some((_, of_voter)) => of_voter.push(settled),
            None => news.push((*voter, vec![settled])),
        }
    }
    news
}
