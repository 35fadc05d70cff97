//! Votes on reviews: one box for all of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use vote_cache::key::review_entry;
use vote_cache::{Cache, CacheError, VoterStates};
use vote_domain::review::{Base, Counts, ReviewVote};
use vote_domain::{ReviewId, UserId, VoteId, VoterId};
use vote_queue::BallotBox;
use vote_store::settle::RewardPolicy;
use vote_store::{Store, StoreError};

use crate::product::{Loaded, Product, Settlement, Told};

/// The box of review votes.
#[derive(Clone)]
pub(crate) struct Reviews {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) states: VoterStates<Base>,
    pub(crate) reward: RewardPolicy,
    pub(crate) counter_ttl: Duration,
}

/// What votes on reviews come to.
#[derive(Default)]
pub(crate) struct ReviewCounters {
    counts: Vec<(ReviewId, Counts)>,
    rewarded: Vec<ReviewId>,
}

impl Product for Reviews {
    type Base = Base;
    type Counters = ReviewCounters;

    fn ballot_box(&self) -> BallotBox {
        BallotBox::reviews()
    }

    fn takes(&self, _: &ReviewVote) -> bool {
        true
    }

    async fn settle(
        &self,
        votes: Vec<ReviewVote>,
        now: DateTime<Utc>,
    ) -> Result<Settlement<Self>, StoreError> {
        let settled = self.store.settle(&votes, self.reward, now).await?;
        for review in &settled.rewarded {
            tracing::info!(%review, "author rewarded");
        }
        let voters = settled.voters.into_iter();
        Ok(Settlement {
            outcomes: settled.outcomes,
            voters: voters.map(|(user, told)| (user.into(), told)).collect(),
            counters: ReviewCounters {
                counts: settled.counters,
                rewarded: settled.rewarded,
            },
        })
    }

    /// Voids that were ordered while their votes were under way.
    async fn follow_up(&self, now: DateTime<Utc>) -> Result<Told<Self>, StoreError> {
        let voided = self.store.apply_review_marks(now).await?;
        let counts: Vec<_> = voided.iter().filter_map(|votes| votes.counts).collect();
        if !counts.is_empty()
            && let Err(error) = self.cache.put_counts(&counts, self.counter_ttl).await
        {
            tracing::warn!(%error, "counters not told");
        }
        let voters = voided.into_iter();
        Ok(voters
            .map(|votes| (votes.voter.into(), votes.settled))
            .collect())
    }

    fn states(&self) -> &VoterStates<Base> {
        &self.states
    }

    async fn put_counters(&self, counters: &ReviewCounters) -> Result<(), CacheError> {
        self.cache
            .put_counts(&counters.counts, self.counter_ttl)
            .await?;
        if !counters.rewarded.is_empty() {
            let reviews = counters.rewarded.iter().copied();
            let names: Vec<_> = reviews.map(review_entry).collect();
            self.cache.invalidate(&names).await?;
        }
        Ok(())
    }

    async fn load(
        &self,
        voters: &[VoterId],
        votes: &[(VoterId, VoteId)],
        now: DateTime<Utc>,
    ) -> Result<Loaded<Base>, StoreError> {
        let users: Vec<UserId> = voters.iter().map(|voter| UserId(voter.0)).collect();
        let votes = votes.iter().map(|(voter, vote)| (UserId(voter.0), *vote));
        let votes: Vec<_> = votes.collect();
        let since = Base::first_day(now);
        let loaded = self.store.load_bases(&users, &votes, since).await?;
        let bases = loaded.bases.into_iter();
        Ok(Loaded {
            bases: bases.map(|(user, base)| (user.into(), base)).collect(),
            known: loaded.known.into_keys().collect(),
        })
    }
}
