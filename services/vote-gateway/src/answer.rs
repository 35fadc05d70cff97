//! What the gateway answers, in the words of the API.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use chrono::{DateTime, Utc};
use http_kit::{API_BASE, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::review::{Direction, Quota, Rejection};

use crate::campaigns::CampaignVoteStatus;
use crate::cast::Accepted;
use crate::error::{CastError, OVERLOADED, Unavailable};
use crate::idempotency::InvalidKey;
use crate::reviews::ReviewRefusal;
use crate::status::{VoteState, VoteStatus};

/// A vote that was accepted: durable, and soon counted.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedBody {
    vote_id: Uuid,
    /// Always `accepted`.
    #[schema(example = "accepted")]
    state: &'static str,
    votes: QuotaBody,
}

/// The day's votes of a member.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuotaBody {
    /// Votes per day.
    limit: u32,
    /// Used today, votes in flight included.
    used: u32,
    /// Left today.
    remaining: u32,
    /// When the next day begins.
    resets_at: DateTime<Utc>,
}

impl From<Quota> for QuotaBody {
    fn from(quota: Quota) -> Self {
        Self {
            limit: quota.limit,
            used: quota.used,
            remaining: quota.remaining,
            resets_at: quota.resets_at,
        }
    }
}

/// A direction as the API writes it; `none` takes a vote back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DirectionName {
    Up,
    Down,
    None,
}

impl From<DirectionName> for Option<Direction> {
    fn from(name: DirectionName) -> Self {
        match name {
            DirectionName::Up => Some(Direction::Up),
            DirectionName::Down => Some(Direction::Down),
            DirectionName::None => None,
        }
    }
}

impl From<Option<Direction>> for DirectionName {
    fn from(direction: Option<Direction>) -> Self {
        match direction {
            Some(Direction::Up) => Self::Up,
            Some(Direction::Down) => Self::Down,
            None => Self::None,
        }
    }
}

/// What became of a vote.
#[derive(Serialize, ToSchema)]
pub(crate) struct VoteBody {
    vote_id: Uuid,
    review_id: Uuid,
    direction: DirectionName,
    /// `accepted`, `counted`, `rejected` or `voided`.
    #[schema(example = "counted")]
    state: &'static str,
    /// Why: the code of a rejection, or the words of whoever voided it.
    reason: Option<String>,
    /// The vote that changed or took back this one.
    superseded_by: Option<Uuid>,
    /// When it was admitted.
    cast_at: DateTime<Utc>,
    /// When it entered the ledger.
    settled_at: Option<DateTime<Utc>>,
}

/// What became of a vote in a campaign.
#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignVoteBody {
    vote_id: Uuid,
    campaign_id: Uuid,
    /// Key of the option.
    option: Option<String>,
    /// Key of the channel.
    channel: Option<String>,
    /// Tickets it spends.
    tickets: u32,
    /// `accepted`, `counted`, `rejected` or `voided`.
    #[schema(example = "counted")]
    state: &'static str,
    /// Why: the code of a rejection, or the words of whoever voided it.
    reason: Option<String>,
    /// When it was admitted.
    cast_at: DateTime<Utc>,
    /// When it entered the ledger.
    settled_at: Option<DateTime<Utc>>,
}

/// What became of a vote of either product.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AnyVoteBody {
    /// On a review.
    Review(VoteBody),
    /// In a campaign.
    Campaign(CampaignVoteBody),
}

/// The state's name in the API, and the reason for it.
fn state_names(state: VoteState, void: Option<String>) -> (&'static str, Option<String>) {
    match state {
        VoteState::Accepted => ("accepted", None),
        VoteState::Counted => ("counted", None),
        VoteState::Rejected(reason) => ("rejected", Some(reason.as_str().to_owned())),
        VoteState::Voided => ("voided", void),
    }
}

impl From<CampaignVoteStatus> for CampaignVoteBody {
    fn from(status: CampaignVoteStatus) -> Self {
        let (state, reason) = state_names(status.state, status.void_reason);
        Self {
            vote_id: status.vote_id.0,
            campaign_id: status.campaign.0,
            option: status.option,
            channel: status.channel,
            tickets: status.tickets,
            state,
            reason,
            cast_at: status.cast_at,
            settled_at: status.settled_at,
        }
    }
}

impl From<VoteStatus> for VoteBody {
    fn from(status: VoteStatus) -> Self {
        let (state, reason) = state_names(status.state, status.void_reason);
        Self {
            vote_id: status.vote_id.0,
            review_id: status.ballot.review.0,
            direction: status.ballot.direction.into(),
            state,
            reason,
            superseded_by: status.superseded_by.map(|vote| vote.0),
            cast_at: status.cast_at,
            settled_at: status.settled_at,
        }
    }
}

/// Votes of one's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct VotesBody {
    pub(crate) items: Vec<AnyVoteBody>,
}

/// 202 with the vote, or 204 where there was nothing to take back.
pub(crate) fn accepted(accepted: Accepted) -> HttpResponse {
    match accepted {
        Accepted::Nothing => HttpResponse::NoContent().finish(),
        Accepted::Vote(vote_id, quota) => HttpResponse::Accepted()
            .insert_header((header::LOCATION, format!("{API_BASE}/votes/{vote_id}")))
            .json(AcceptedBody {
                vote_id: vote_id.0,
                state: "accepted",
                votes: quota.into(),
            }),
    }
}

/// 404 for a review that is not there to be voted on.
pub(crate) fn review_not_found() -> Problem {
    Problem::not_found("review_not_found", "There is no such review.")
}

/// 503 for a vote nobody can speak for just now.
pub(crate) fn vote_state_unknown() -> Problem {
    Problem::unavailable(
        "vote_state_unknown",
        "The states of voters were lost a moment ago; the vote may still be under way.",
        Duration::from_secs(30),
    )
}

impl From<InvalidKey> for Problem {
    fn from(error: InvalidKey) -> Self {
        Self::invalid(
            "invalid_idempotency_key",
            format!("Idempotency-Key: {error}."),
        )
    }
}

impl From<CastError> for Problem {
    fn from(error: CastError) -> Self {
        match error {
            CastError::Refused(ReviewRefusal::Rejected(Rejection::SelfVote, _)) => {
                Problem::forbidden("self_vote", "Nobody may vote on their own review.")
            }
            CastError::Refused(ReviewRefusal::Rejected(Rejection::DailyQuotaUsed(quota), now)) => {
                let wait = (quota.resets_at - now).to_std().unwrap_or_default();
                let detail = format!("All {} votes of the day are used.", quota.limit);
                Problem::too_many("daily_quota_used", detail, wait)
                    .with("resets_at", quota.resets_at)
                    .with("votes", QuotaBody::from(quota))
            }
            CastError::Refused(ReviewRefusal::NotFound) => review_not_found(),
            CastError::KeyReused => Problem::invalid(
                "idempotency_key_reused",
                "The idempotency key was used for another ballot.",
            ),
            CastError::Unavailable(error) => error.into(),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        if error.code == OVERLOADED {
            // Counted by reason; a line for each would only add to the load.
            tracing::debug!(reason = %error.reason, "overloaded");
        } else {
            tracing::warn!(part = error.part, reason = %error.reason, "vote service unavailable");
        }
        let detail = match error.vote_id {
            None if error.code == OVERLOADED => {
                format!("Overloaded: {}; this ballot was not cast.", error.reason)
            }
            None => format!("The {} cannot be reached; nothing was cast.", error.part),
            Some(_) => format!(
                "The fate of the vote is open: the {} did not answer in time. Send it again \
                 with the same Idempotency-Key; without one, ask after vote_id before you cast \
                 anew.",
                error.part
            ),
        };
        let problem = Self::unavailable(error.code, detail, error.retry_after);
        match error.vote_id {
            None => problem,
            Some(vote_id) => problem.with("vote_id", vote_id),
        }
    }
}
