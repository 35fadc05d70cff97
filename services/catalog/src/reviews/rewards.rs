//! Rewards that the cache has not heard of.

use std::time::Duration;

use moka::sync::Cache as Kept;
use uuid::Uuid;

use super::answer::ReviewBody;

/// Reviews remembered at once.
const KEPT_MAX: u64 = 100_000;

/// How long a review is not looked at again.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(5);

/// Finds reviews whose reward was paid since their text went into the cache: by their up
/// votes it is due, and the text does not say that it was sent. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rewards {
    up_votes: u64,
    looked_at: Kept<Uuid, ()>,
}

impl Rewards {
    /// Rewards are due at `up_votes`.
    pub(crate) fn new(up_votes: u32) -> Self {
        Self {
            up_votes: up_votes.into(),
            looked_at: Kept::builder()
                .max_capacity(KEPT_MAX)
                .time_to_live(LEFT_ALONE_FOR)
                .build(),
        }
    }

    /// Whether SQL should be asked about the reward of `review`; yes once in a while, for
    /// a reward may also be due and not paid.
    pub(crate) fn may_be_due(&self, review: &ReviewBody) -> bool {
        let due = review.reward_sent_at.is_none() && review.up >= self.up_votes;
        due && self
            .looked_at
            .entry(review.review_id)
            .or_insert(())
            .is_fresh()
    }
}
