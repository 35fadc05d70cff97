//! Dropping a letter: its votes are rejected.

use std::collections::BTreeSet;

use http_kit::Problem;
use uuid::Uuid;
use vote_domain::{CampaignId, UserId, VoteId, VoterId};
use vote_store::dead_letters::{DropOutcome, LetterDrop, LetterVotes};

use super::contents::Contents;
use super::letter_not_found;
use crate::error::Unavailable;
use crate::gateway::Gateway;

/// What dropping a letter did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The votes that were rejected now.
    pub rejected: Vec<VoteId>,
    /// How many votes of the letter could be read; those not rejected had come to their end
    /// before, or name a campaign that is drained or final.
    pub n_votes: u64,
    /// How many parts of it could not be read; whatever they were has no end in the ledger.
    pub n_unreadable: u64,
}

/// Why a letter was not dropped.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    /// There is no such letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// It was replayed: its votes may count.
    #[error("the letter was replayed")]
    Replayed,
    /// A part is missing; it may be dropped nevertheless. Repeat it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DropError> for Problem {
    fn from(error: DropError) -> Self {
        match error {
            DropError::NotFound => letter_not_found(),
            DropError::Replayed => Self::conflict(
                "dead_letter_replayed",
                "The letter was replayed, so that its votes may count. Should they fail again, \
                 it is open again.",
            ),
            DropError::Unavailable(error) => {
                tracing::warn!(part = error.part, reason = %error.reason, "a dead letter was not dropped");
                let detail = format!(
                    "The {} did not answer; the letter may be dropped. Repeat it: that is safe.",
                    error.part
                );
                Self::unavailable("queue_unavailable", detail, error.retry_after)
            }
        }
    }
}

impl Gateway {
    /// Drops the letter `id`, by `by` and for `reason`: those of its votes that the ledger
    /// does not know are rejected, and their voters' states are told before it returns.
    /// Repeating it changes nothing.
    ///
    /// Runs to its end even if whoever waits for it goes away.
    ///
    /// # Errors
    /// [`DropError`]
    pub async fn drop_dead_letter(
        &self,
        id: Uuid,
        by: UserId,
        reason: String,
    ) -> Result<Dropped, DropError> {
        let gateway = self.clone();
        let dropping = async move { gateway.give_up(id, by, reason).await };
        let dropped = self.office.runtime.spawn(dropping).await;
        dropped.unwrap_or_else(|error| Err(Unavailable::of("gateway", error).into()))
    }

    async fn give_up(&self, id: Uuid, by: UserId, reason: String) -> Result<Dropped, DropError> {
        let letter = self.letter(id).await?.ok_or(DropError::NotFound)?;
        let contents = Contents::of(&letter);
        let order = LetterDrop {
            votes: contents.by_product(),
            reason,
        };
        let act = self.act(by).await?;
        let dropping = self.store.drop_dead_letter(id, &order, &act);
        let rejected = match dropping.await.map_err(Unavailable::from)? {
            DropOutcome::Done { rejected } => {
                tracing::warn!(%by, dead_letter = %id, reason = order.reason, n_rejected = rejected.len(), "dead letter dropped");
                let name = letter.ballot_box;
                metrics::counter!("tally_dead_letters_decided_total", "box" => name, "decision" => "dropped")
                    .increment(1);
                rejected
            }
            // Whoever dropped it may not have come to telling.
            DropOutcome::AlreadyDropped => Vec::new(),
            DropOutcome::Replayed => return Err(DropError::Replayed),
            DropOutcome::NoSuchLetter => return Err(DropError::NotFound),
        };
        for vote_id in &rejected {
            tracing::warn!(target: "vote", %vote_id, dead_letter = %id, "vote dropped");
        }
        self.tell_dropped(&order.votes).await;
        Ok(Dropped {
            rejected,
            n_votes: contents.votes.len() as u64,
            n_unreadable: contents.n_unreadable,
        })
    }

    /// Gives the voters of `votes` back what their dropped votes had reserved.
    async fn tell_dropped(&self, votes: &LetterVotes) {
        let members: BTreeSet<UserId> = votes.reviews.iter().map(|vote| vote.voter).collect();
        for member in members {
            self.reviews.catch_up(member.into()).await;
        }
        let voters: BTreeSet<(CampaignId, VoterId)> = votes
            .campaigns
            .iter()
            .map(|vote| (vote.campaign, vote.voter.voter_id()))
            .collect();
        for (campaign, voter) in voters {
            match self.campaigns.facts(campaign).await {
                Ok(Some(facts)) => self.campaigns.booth(&facts).catch_up(voter).await,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%campaign, %voter, %error, "a voter's state was not told");
                }
            }
        }
    }
}
