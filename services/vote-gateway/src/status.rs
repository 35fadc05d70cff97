//! What became of a vote on a review.

use chrono::{DateTime, Utc};
use vote_domain::review::Ballot;
use vote_domain::voter_state::Vote as _;
use vote_domain::{Outcome, RejectReason};
use vote_domain::{UserId, VoteId};

use crate::error::Unavailable;
use crate::gateway::Gateway;

/// A vote, as its voter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteStatus {
    /// The vote.
    pub vote_id: VoteId,
    /// What was asked.
    pub ballot: Ballot,
    /// How far it has come.
    pub state: VoteState,
    /// Why it was voided, in the words of whoever did.
    pub void_reason: Option<String>,
    /// The counted vote that changed or took back this one.
    pub superseded_by: Option<VoteId>,
    /// When it was admitted.
    pub cast_at: DateTime<Utc>,
    /// When it entered the ledger.
    pub settled_at: Option<DateTime<Utc>>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteState {
    /// In flight: durable, not settled yet. While a gateway is still waiting for the
    /// broker, a vote shows so too.
    Accepted,
    /// In the ledger.
    Counted,
    /// In the ledger as refused.
    Rejected(RejectReason),
    /// Taken out of the count by a moderator or an operator.
    Voided,
}

/// What is known of a vote nobody could show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// It never was, or was never the asker's.
    Never,
    /// Voter states were lost a moment ago: it may be under way.
    Unknown,
}

impl Gateway {
    /// What became of those of `votes` that are `voter`'s, in the order asked for.
    ///
    /// # Errors
    /// [`Unavailable`] if the voter's state or SQL cannot be asked.
    pub async fn statuses(
        &self,
        voter: UserId,
        votes: &[VoteId],
    ) -> Result<Vec<VoteStatus>, Unavailable> {
        // First what is in flight, then SQL: a vote that settles in between is in both.
        let mut known = self.reviews.read(voter.into()).await?;
        if let Err(error) = self.reviews.mend(voter.into(), &mut known).await {
            tracing::debug!(%error, "votes of unknown fate were not sent again");
        }
        let state = known.state;
        let settled = self.store.ledger_votes(votes).await?;
        let status = |vote_id: &VoteId| {
            if let Some(vote) = settled.iter().find(|vote| vote.vote_id == *vote_id) {
                return (vote.voter == voter).then_some(VoteStatus {
                    vote_id: *vote_id,
                    ballot: vote.ballot,
                    state: match vote.outcome {
                        Outcome::Counted => VoteState::Counted,
                        Outcome::Rejected(reason) => VoteState::Rejected(reason),
                        Outcome::Voided => VoteState::Voided,
                    },
                    void_reason: vote.void_reason.clone(),
                    superseded_by: vote.superseded_by,
                    cast_at: vote.seq.at(),
                    settled_at: Some(vote.settled_at),
                });
            }
            state.in_flight(*vote_id).map(|sent| VoteStatus {
                vote_id: *vote_id,
                ballot: sent.vote.ballot(),
                state: VoteState::Accepted,
                void_reason: None,
                superseded_by: None,
                cast_at: sent.vote.seq.at(),
                settled_at: None,
            })
        };
        Ok(votes.iter().filter_map(status).collect())
    }

    /// What may be said of a vote that [`Gateway::statuses`] does not show.
    ///
    /// # Errors
    /// [`Unavailable`] if nobody can say.
    pub(crate) async fn absent(&self) -> Result<Absent, Unavailable> {
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        Ok(if self.epoch.is_open(now).await? {
            Absent::Unknown
        } else {
            Absent::Never
        })
    }
}
