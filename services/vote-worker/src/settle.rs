//! Bringing a batch through: no outage is ever a vote's fault.

use std::collections::{HashMap, VecDeque};

use tokio_util::sync::CancellationToken;
use vote_domain::voter_state::Vote;
use vote_domain::{Outcome, VoteId};
use vote_store::StoreError;

use crate::box_worker::BoxWorker;
use crate::collect::{Arrived, Batch};
use crate::induced::panic_over;
use crate::letters::letter;
use crate::product::{Product, Settlement, VoteOf};
use crate::retry::Backoff;

/// How often a duplicate key may send a batch back before a vote is looked for.
const DUPLICATES_MAX: u32 = 5;

/// How a try at some votes ended.
enum Tried<P: Product> {
    Settled(Settlement<P>),
    /// Not by an outage: a vote among them cannot be settled.
    Failed(String),
    /// Others are in the way of some of them, or all at once are too much.
    Stuck,
}

/// How often a batch that is stuck is tried as it is, before it is split.
const STUCK_TRIES: u32 = 3;

impl<P: Product> BoxWorker<P> {
    /// Settles `batch`, for as long as it takes. `false` only when it was told to stop
    /// before that: the batch must not be acknowledged then.
    pub(crate) async fn settle(&self, batch: &Batch<VoteOf<P>>, stop: &CancellationToken) -> bool {
        let Some(failed) = self.settle_parts(&batch.votes, stop).await else {
            return false;
        };
        for unreadable in &batch.unreadable {
            let letter = letter(&self.ballot_box, unreadable);
            if !self.worker.keep(&self.ballot_box, letter, stop).await {
                return false;
            }
        }
        // Last, for each takes seconds. What is decided is kept at once, so that a stop takes
        // nothing back.
        for (vote, detail) in failed {
            if !self.blame(vote, detail, stop).await {
                return false;
            }
        }
        self.follow_up(stop).await
    }

    /// Settles `votes` together, or else in ever smaller parts. Answers which votes failed
    /// alone, and why; `None` if told to stop.
    async fn settle_parts<'v>(
        &self,
        votes: &'v [Arrived<VoteOf<P>>],
        stop: &CancellationToken,
    ) -> Option<Vec<(&'v Arrived<VoteOf<P>>, String)>> {
        let mut failed = Vec::new();
        // Parts still to be settled, the next one first.
        let mut work = VecDeque::from([votes]);
        while let Some(part) = work.pop_front() {
            if part.is_empty() {
                continue;
            }
            // A part of what was stuck is known to be trouble.
            let is_whole = part.len() == votes.len();
            let n_tries = if is_whole { STUCK_TRIES } else { 1 };
            match (self.try_votes(part, n_tries, stop).await?, part) {
                (Tried::Settled(settled), part) => {
                    self.log(part, &settled);
                    self.show(&settled).await;
                    self.note_settled(part).await;
                }
                (Tried::Failed(detail), [vote]) => failed.push((vote, detail)),
                // Alone and still stuck: its neighbours go first.
                (Tried::Stuck, vote @ [_]) => work.push_back(vote),
                (Tried::Failed(_) | Tried::Stuck, part) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    work.push_front(second);
                    work.push_front(first);
                }
            }
        }
        Some(failed)
    }

    /// Carries out what waited for votes to settle. `false` only when it was told to stop
    /// before that.
    pub(crate) async fn follow_up(&self, stop: &CancellationToken) -> bool {
        let mut backoff = Backoff::new(&self.worker.ids);
        loop {
            match self.product.follow_up(self.worker.clock.now()).await {
                Ok(voters) => {
                    self.recovered();
                    self.tell(&voters).await;
                    return true;
                }
                Err(error @ StoreError::Refused(_)) => {
                    // It waits in SQL, where the next batch finds it, or the close.
                    tracing::error!(ballot_box = %self.ballot_box, %error, "a void is not carried out");
                    return true;
                }
                Err(error) => {
                    self.held_up(&error, true);
                    let wait = tokio::time::sleep(backoff.next());
                    if stop.run_until_cancelled(wait).await.is_none() {
                        return false;
                    }
                }
            }
        }
    }

    /// Tries `votes` until they settle, fail by no outage, or were stuck `n_tries` times;
    /// `None` if told to stop.
    async fn try_votes(
        &self,
        votes: &[Arrived<VoteOf<P>>],
        n_tries: u32,
        stop: &CancellationToken,
    ) -> Option<Tried<P>> {
        let mut backoff = Backoff::new(&self.worker.ids);
        let (mut n_duplicates, mut n_stuck) = (0, 0);
        loop {
            match self.settle_once(votes).await {
                // Another worker was first; its votes are known at the next try.
                Err(SettleError::Store(StoreError::Duplicate(_)))
                    if n_duplicates < DUPLICATES_MAX =>
                {
                    n_duplicates += 1;
                }
                Ok(settled) => {
                    self.recovered();
                    return Some(Tried::Settled(settled));
                }
                Err(SettleError::Store(error)) if error.is_transient() => {
                    if let StoreError::Contention(_) | StoreError::TooSlow(_) = &error {
                        n_stuck += 1;
                    }
                    let is_stuck = n_stuck >= n_tries;
                    self.held_up(&error, is_stuck);
                    let wait = tokio::time::sleep(backoff.next());
                    stop.run_until_cancelled(wait).await?;
                    if is_stuck {
                        return Some(Tried::Stuck);
                    }
                }
                Err(error) => return Some(Tried::Failed(error.to_string())),
            }
        }
    }

    /// One transaction. A vote that makes it panic fails it, and ends nothing else.
    pub(crate) async fn settle_once(
        &self,
        votes: &[Arrived<VoteOf<P>>],
    ) -> Result<Settlement<P>, SettleError> {
        let (product, now) = (self.product.clone(), self.worker.clock.now());
        let votes: Vec<_> = votes.iter().map(|arrived| arrived.vote.clone()).collect();
        let label = self.label();
        metrics::histogram!("tally_settle_batch_votes", "box" => label.clone())
            .record(count(votes.len()));
        let started = tokio::time::Instant::now();
        let settling = tokio::spawn(async move {
            panic_over(&votes);
            product.settle(votes, now).await
        });
        let result = match settling.await {
            Ok(Ok(settled)) => Ok(settled),
            Ok(Err(error)) => Err(SettleError::Store(error)),
            Err(error) => Err(SettleError::Panicked(error.to_string())),
        };
        metrics::histogram!("tally_settle_seconds", "box" => label)
            .record(started.elapsed().as_secs_f64());
        result
    }

    /// Notes that settling waits for `error` to pass. That another worker was in the way
    /// is news only if it stays there.
    pub(crate) fn held_up(&self, error: &StoreError, stays: bool) {
        metrics::counter!("tally_settle_retries_total", "box" => self.label()).increment(1);
        if matches!(error, StoreError::Contention(_)) && !stays {
            tracing::debug!(%error, ballot_box = %self.ballot_box, "settling tried again");
        } else {
            self.worker.trouble.held_up(&self.ballot_box, error);
        }
    }

    /// Notes that settling goes on.
    pub(crate) fn recovered(&self) {
        self.worker.trouble.recovered(&self.ballot_box);
    }

    /// Notes the ends of `votes`, which are in SQL now.
    pub(crate) fn log(&self, votes: &[Arrived<VoteOf<P>>], settled: &Settlement<P>) {
        let arrived: HashMap<VoteId, &Arrived<VoteOf<P>>> = votes
            .iter()
            .map(|arrived| (arrived.vote.vote_id(), arrived))
            .collect();
        let now = self.worker.clock.now();
        let counted_seconds =
            metrics::histogram!("tally_vote_counted_seconds", "box" => self.label());
        let (mut n_counted, mut n_rejected, mut n_voided) = (0, 0, 0);
        for (vote_id, outcome) in &settled.outcomes {
            let arrived = arrived.get(vote_id);
            let trace_parent = arrived.map_or("", |arrived| arrived.trace_parent.as_str());
            match outcome {
                Outcome::Counted => {
                    n_counted += 1;
                    if let Some(arrived) = arrived {
                        // Stamped by another machine's clock, which may be ahead.
                        let took = (now - arrived.vote.seq().at()).to_std();
                        counted_seconds.record(took.unwrap_or_default());
                    }
                    tracing::info!(target: "vote", %vote_id, trace_parent, "vote counted");
                }
                Outcome::Rejected(reason) => {
                    n_rejected += 1;
                    tracing::warn!(target: "vote", %vote_id, trace_parent, %reason, "vote rejected");
                }
                Outcome::Voided => {
                    n_voided += 1;
                    tracing::info!(target: "vote", %vote_id, trace_parent, "vote voided");
                }
            }
        }
        let n_known = votes.len().saturating_sub(settled.outcomes.len());
        for (name, n) in [
            ("tally_votes_counted_total", n_counted),
            ("tally_votes_rejected_total", n_rejected),
            ("tally_votes_voided_total", n_voided),
            ("tally_votes_known_total", n_known as u64),
        ] {
            metrics::counter!(name, "box" => self.label()).increment(n);
        }
    }

    /// The box, as metrics name it.
    fn label(&self) -> String {
        self.ballot_box.name().to_owned()
    }
}

/// Why votes did not settle.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettleError {
    /// SQL said no.
    #[error(transparent)]
    Store(StoreError),
    /// Settling panicked.
    #[error("settling panicked: {0}")]
    Panicked(String),
}

#[expect(
    clippy::cast_precision_loss,
    reason = "batches are far below 2^52 votes"
)]
fn count(n: usize) -> f64 {
    n as f64
}
