//! Voids of votes in campaigns.

use std::sync::Arc;

use http_kit::Problem;
use uuid::Uuid;
use vote_domain::Voter;
use vote_domain::campaign::{Facts, Stage};
use vote_store::voids::VoidOutcome;

use super::Campaigns;
use super::problem::{campaign_not_found, campaign_not_open, vote_not_found};
use crate::error::Unavailable;
use crate::voids::{VoidOrder, VoidTarget, Voided, vote_not_counted};

impl Campaigns {
    /// Voids what `target` says; answers with the void's id. Repeating it changes nothing.
    ///
    /// # Errors
    /// A problem; if it is 503, some votes may be voided: repeat it.
    pub(super) async fn void(
        &self,
        facts: &Arc<Facts>,
        target: &VoidTarget<Voter>,
        order: VoidOrder,
    ) -> Result<(Uuid, Voided), Problem> {
        let campaign = facts.terms.campaign;
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        let void = self.office.new_void(order, now);
        let outcome = match target {
            VoidTarget::Vote(vote) => self.store.void_vote(campaign, *vote, &void, now).await,
            VoidTarget::Voter(voter) => {
                let up_to = self.booth(facts).last_cast(voter.voter_id()).await?;
                let voiding = self.store.void_voter(campaign, voter, up_to, &void, now);
                voiding.await
            }
        };
        let (n_votes, is_waiting) = match outcome.map_err(Unavailable::from)? {
            VoidOutcome::Done { voided, voters } => {
                self.booth(facts).tell_all(&voters).await;
                (voided, false)
            }
            VoidOutcome::Waiting => (0, true),
            VoidOutcome::AlreadyVoided => (0, false),
            VoidOutcome::NotCounted(reason) => {
                return Err(vote_not_counted(reason));
            }
            VoidOutcome::NotOpen => {
                return Err(campaign_not_open(Stage::Drained));
            }
            VoidOutcome::OfAnotherCampaign => return Err(vote_not_found()),
            VoidOutcome::NoSuchCampaign => return Err(campaign_not_found()),
        };
        tracing::info!(%campaign, void = %void.void_id, n_votes, is_waiting, "votes voided");
        let voided = Voided {
            n_votes,
            is_waiting,
        };
        Ok((void.void_id, voided))
    }
}
