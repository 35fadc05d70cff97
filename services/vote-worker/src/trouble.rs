//! What holds settling up, box by box, for logs and readiness.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vote_queue::BallotBox;
use vote_store::StoreError;

/// Why boxes are not being settled now. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<BTreeMap<BallotBox, String>>>);

impl Trouble {
    /// Notes that `ballot_box` waits for `error` to pass.
    pub(crate) fn held_up(&self, ballot_box: &BallotBox, error: &StoreError) {
        let before = self.lock().insert(ballot_box.clone(), error.to_string());
        if before.is_none() {
            tracing::warn!(%ballot_box, %error, "settling is held up");
        }
    }

    /// Notes that `ballot_box` is being settled.
    pub(crate) fn recovered(&self, ballot_box: &BallotBox) {
        if self.lock().remove(ballot_box).is_some() {
            tracing::info!(%ballot_box, "settling goes on");
        }
    }

    /// Forgets `ballot_box`, which is no longer served here.
    pub(crate) fn forget(&self, ballot_box: &BallotBox) {
        self.lock().remove(ballot_box);
    }

    /// Whether every box is being settled.
    ///
    /// # Errors
    /// The boxes that are not, and why, in one line.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut line = String::new();
        for (ballot_box, reason) in &*self.lock() {
            let separator = if line.is_empty() { "" } else { "; " };
            // Writing to a string cannot fail.
            let _ = write!(line, "{separator}{ballot_box}: {reason}");
        }
        if line.is_empty() { Ok(()) } else { Err(line) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BallotBox, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn readiness_names_the_boxes_that_are_held_up() {
        let trouble = Trouble::default();
        let (reviews, campaign) = (BallotBox::reviews(), BallotBox::campaign(Uuid::nil()));
        assert_eq!(trouble.check(), Ok(()));
        trouble.held_up(&reviews, &StoreError::Unavailable("gone".to_owned()));
        trouble.held_up(&campaign, &StoreError::TooSlow("slow".to_owned()));
        let line = trouble.check().unwrap_err();
        assert!(
            line.contains("votes.reviews: database unavailable: gone"),
            "{line}"
        );
        assert!(line.contains(campaign.name()), "{line}");
        trouble.recovered(&reviews);
        trouble.forget(&campaign);
        assert_eq!(trouble.check(), Ok(()));
    }
}
