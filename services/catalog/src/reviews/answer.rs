//! What is answered about reviews, in the words of the API.

use chrono::{DateTime, Utc};
use http_kit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::review::{Counts, Direction};
use vote_domain::{ReviewId, UserId};
use vote_store::catalog::Review;

use crate::catalog::Catalog;
use crate::failure::Failure;

/// Who wrote a review.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AuthorBody {
    user_id: Uuid,
    user_name: String,
}

/// A review. In the cache it lies without what changes with every vote.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "review_id": "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22",
    "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
    "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
    "author": {"user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11", "user_name": "ada"},
    "stars": 5, "content": "The broth alone is worth the queue.",
    "up": 12, "down": 1, "my_vote": "up", "version": 1,
    "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:00Z",
    "reward_sent_at": "2026-03-02T09:30:00Z"
}))]
pub(crate) struct ReviewBody {
    pub(crate) review_id: Uuid,
    restaurant_id: Uuid,
    item_id: Uuid,
    author: AuthorBody,
    /// 1 to 5.
    stars: u8,
    content: String,
    /// Up votes that stand.
    pub(crate) up: u64,
    /// Down votes that stand.
    down: u64,
    /// The direction of one's own vote that stands, votes in flight included: `up`,
    /// `down`, or null; always null without a token.
    #[schema(value_type = Option<String>)]
    my_vote: Option<Direction>,
    /// One higher with each change; for `If-Match`.
    pub(crate) version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// When the author was rewarded for it; null until then.
    pub(crate) reward_sent_at: Option<DateTime<Utc>>,
}

impl From<Review> for ReviewBody {
    fn from(review: Review) -> Self {
        Self {
            review_id: review.review_id.0,
            restaurant_id: review.restaurant_id.0,
            item_id: review.item_id.0,
            author: AuthorBody {
                user_id: review.author.0,
                user_name: review.author_name,
            },
            stars: review.stars,
            content: review.content,
            up: 0,
            down: 0,
            my_vote: None,
            version: review.version,
            created_at: review.created_at,
            updated_at: review.updated_at,
            reward_sent_at: review.reward_sent_at,
        }
    }
}

/// What the votes on a review come to. Its form has a number, `counters::FORM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CountBody {
    pub(crate) review_id: Uuid,
    /// Up votes that stand.
    pub(crate) up: u64,
    /// Down votes that stand.
    pub(crate) down: u64,
    /// The direction of one's own vote that stands; see a review's.
    #[schema(value_type = Option<String>)]
    pub(crate) my_vote: Option<Direction>,
}

impl Catalog {
    /// Adds to `reviews` what the votes on them come to, and what stands for `member`.
    pub(crate) async fn fill_in(
        &self,
        reviews: &mut [ReviewBody],
        member: Option<UserId>,
    ) -> Result<(), Failure> {
        let ids: Vec<_> = reviews
            .iter()
            .map(|review| ReviewId(review.review_id))
            .collect();
        let counts = self.counters.of(&ids).await?;
        let my_votes = self.my_votes.of(member, &ids).await?;
        for review in reviews {
            let id = ReviewId(review.review_id);
            let Counts { up, down, .. } = counts.get(id).unwrap_or_default();
            (review.up, review.down) = (up, down);
            review.my_vote = my_votes.get(&id).copied();
        }
        Ok(())
    }
}

/// 404 `review_not_found`.
pub(crate) fn review_not_found() -> Problem {
    Problem::not_found("review_not_found", "There is no such review.")
}
