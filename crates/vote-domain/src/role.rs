//! Who may do what: one table, read by every route that guards something.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an account is trusted with. Each role may do all that the ones before it may.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, reviews and votes.
    #[default]
    Member,
    /// Also finds members, removes reviews and voids votes on them.
    Moderator,
    /// Also keeps restaurants, items, campaigns and dead letters, grants tickets, and voids votes
    /// in campaigns.
    Operator,
    /// Also gives roles and admits partners.
    Admin,
}

impl Role {
    /// Every role, from the least trusted to the most.
    pub const ALL: [Self; 4] = [Self::Member, Self::Moderator, Self::Operator, Self::Admin];

    /// The name in the API, in SQL and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether this role may do `permission`.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Debug, thiserror::Error)]
#[error("unknown role {0:?}")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// Something that is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Cast votes and see one's own.
    Vote,
    /// Write reviews, and change or remove one's own.
    Review,
    /// Remove any review.
    RemoveReview,
    /// Void votes on reviews.
    VoidReviewVote,
    /// Find members by their names.
    FindUsers,
    /// Create restaurants and their items.
    KeepCatalog,
    /// Create and edit campaigns.
    KeepCampaigns,
    /// Grant tickets to any voter.
    GrantTickets,
    /// Void votes in campaigns.
    VoidCampaignVote,
    /// Read the audit record.
    ReadAudit,
    /// Read dead letters, and replay or drop them.
    KeepDeadLetters,
    /// See how full the ballot boxes are, and how far behind.
    SeeBoxes,
    /// Admit partners, and give, rotate and revoke their keys.
    KeepPartners,
    /// Give a role to an account.
    GiveRole,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 14] = [
        Self::Vote,
        Self::Review,
        Self::RemoveReview,
        Self::VoidReviewVote,
        Self::FindUsers,
        Self::KeepCatalog,
        Self::KeepCampaigns,
        Self::GrantTickets,
        Self::VoidCampaignVote,
        Self::ReadAudit,
        Self::KeepDeadLetters,
        Self::SeeBoxes,
        Self::KeepPartners,
        Self::GiveRole,
    ];

    /// The table: the least role that may.
    #[must_use]
    pub fn least_role(self) -> Role {
        match self {
            Self::Vote | Self::Review => Role::Member,
            Self::RemoveReview | Self::VoidReviewVote | Self::FindUsers => Role::Moderator,
            Self::KeepCatalog
            | Self::KeepCampaigns
            | Self::GrantTickets
            | Self::VoidCampaignVote
            | Self::ReadAudit
            | Self::KeepDeadLetters
            | Self::SeeBoxes => Role::Operator,
            Self::KeepPartners | Self::GiveRole => Role::Admin,
        }
    }
}
