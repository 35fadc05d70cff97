//! Whether votes that were admitted were rejected for what a loss of Redis explains.

use super::{Court, Promise};
use crate::chaos::loss::explains;

/// The only reason that a loss leads to.
const QUOTA_USED: &str = "daily_quota_used";

impl Court<'_> {
    pub(super) fn rejections_are_due(&mut self) {
        let used = self.used();
        for vote in &self.books.ledger {
            let Some(reason) = vote.reason.as_deref() else {
                continue;
            };
            if reason != QUOTA_USED {
                self.find(
                    Promise::NothingIsLost,
                    format!("vote {} was rejected as {reason:?}", vote.vote_id),
                );
                continue;
            }
            // What is used never shrinks, for nobody voids votes in these runs.
            let used = used.get(&(vote.voter, &*vote.day)).copied();
            let (used, limit) = (used.unwrap_or_default(), self.limit_of(vote.voter));
            if vote.cost == 0 || used + vote.cost <= limit {
                self.find(
                    Promise::RejectionsAreDue,
                    format!("{vote:?} had a place: {used} of {limit} are used"),
                );
            }
            if !explains(self.rules.lost_at, vote.settled_at) {
                self.find(
                    Promise::RejectionsAreDue,
                    format!("{vote:?} was admitted, and Redis had lost nothing"),
                );
            }
        }
    }
}
