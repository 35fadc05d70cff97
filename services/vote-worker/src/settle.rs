//! Bringing a batch through: no outage is ever a vote's fault.

use std::collections::{HashMap, VecDeque};

use tokio_util::sync::CancellationToken;
use vote_domain::Outcome;
use vote_domain::VoteId;
use vote_domain::review::ReviewVote;
use vote_queue::BallotBox;
use vote_store::StoreError;
use vote_store::dead_letters::{LetterKind, NewDeadLetter};
use vote_store::settle::SettledBatch;

use crate::collect::{Arrived, Batch, Unreadable};
use crate::retry::Backoff;
use crate::worker::Worker;

/// How often a duplicate key may send a batch back before a vote is looked for.
const DUPLICATES_MAX: u32 = 5;

/// How a try at some votes ended.
enum Tried {
    Settled(SettledBatch),
    /// Not by an outage: a vote among them cannot be settled.
    Failed(String),
    /// Others are in the way of some of them, or all at once are too much.
    Stuck,
}

/// How often a batch that is stuck is tried as it is, before it is split.
const STUCK_TRIES: u32 = 3;

impl Worker {
    /// Settles `batch`, for as long as it takes. `false` only when it was told to stop
    /// before that: the batch must not be acknowledged then.
    pub(crate) async fn settle(
        &self,
        ballot_box: &BallotBox,
        batch: &Batch,
        stop: &CancellationToken,
    ) -> bool {
        let mut letters: Vec<_> = batch
            .unreadable
            .iter()
            .map(|unreadable| letter(ballot_box, unreadable))
            .collect();
        // Parts still to be settled, the next one first.
        let mut work = VecDeque::from([&batch.votes[..]]);
        while let Some(votes) = work.pop_front() {
            if votes.is_empty() {
                continue;
            }
            // A part of a batch that was stuck is known to be trouble.
            let is_whole = votes.len() == batch.votes.len();
            let n_tries = if is_whole { STUCK_TRIES } else { 1 };
            match (self.try_votes(votes, n_tries, stop).await, votes) {
                (None, _) => return false,
                (Some(Tried::Settled(settled)), votes) => {
                    log(votes, &settled);
                    self.show(&settled).await;
                }
                (Some(Tried::Failed(detail)), [vote]) => {
                    match self.blame(ballot_box, vote, detail, stop).await {
                        Some(blamed) => letters.extend(blamed),
                        None => return false,
                    }
                }
                // Alone and still stuck: its neighbours go first.
                (Some(Tried::Stuck), vote @ [_]) => work.push_back(vote),
                (Some(Tried::Failed(_) | Tried::Stuck), votes) => {
                    let (first, second) = votes.split_at(votes.len() / 2);
                    work.push_front(second);
                    work.push_front(first);
                }
            }
        }
        letters.is_empty() || self.keep(&letters, stop).await
    }

    /// Tries `votes` until they settle, fail by no outage, or were stuck `n_tries` times;
    /// `None` if told to stop.
    async fn try_votes(
        &self,
        votes: &[Arrived],
        n_tries: u32,
        stop: &CancellationToken,
    ) -> Option<Tried> {
        let mut backoff = Backoff::new(&self.ids);
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
    pub(crate) async fn settle_once(&self, votes: &[Arrived]) -> Result<SettledBatch, SettleError> {
        let (store, reward, now) = (self.store.clone(), self.settings.reward, self.clock.now());
        let votes: Vec<ReviewVote> = votes.iter().map(|arrived| arrived.vote.clone()).collect();
        metrics::histogram!("tally_settle_batch_votes").record(count(votes.len()));
        let started = tokio::time::Instant::now();
        let settling = tokio::spawn(async move { store.settle(&votes, reward, now).await });
        let result = match settling.await {
            Ok(Ok(settled)) => Ok(settled),
            Ok(Err(error)) => Err(SettleError::Store(error)),
            Err(error) => Err(SettleError::Panicked(error.to_string())),
        };
        metrics::histogram!("tally_settle_seconds").record(started.elapsed().as_secs_f64());
        result
    }

    /// Keeps `letters`, for as long as it takes; `false` if told to stop.
    pub(crate) async fn keep(&self, letters: &[NewDeadLetter], stop: &CancellationToken) -> bool {
        let mut backoff = Backoff::new(&self.ids);
        while let Err(error) = self
            .store
            .keep_dead_letters(letters, self.clock.now())
            .await
        {
            self.held_up(&error, true);
            let wait = tokio::time::sleep(backoff.next());
            if stop.run_until_cancelled(wait).await.is_none() {
                return false;
            }
        }
        self.recovered();
        for letter in letters {
            tracing::error!(
                ballot_box = letter.ballot_box,
                reason = letter.reason,
                detail = letter.detail,
                "dead letter kept"
            );
            metrics::counter!("tally_dead_letters_total", "reason" => letter.reason).increment(1);
        }
        true
    }

    /// Notes that settling waits for `error` to pass. That another worker was in the way
    /// is news only if it stays there.
    pub(crate) fn held_up(&self, error: &StoreError, stays: bool) {
        metrics::counter!("tally_settle_retries_total").increment(1);
        if matches!(error, StoreError::Contention(_)) && !stays {
            tracing::debug!(%error, "settling tried again");
        } else if self.trouble.send_replace(Some(error.to_string())).is_none() {
            tracing::warn!(%error, "settling is held up");
        }
    }

    /// Notes that settling goes on.
    pub(crate) fn recovered(&self) {
        if self
            .trouble
            .send_if_modified(|trouble| trouble.take().is_some())
        {
            tracing::info!("settling goes on");
        }
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

fn letter(ballot_box: &BallotBox, unreadable: &Unreadable) -> NewDeadLetter {
    NewDeadLetter {
        ballot_box: ballot_box.name().to_owned(),
        kind: unreadable.kind,
        bytes: unreadable.bytes.to_vec(),
        reason: unreadable.reason,
        detail: unreadable.detail.clone(),
    }
}

/// The letter for a vote that cannot be settled.
pub(crate) fn refused(ballot_box: &BallotBox, vote: &Arrived, detail: String) -> NewDeadLetter {
    NewDeadLetter {
        ballot_box: ballot_box.name().to_owned(),
        kind: LetterKind::Vote,
        bytes: vote.bytes.to_vec(),
        reason: "refused",
        detail,
    }
}

fn log(votes: &[Arrived], settled: &SettledBatch) {
    let traces: HashMap<VoteId, &str> = votes
        .iter()
        .map(|arrived| (arrived.vote.vote_id, arrived.trace_parent.as_str()))
        .collect();
    let (mut n_counted, mut n_rejected, mut n_voided) = (0, 0, 0);
    for (vote_id, outcome) in &settled.outcomes {
        let trace_parent = traces.get(vote_id).copied().unwrap_or_default();
        match outcome {
            Outcome::Counted => {
                n_counted += 1;
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
    metrics::counter!("tally_votes_counted_total").increment(n_counted);
    metrics::counter!("tally_votes_rejected_total").increment(n_rejected);
    metrics::counter!("tally_votes_voided_total").increment(n_voided);
    metrics::counter!("tally_votes_known_total").increment(n_known as u64);
    for review in &settled.rewarded {
        tracing::info!(%review, "author rewarded");
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "batches are far below 2^52 votes"
)]
fn count(n: usize) -> f64 {
    n as f64
}
