//! The line in which votes wait for a free lane.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Doubt, Fate, PublishError, Refusal};

/// A vote that waits, and whoever waits for its fate.
pub(super) struct Vote {
    body: Bytes,
    deadline: Instant,
    trace_parent: Option<String>,
    claim: Claim,
    answer: oneshot::Sender<Result<(), PublishError>>,
    place: OwnedSemaphorePermit,
    _token: TaskTrackerToken,
}

/// Settles who decides a vote's fate: the lane that takes it, or the caller whose time is up.
#[derive(Clone, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    /// True for the first caller only.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// The caller's end of a [`Vote`].
pub(super) struct Awaited {
    claim: Claim,
    answer: oneshot::Receiver<Result<(), PublishError>>,
}

impl Vote {
    pub(super) fn new(
        body: Bytes,
        deadline: Instant,
        trace_parent: Option<String>,
        token: TaskTrackerToken,
        place: OwnedSemaphorePermit,
    ) -> (Self, Awaited) {
        let (sender, receiver) = oneshot::channel();
        let claim = Claim::default();
        let vote = Self {
            body,
            deadline,
            trace_parent,
            claim: claim.clone(),
            answer: sender,
            place,
            _token: token,
        };
        let awaited = Awaited {
            claim,
            answer: receiver,
        };
        (vote, awaited)
    }

    fn refuse(self, refusal: Refusal) {
        // The caller may be gone; then nobody asks.
        let _ = self.answer.send(Err(PublishError::Refused(refusal)));
    }
}

impl Awaited {
    /// The vote's fate; may be polled again after it was given up.
    pub(super) async fn answer(&mut self) -> Result<(), PublishError> {
        let lost = || Err(PublishError::Unknown(Doubt::Lost("the lane ended".into())));
        (&mut self.answer).await.unwrap_or_else(|_| lost())
    }

    /// What can be said once the time is up: a vote that still waits is withdrawn.
    pub(super) fn give_up(&self) -> PublishError {
        if self.claim.take() {
            PublishError::Refused(Refusal::DeadlinePassed)
        } else {
            PublishError::Unknown(Doubt::TimedOut)
        }
    }
}

/// Votes taken by one lane, to leave in one message.
pub(super) struct Batch {
    pub(super) bodies: Vec<Bytes>,
    /// Of the first vote that has one.
    pub(super) trace_parent: Option<String>,
    answers: Vec<oneshot::Sender<Result<(), PublishError>>>,
    _tokens: Vec<TaskTrackerToken>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    pub(super) fn answer(self, fate: &Fate) {
        let answer = match fate {
            Fate::Stored => Ok(()),
            Fate::Refused(refusal) => Err(PublishError::Refused(refusal.clone())),
            Fate::Unknown(doubt) => Err(PublishError::Unknown(doubt.clone())),
        };
        for vote in self.answers {
            // The caller may be gone, or its time up; then nobody asks.
            let _ = vote.send(answer.clone());
        }
    }
}

/// The line, and whether there is any hope at its end.
pub(super) struct Line {
    state: Mutex<State>,
    arrival: Notify,
    votes_max: usize,
    bytes_max: usize,
}

struct State {
    waiting: VecDeque<Vote>,
    /// Lanes that can send, or are about to.
    n_open: usize,
    /// Why no lane can send, while `n_open` is 0.
    shut: Refusal,
}

impl Line {
    pub(super) fn new(votes_max: usize, bytes_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                n_open: 0,
                shut: Refusal::Unreachable("not connected yet".into()),
            }),
            arrival: Notify::new(),
            votes_max,
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ready(&self) -> Result<(), Refusal> {
        let state = self.lock();
        match state.n_open {
            0 => Err(state.shut.clone()),
            _ => Ok(()),
        }
    }

    /// Puts `vote` at the end; refuses it at once while no lane can send.
    pub(super) fn join(&self, vote: Vote) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.n_open == 0 {
            return Err(state.shut.clone());
        }
        state.waiting.push_back(vote);
        drop(state);
        self.arrival.notify_one();
        Ok(())
    }

    /// Says that one more lane can send.
    pub(super) fn open(self: &Arc<Self>) -> Opened {
        self.lock().n_open += 1;
        Opened {
            line: self.clone(),
            refusal: None,
        }
    }

    fn shut(&self, refusal: &Refusal) {
        let mut state = self.lock();
        state.n_open -= 1;
        if state.n_open > 0 {
            return;
        }
        state.shut = refusal.clone();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for vote in waiting {
            if vote.claim.take() {
                vote.refuse(refusal.clone());
            }
        }
    }

    /// Waits for votes and takes all that fit one message; `None` once `stop` is
    /// cancelled and nobody waits. Nothing is lost if the future is dropped.
    pub(super) async fn take(&self, stop: &CancellationToken) -> Option<Batch> {
        loop {
            let arrival = self.arrival.notified();
            if let Some(batch) = self.take_waiting() {
                return Some(batch);
            }
            if stop.is_cancelled() {
                return None;
            }
            tokio::select! {
                () = arrival => {}
                () = stop.cancelled() => {}
            }
        }
    }

    fn take_waiting(&self) -> Option<Batch> {
        let mut batch = Batch {
            bodies: Vec::new(),
            trace_parent: None,
            answers: Vec::new(),
            _tokens: Vec::new(),
        };
        let (now, mut n_bytes) = (Instant::now(), 0);
        let mut state = self.lock();
        while let Some(vote) = state.waiting.front() {
            let fits = batch.len() < self.votes_max && n_bytes + vote.body.len() <= self.bytes_max;
            if batch.len() > 0 && !fits {
                break;
            }
            // Unwrap safety: `front` was there, and the lock is held.
            #[expect(clippy::unwrap_used, reason = "see above")]
            let vote = state.waiting.pop_front().unwrap();
            if !vote.claim.take() {
                continue;
            }
            if vote.deadline <= now {
                vote.refuse(Refusal::DeadlinePassed);
                continue;
            }
            n_bytes += vote.body.len();
            batch.bodies.push(vote.body);
            batch.trace_parent = batch.trace_parent.take().or(vote.trace_parent);
            batch.answers.push(vote.answer);
            batch._tokens.push(vote._token);
            drop(vote.place);
        }
        let more = !state.waiting.is_empty();
        drop(state);
        if more {
            // Another free lane may have slept through the arrival of what is left.
            self.arrival.notify_one();
        }
        (batch.len() > 0).then_some(batch)
    }
}

/// A lane's word that it can send; the line is shut when the last one takes it back.
pub(super) struct Opened {
    line: Arc<Line>,
    refusal: Option<Refusal>,
}

impl Opened {
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// Takes the word back, and says why.
    pub(super) fn shut(mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.line.shut(
            self.refusal
                .as_ref()
                .unwrap_or(&Refusal::Unreachable("no lane".into())),
        );
    }
}
