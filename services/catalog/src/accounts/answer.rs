//! What is answered about accounts, in the words of the API.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::Role;
use vote_domain::review::Quota;
use vote_store::accounts::User;

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11", "user_name": "ada",
    "role": "member", "credit": 0
}))]
pub(crate) struct UserBody {
    user_id: Uuid,
    user_name: String,
    /// `member`, `moderator`, `operator` or `admin`.
    #[schema(value_type = String)]
    role: Role,
    /// What the account's reviews earned.
    credit: i64,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            user_id: user.user_id.0,
            user_name: user.user_name,
            role: user.role,
            credit: user.credit,
        }
    }
}

/// The day's votes of a member.
#[derive(Serialize, ToSchema)]
#[schema(title = "QuotaBody")]
pub(crate) struct VotesOfDay {
    /// Votes per day.
    limit: u32,
    /// Used today, votes in flight included.
    used: u32,
    /// Left today.
    remaining: u32,
    /// When the next day begins.
    resets_at: DateTime<Utc>,
}

impl From<Quota> for VotesOfDay {
    fn from(quota: Quota) -> Self {
        Self {
            limit: quota.limit,
            used: quota.used,
            remaining: quota.remaining,
            resets_at: quota.resets_at,
        }
    }
}

/// One's own account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11", "user_name": "ada",
    "role": "member", "credit": 0,
    "votes": {"limit": 3, "used": 1, "remaining": 2, "resets_at": "2026-03-02T00:00:00Z"}
}))]
pub(crate) struct MeBody {
    #[serde(flatten)]
    pub(crate) user: UserBody,
    pub(crate) votes: VotesOfDay,
}
