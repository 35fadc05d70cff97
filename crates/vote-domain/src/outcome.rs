//! The end of a vote.

use std::fmt;
use std::str::FromStr;

/// The end of a vote: one of these, once and for good, except that a counted vote may
/// still be voided by an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It entered the ledger and counts, or did until another superseded it.
    Counted,
    /// It entered the ledger as refused and changed nothing else.
    Rejected(RejectReason),
    /// It entered the ledger under a void that had come before it.
    Voided,
}

/// What the ledger has for [`Outcome::Voided`].
const VOIDED: &str = "voided";

impl Outcome {
    /// What the ledger keeps of it: nothing for a counted vote, else why it is none.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Counted => None,
            Self::Rejected(reason) => Some(reason.as_str()),
            Self::Voided => Some(VOIDED),
        }
    }

    /// The outcome of which the ledger keeps `reason`.
    ///
    /// # Errors
    /// [`UnknownReason`]
    pub fn of_reason(reason: Option<&str>) -> Result<Self, UnknownReason> {
        match reason {
            None => Ok(Self::Counted),
            Some(VOIDED) => Ok(Self::Voided),
            Some(reason) => reason.parse().map(Self::Rejected),
        }
    }
}

/// Why a vote that was admitted is not counted. Only a loss of voter states lets this
/// happen; the codes are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectReason {
    /// The voter wrote the review.
    SelfVote,
    /// No such review was ever there.
    ReviewNotFound,
    /// The day's votes had been used by others that settled first.
    DailyQuotaUsed,
    /// It was stamped before the campaign's start, or at or after its end.
    CampaignNotOpen,
    /// The campaign has no such option.
    OptionNotFound,
    /// The campaign has no such channel.
    ChannelNotFound,
    /// The tickets had been spent by others that settled first.
    InsufficientTickets,
    /// The channel's tickets of the day had been spent by others that settled first.
    ChannelLimitReached,
    /// An operator dropped it from the dead letters.
    Dropped,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::SelfVote,
        Self::ReviewNotFound,
        Self::DailyQuotaUsed,
        Self::CampaignNotOpen,
        Self::OptionNotFound,
        Self::ChannelNotFound,
        Self::InsufficientTickets,
        Self::ChannelLimitReached,
        Self::Dropped,
    ];

    /// The code in the API, in SQL and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SelfVote => "self_vote",
            Self::ReviewNotFound => "review_not_found",
            Self::DailyQuotaUsed => "daily_quota_used",
            Self::CampaignNotOpen => "campaign_not_open",
            Self::OptionNotFound => "option_not_found",
            Self::ChannelNotFound => "channel_not_found",
            Self::InsufficientTickets => "insufficient_tickets",
            Self::ChannelLimitReached => "channel_limit_reached",
            Self::Dropped => "dropped",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no reason's code.
#[derive(Debug, thiserror::Error)]
#[error("unknown reason {0:?}")]
pub struct UnknownReason(String);

impl FromStr for RejectReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| UnknownReason(text.to_owned()))
    }
}
