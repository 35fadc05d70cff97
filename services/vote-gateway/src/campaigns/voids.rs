//! Voids: votes taken out of the count again, those still queued too.

use std::sync::Arc;

use http_kit::Problem;
use vote_domain::campaign::{Facts, Stage};
use vote_domain::{Seq, VoteId, Voter};
use vote_store::voids::{NewVoid, VoidOutcome};

use super::Campaigns;
use super::problem::{campaign_not_found, campaign_not_open, vote_not_found};
use crate::error::Unavailable;

/// What a void covers.
pub(super) enum Target {
    /// One vote.
    Vote(VoteId),
    /// All votes that the voter has cast so far.
    Voter(Voter),
}

/// What a void did at once.
pub(super) struct Voided {
    /// Counted votes it took out.
    pub(super) n_votes: u64,
    /// Whether the one vote is not in the ledger yet; it is voided when it arrives.
    pub(super) is_waiting: bool,
}

impl Campaigns {
    /// Voids what `target` says. Repeating it changes nothing.
    ///
    /// # Errors
    /// A problem; if it is 503, some votes may be voided: repeat it.
    pub(super) async fn void(
        &self,
        facts: &Arc<Facts>,
        target: &Target,
        void: &NewVoid,
    ) -> Result<Voided, Problem> {
        let campaign = facts.terms.campaign;
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        let outcome = match target {
            Target::Vote(vote) => self.store.void_vote(campaign, *vote, void, now).await,
            Target::Voter(voter) => {
                let up_to = self.last_cast(facts, voter).await?;
                let voiding = self.store.void_voter(campaign, voter, up_to, void, now);
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
                return Err(Problem::conflict(
                    "vote_not_counted",
                    format!("The vote was rejected: {reason}."),
                ));
            }
            VoidOutcome::NotOpen => {
                return Err(campaign_not_open(Stage::Drained));
            }
            VoidOutcome::OfAnotherCampaign => return Err(vote_not_found()),
            VoidOutcome::NoSuchCampaign => return Err(campaign_not_found()),
        };
        tracing::info!(%campaign, void = %void.void_id, n_votes, is_waiting, "votes voided");
        Ok(Voided {
            n_votes,
            is_waiting,
        })
    }

    /// The last place among the votes of `voter` that were admitted before now: whatever
    /// is admitted later comes behind it.
    async fn last_cast(&self, facts: &Facts, voter: &Voter) -> Result<Seq, Unavailable> {
        let known = self.booth(facts).read(voter.voter_id()).await?;
        let before_now = Seq(known.now.timestamp_micros() - 1);
        Ok(known.state.last_seq().max(before_now))
    }
}
