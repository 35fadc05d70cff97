//! What became of a vote in a campaign.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::future::Cache;
use vote_domain::campaign::{Ballot, Facts};
use vote_domain::{CampaignId, Outcome, VoteId, Voter};
use vote_store::{Store, StoreError};

use super::Campaigns;
use crate::error::Unavailable;
use crate::status::VoteState;

/// The campaigns whose votes may be in flight.
#[derive(Clone)]
pub(super) struct Unfinished {
    store: Store,
    kept: Cache<(), Arc<Vec<CampaignId>>>,
}

impl Unfinished {
    pub(super) fn new(store: &Store, max_age: Duration) -> Self {
        Self {
            store: store.clone(),
            kept: Cache::builder().time_to_live(max_age).build(),
        }
    }

    async fn get(&self) -> Result<Arc<Vec<CampaignId>>, Arc<StoreError>> {
        let load = async {
            let heads = self.store.unfinished_campaigns().await?;
            Ok(Arc::new(
                heads.iter().map(|head| head.terms.campaign).collect(),
            ))
        };
        self.kept.try_get_with((), load).await
    }
}

/// A vote in a campaign, as its voter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CampaignVoteStatus {
    /// The vote.
    pub(crate) vote_id: VoteId,
    /// Where it was cast.
    pub(crate) campaign: CampaignId,
    /// Key of the option.
    pub(crate) option: Option<String>,
    /// Key of the channel.
    pub(crate) channel: Option<String>,
    /// Tickets it spends.
    pub(crate) tickets: u32,
    /// How far it has come.
    pub(crate) state: VoteState,
    /// Why it was voided, in the words of whoever did.
    pub(crate) void_reason: Option<String>,
    /// When it was admitted.
    pub(crate) cast_at: DateTime<Utc>,
    /// When it entered the ledger.
    pub(crate) settled_at: Option<DateTime<Utc>>,
}

impl Campaigns {
    /// What became of those of `votes` that are `voter`'s, in the order asked for.
    ///
    /// # Errors
    /// [`Unavailable`] if the voter's states or SQL cannot be asked.
    pub(crate) async fn statuses(
        &self,
        voter: &Voter,
        votes: &[VoteId],
    ) -> Result<Vec<CampaignVoteStatus>, Unavailable> {
        let mut settled = self.store.campaign_ledger_votes(votes).await?;
        let mut in_flight = Vec::new();
        // Which campaign a vote is of, its id does not say: states of all that run are read
        // for those alone that SQL does not know.
        let is_settled = |vote: &VoteId| settled.iter().any(|found| found.vote_id == *vote);
        let open: Vec<VoteId> = votes
            .iter()
            .filter(|vote| !is_settled(vote))
            .copied()
            .collect();
        if !open.is_empty() {
            // What is in flight, then SQL: a vote that settles in between is in both.
            in_flight = self.in_flight(voter, &open).await?;
            settled.extend(self.store.campaign_ledger_votes(&open).await?);
        }
        let status = |vote_id: &VoteId| {
            if let Some(vote) = settled.iter().find(|vote| vote.vote_id == *vote_id) {
                return (vote.voter == voter.voter_id()).then(|| CampaignVoteStatus {
                    vote_id: *vote_id,
                    campaign: vote.campaign,
                    option: vote.option.clone(),
                    channel: vote.channel.clone(),
                    tickets: vote.ballot.tickets,
                    state: match vote.outcome {
                        Outcome::Counted => VoteState::Counted,
                        Outcome::Rejected(reason) => VoteState::Rejected(reason),
                        Outcome::Voided => VoteState::Voided,
                    },
                    void_reason: vote.void_reason.clone(),
                    cast_at: vote.seq.at(),
                    settled_at: Some(vote.settled_at),
                });
            }
            in_flight
                .iter()
                .find(|vote| vote.vote_id == *vote_id)
                .cloned()
        };
        Ok(votes.iter().filter_map(status).collect())
    }

    /// Those of `votes` that are in flight, in whichever campaign.
    async fn in_flight(
        &self,
        voter: &Voter,
        votes: &[VoteId],
    ) -> Result<Vec<CampaignVoteStatus>, Unavailable> {
        let mut found = Vec::new();
        for campaign in self.unfinished.get().await?.iter() {
            let Some(facts) = self.facts(*campaign).await? else {
                continue;
            };
            let booth = self.booth(&facts);
            let mut known = booth.read(voter.voter_id()).await?;
            if let Err(error) = booth.mend(voter.voter_id(), &mut known).await {
                tracing::debug!(%error, "votes of unknown fate were not sent again");
            }
            let sent = known.state.in_flight.iter().map(|sent| &sent.vote);
            found.extend(
                sent.filter(|vote| votes.contains(&vote.vote_id))
                    .map(|vote| CampaignVoteStatus {
                        vote_id: vote.vote_id,
                        campaign: *campaign,
                        option: option_key(&facts, vote.ballot),
                        channel: channel_key(&facts, vote.ballot),
                        tickets: vote.ballot.tickets,
                        state: VoteState::Accepted,
                        void_reason: None,
                        cast_at: vote.seq.at(),
                        settled_at: None,
                    }),
            );
        }
        Ok(found)
    }
}

fn option_key(facts: &Facts, ballot: Ballot) -> Option<String> {
    let mut options = facts.options.iter();
    let found = options.find(|(_, no)| **no == ballot.option);
    found.map(|(key, _)| key.clone())
}

fn channel_key(facts: &Facts, ballot: Ballot) -> Option<String> {
    let at = usize::try_from(ballot.channel.0).ok()?;
    Some(facts.channels.get(at)?.key.clone())
}
