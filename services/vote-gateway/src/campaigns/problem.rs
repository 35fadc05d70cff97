//! What campaign calls answer when they cannot do what was asked.

use std::time::Duration;

use http_kit::Problem;
use vote_domain::campaign::{Rejection, Stage};

use super::product::CampaignRefusal;
use crate::error::CastError;

/// 404 for a campaign that nobody created.
pub(super) fn campaign_not_found() -> Problem {
    Problem::not_found("campaign_not_found", "There is no such campaign.")
}

/// 404 for an option that the campaign does not have.
pub(super) fn option_not_found() -> Problem {
    Problem::not_found("option_not_found", "The campaign has no such option.")
}

/// 404 for a channel that the campaign does not have.
pub(super) fn channel_not_found() -> Problem {
    Problem::not_found("channel_not_found", "The campaign has no such channel.")
}

/// 404 for a vote that was not cast in the campaign.
pub(super) fn vote_not_found() -> Problem {
    Problem::not_found("vote_not_found", "The campaign has no such vote.")
}

/// 409 for a campaign that is not where the call needs it.
pub(crate) fn campaign_not_open(stage: Stage) -> Problem {
    let detail = match stage {
        Stage::Scheduled => "The campaign has not begun.",
        Stage::Open => "The campaign does not take this now.",
        Stage::Closing | Stage::Drained | Stage::Final => "The campaign is over.",
    };
    Problem::conflict("campaign_not_open", detail).with("state", stage)
}

impl From<CastError<CampaignRefusal>> for Problem {
    fn from(error: CastError<CampaignRefusal>) -> Self {
        let (rejection, now) = match error {
            CastError::Refused(CampaignRefusal::Rejected(rejection, now)) => (rejection, now),
            CastError::Refused(CampaignRefusal::NotFound) => return campaign_not_found(),
            CastError::KeyReused => {
                return Self::invalid(
                    "idempotency_key_reused",
                    "The idempotency key was used for another ballot.",
                );
            }
            CastError::Unavailable(error) => return error.into(),
        };
        match rejection {
            Rejection::NotOpen(stage) => campaign_not_open(stage),
            Rejection::ChannelClosedToVoter => Self::forbidden(
                "channel_closed_to_voter",
                "The channel is reserved to other kinds of voters.",
            ),
            Rejection::TooManyTickets { max } => Self::invalid(
                "too_many_tickets",
                format!("This vote may spend at most {max} tickets."),
            )
            .with("max_tickets", max),
            Rejection::InsufficientTickets { balance } => Self::invalid(
                "insufficient_tickets",
                format!("The wallet holds {balance} tickets."),
            )
            .with("balance", balance),
            Rejection::ChannelLimitReached {
                limit,
                used,
                resets_at,
            } => {
                let wait: Duration = (resets_at - now).to_std().unwrap_or_default();
                let detail = format!("{used} of the day's {limit} tickets here are used.");
                Self::too_many("channel_limit_reached", detail, wait)
                    .with("limit", limit)
                    .with("used", used)
                    .with("resets_at", resets_at)
            }
        }
    }
}
