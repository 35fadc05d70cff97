//! Noting how far settling has come, so that gateways know how long votes wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use vote_domain::voter_state::Vote as _;
use vote_queue::BallotBox;

use crate::box_worker::BoxWorker;
use crate::collect::Arrived;
use crate::product::{Product, VoteOf};

/// How often one process notes it of one box at most.
const NOTE_EVERY: Duration = Duration::from_millis(250);

/// The longest that settling waits for it to be noted.
const NOTE_WITHIN: Duration = Duration::from_millis(200);

/// When a process last noted how far settling has come, by box. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Noted(Arc<Mutex<HashMap<BallotBox, Instant>>>);

impl Noted {
    /// Whether it is time to note it of `ballot_box` again; if so, it is taken to be done.
    fn is_due(&self, ballot_box: &BallotBox) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match noted.get(ballot_box) {
            Some(last) if now.duration_since(*last) < NOTE_EVERY => false,
            _ => {
                noted.insert(ballot_box.clone(), now);
                true
            }
        }
    }
}

impl<P: Product> BoxWorker<P> {
    /// Notes that `votes` have settled. Best effort: who reads it takes a box without news
    /// for one whose votes wait.
    pub(crate) async fn note_settled(&self, votes: &[Arrived<VoteOf<P>>]) {
        let Some(last) = votes.iter().map(|arrived| arrived.vote.seq()).max() else {
            return;
        };
        if !self.worker.noted.is_due(&self.ballot_box) {
            return;
        }
        let cache = &self.worker.cache;
        let noting = cache.note_settled(self.ballot_box.name(), last.at());
        match tokio::time::timeout(NOTE_WITHIN, noting).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "how far settling has come was not noted"),
            Err(_) => tracing::debug!("how far settling has come was not noted in time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_box_is_noted_a_few_times_a_second_and_others_beside_it() {
        let (noted, reviews) = (Noted::default(), BallotBox::reviews());
        assert!(noted.is_due(&reviews));
        assert!(!noted.is_due(&reviews));
        assert!(noted.is_due(&BallotBox::dead()));
        tokio::time::advance(NOTE_EVERY).await;
        assert!(noted.is_due(&reviews));
    }
}
