//! Campaign votes, as a product of the gateway.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use vote_cache::KnownState;
use vote_domain::campaign::{Ballot, Base, CampaignVote, Facts, Progress, Rejection, admit};
use vote_domain::{CampaignId, VoteId, Voter, VoterId};
use vote_store::{Store, StoreError};

use super::facts::CampaignFacts;
use crate::coalesce::Coalesced;
use crate::error::{CastError, Unavailable};
use crate::product::{Decision, Loaded, LoadedOf, Product};

/// Why the rules refuse a ballot in a campaign.
#[derive(Debug, thiserror::Error)]
pub enum CampaignRefusal {
    /// The rules said no, at this time.
    #[error("{0}")]
    Rejected(Rejection, DateTime<Utc>),
    /// There is no such campaign any more.
    #[error("there is no such campaign")]
    NotFound,
}

type BaseKey = (CampaignId, VoterId, DateTime<Utc>, Vec<VoteId>);

/// Where campaigns' rows are looked up, many at a time.
#[derive(Clone)]
pub(super) struct Sources {
    pub(super) facts: CampaignFacts,
    bases: Coalesced<BaseKey, Loaded<Base, Ballot>>,
    /// What was asked under a vote id that the ledger knows.
    ballots: Coalesced<VoteId, Ballot>,
}

impl Sources {
    pub(super) fn new(store: &Store, facts: CampaignFacts) -> Self {
        let (for_bases, for_ballots) = (store.clone(), store.clone());
        Self {
            facts,
            bases: Coalesced::new(move |asked| load_bases(for_bases.clone(), asked)),
            ballots: Coalesced::new(move |votes| {
                let store = for_ballots.clone();
                async move {
                    let found = store.campaign_ballots(&votes).await?;
                    let ballot = |(vote, _, ballot)| (vote, ballot);
                    Ok(found.into_iter().map(ballot).collect::<HashMap<_, _>>())
                }
            }),
        }
    }
}

/// The rules and rows of one campaign.
#[derive(Clone)]
pub(crate) struct Campaign {
    id: CampaignId,
    sources: Sources,
}

impl Campaign {
    pub(super) fn new(id: CampaignId, sources: Sources) -> Self {
        Self { id, sources }
    }

    async fn facts(&self) -> Result<Option<Arc<Facts>>, Unavailable> {
        self.sources.facts.get(self.id).await
    }
}

impl Product for Campaign {
    type Base = Base;
    type Voter = Voter;
    type Refusal = CampaignRefusal;
    /// The balance.
    type Receipt = u64;

    const STANDS: bool = false;

    fn voter_id(voter: &Voter) -> VoterId {
        voter.voter_id()
    }

    async fn load(
        &self,
        voter: VoterId,
        now: DateTime<Utc>,
        votes: Vec<VoteId>,
    ) -> Result<LoadedOf<Self>, Unavailable> {
        // Asked first: what follows is then what SQL says in the end.
        let is_drained = match self.facts().await? {
            Some(facts) if !votes.is_empty() => facts.progress >= Progress::Drained,
            _ => false,
        };
        // To the second, so that those who ask at the same time ask together.
        let key = (self.id, voter, now.trunc_subsecs(0), votes);
        let loaded = self.sources.bases.get(key).await?;
        Ok(loaded.map(|loaded| Loaded {
            is_whole_ledger: is_drained,
            ..loaded
        }))
    }

    async fn settled_ballot(&self, vote_id: VoteId) -> Result<Option<Ballot>, Unavailable> {
        Ok(self.sources.ballots.get(vote_id).await?)
    }

    async fn decide(
        &self,
        voter: &Voter,
        ballot: Ballot,
        known: &mut KnownState<Base>,
        vote_id: VoteId,
    ) -> Result<Decision<CampaignVote>, CastError<CampaignRefusal>> {
        let facts = self.facts().await?;
        let facts = facts.ok_or(CastError::Refused(CampaignRefusal::NotFound))?;
        match admit(&known.state, &facts, known.now, voter, ballot, vote_id) {
            Ok(vote) => Ok(Decision::Cast(vote)),
            Err(rejection) => {
                let refusal = CampaignRefusal::Rejected(rejection, known.now);
                Err(CastError::Refused(refusal))
            }
        }
    }

    async fn receipt(&self, voter: &Voter, known: &KnownState<Base>) -> Result<u64, Unavailable> {
        let facts = self.facts().await?;
        Ok(facts.map_or(0, |facts| {
            let wallet = known
                .state
                .wallet(&facts.terms, voter.voter_id(), known.now);
            wallet.balance
        }))
    }
}

async fn load_bases(
    store: Store,
    asked: Vec<BaseKey>,
) -> Result<HashMap<BaseKey, Loaded<Base, Ballot>>, StoreError> {
    let mut by_campaign = HashMap::<CampaignId, Vec<BaseKey>>::new();
    for key in asked {
        by_campaign.entry(key.0).or_default().push(key);
    }
    let mut loaded = HashMap::new();
    for (campaign, keys) in by_campaign {
        let mut voters: Vec<VoterId> = keys.iter().map(|key| key.1).collect();
        voters.sort_unstable();
        voters.dedup();
        let votes: Vec<(VoterId, VoteId)> = keys
            .iter()
            .flat_map(|(_, voter, _, votes)| votes.iter().map(|vote| (*voter, *vote)))
            .collect();
        let Some(now) = keys.iter().map(|key| key.2).min() else {
            continue;
        };
        let found = store.load_campaign_bases(campaign, &voters, &votes, now);
        let found = found.await?;
        let ballots = Arc::new(found.known);
        loaded.extend(keys.into_iter().filter_map(|key| {
            let base = found.bases.get(&key.1)?.clone();
            let loaded = Loaded {
                base,
                ballots: ballots.clone(),
                is_whole_ledger: false,
            };
            Some((key, loaded))
        }));
    }
    Ok(loaded)
}
