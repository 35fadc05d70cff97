//! Finding out whether a vote is to blame.

use tokio_util::sync::CancellationToken;
use vote_domain::voter_state::Vote;

use crate::box_worker::BoxWorker;
use crate::collect::Arrived;
use crate::letters::refused;
use crate::product::{Product, VoteOf};
use crate::retry::Backoff;
use crate::settle::SettleError;
use crate::worker::Worker;

/// How often a vote must fail while a canary write succeeds before it is blamed.
/// With the waits between, this takes some seconds: what passes by itself has passed.
const TRIES: u32 = 8;

impl<P: Product> BoxWorker<P> {
    /// Decides on a vote that failed alone: it is blamed, and kept as a letter, only if it
    /// goes on failing while SQL takes other writes. `false` if told to stop before that.
    pub(crate) async fn blame(
        &self,
        vote: &Arrived<VoteOf<P>>,
        mut detail: String,
        stop: &CancellationToken,
    ) -> bool {
        let mut backoff = Backoff::new(&self.worker.ids);
        let mut n_failures = 0;
        loop {
            let Worker { store, clock, .. } = &self.worker;
            match store.write_canary("worker", clock.now()).await {
                Ok(()) => n_failures += 1,
                Err(error) => self.held_up(&error, true),
            }
            if n_failures >= TRIES {
                let vote_id = vote.vote.vote_id();
                tracing::error!(target: "vote", %vote_id, detail, "vote cannot be settled");
                let letter = refused(&self.ballot_box, vote, detail);
                return self.worker.keep(&self.ballot_box, letter, stop).await;
            }
            let wait = tokio::time::sleep(backoff.next());
            if stop.run_until_cancelled(wait).await.is_none() {
                return false;
            }
            match self.settle_once(std::slice::from_ref(vote)).await {
                Ok(settled) => {
                    self.recovered();
                    self.log(std::slice::from_ref(vote), &settled);
                    self.show(&settled).await;
                    return true;
                }
                Err(SettleError::Store(error)) if error.is_transient() => {
                    self.held_up(&error, true);
                    n_failures = 0;
                }
                Err(error) => detail = error.to_string(),
            }
        }
    }
}
