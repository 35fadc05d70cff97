//! Review votes, as a product of the gateway.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use vote_cache::KnownState;
use vote_domain::review::{
    Admission, Ballot, Base, Quota, QuotaPolicy, Rejection, ReviewVote, Standing, admit,
};
use vote_domain::{ReviewId, UserId, VoteId, VoterId};
use vote_store::voters::Bases;
use vote_store::{Store, StoreError};

use crate::coalesce::Coalesced;
use crate::error::{CastError, Unavailable};
use crate::facts::Facts;
use crate::gateway::GatewaySettings;
use crate::product::{Decision, Loaded, LoadedOf, Product};

/// Why the rules refuse a ballot on a review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewRefusal {
    /// The rules said no, at this time.
    #[error("{0}")]
    Rejected(Rejection, DateTime<Utc>),
    /// There is no such review, or not any more.
    #[error("there is no such review")]
    NotFound,
}

type BaseKey = (UserId, NaiveDate, Vec<VoteId>);

/// The rules and rows of review votes.
#[derive(Clone)]
pub(crate) struct Reviews {
    policy: QuotaPolicy,
    facts: Facts,
    bases: Coalesced<BaseKey, Loaded<Base, Ballot>>,
    standings: Coalesced<(UserId, ReviewId), Standing>,
    /// What was asked under a vote id that the ledger knows.
    ballots: Coalesced<VoteId, Ballot>,
}

impl Reviews {
    pub(crate) fn new(store: &Store, settings: &GatewaySettings) -> Self {
        let (for_bases, for_standings, for_ballots) = (store.clone(), store.clone(), store.clone());
        Self {
            policy: settings.policy,
            facts: Facts::new(store, settings.facts_max_age),
            bases: Coalesced::new(move |asked| load_bases(for_bases.clone(), asked)),
            standings: Coalesced::new(move |pairs| {
                let store = for_standings.clone();
                async move { store.standings(&pairs).await }
            }),
            ballots: Coalesced::new(move |votes| {
                let store = for_ballots.clone();
                async move { store.ledger_ballots(&votes).await }
            }),
        }
    }

    /// Makes `known` know what stands for `voter` on `review`.
    async fn learn(
        &self,
        voter: UserId,
        known: &mut KnownState<Base>,
        review: ReviewId,
    ) -> Result<(), Unavailable> {
        if !known.state.knows(review)
            && let Some(standing) = self.standings.get((voter, review)).await?
        {
            known.state.learn(review, standing);
        }
        Ok(())
    }
}

impl Product for Reviews {
    type Base = Base;
    type Voter = UserId;
    type Refusal = ReviewRefusal;
    type Receipt = Quota;

    const STANDS: bool = true;

    fn voter_id(voter: &UserId) -> VoterId {
        (*voter).into()
    }

    async fn load(
        &self,
        voter: VoterId,
        now: DateTime<Utc>,
        votes: Vec<VoteId>,
    ) -> Result<LoadedOf<Self>, Unavailable> {
        let key = (UserId(voter.0), Base::first_day(now), votes);
        Ok(self.bases.get(key).await?)
    }

    async fn settled_ballot(&self, vote_id: VoteId) -> Result<Option<Ballot>, Unavailable> {
        Ok(self.ballots.get(vote_id).await?)
    }

    async fn decide(
        &self,
        voter: &UserId,
        ballot: Ballot,
        known: &mut KnownState<Base>,
        vote_id: VoteId,
    ) -> Result<Decision<ReviewVote>, CastError<ReviewRefusal>> {
        let facts = self.facts.get(ballot.review).await;
        let facts = facts.map_err(Unavailable::from)?;
        let facts = facts.ok_or(CastError::Refused(ReviewRefusal::NotFound))?;
        self.learn(*voter, known, ballot.review).await?;
        let (state, now) = (&known.state, known.now);
        match admit(state, &facts, &self.policy, now, *voter, ballot, vote_id) {
            Ok(Admission::Cast(vote)) => Ok(Decision::Cast(vote)),
            Ok(Admission::Stands(standing)) => Ok(Decision::Stands(standing)),
            Ok(Admission::Nothing) => Ok(Decision::Nothing {
                rests_on: state.standing(ballot.review).map(|s| s.vote_id),
            }),
            Err(rejection) => {
                let refusal = ReviewRefusal::Rejected(rejection, now);
                Err(CastError::Refused(refusal))
            }
        }
    }

    /// The voter's votes of today.
    async fn receipt(&self, _: &UserId, known: &KnownState<Base>) -> Result<Quota, Unavailable> {
        let day = self.policy.day(known.now);
        Ok(self.policy.quota(day, known.state.used_on(day)))
    }
}

async fn load_bases(
    store: Store,
    asked: Vec<BaseKey>,
) -> Result<HashMap<BaseKey, Loaded<Base, Ballot>>, StoreError> {
    let voters: HashSet<UserId> = asked.iter().map(|(voter, ..)| *voter).collect();
    let voters: Vec<UserId> = voters.into_iter().collect();
    let votes: Vec<(UserId, VoteId)> = asked
        .iter()
        .flat_map(|(voter, _, votes)| votes.iter().map(|vote| (*voter, *vote)))
        .collect();
    let since = asked.iter().map(|(_, since, _)| *since).min();
    let since = since.unwrap_or_default();
    let Bases { bases, known } = store.load_bases(&voters, &votes, since).await?;
    let ballots = Arc::new(known);
    Ok(asked
        .into_iter()
        .filter_map(|key| {
            let base = bases.get(&key.0)?.clone();
            let loaded = Loaded {
                base,
                ballots: ballots.clone(),
                is_whole_ledger: false,
            };
            Some((key, loaded))
        })
        .collect())
}
