//! The line in which votes wait for a free lane.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Doubt, Fate, Place, PublishError, Refusal};

/// A vote that waits, and whoever waits for its fate.
pub(super) struct Vote {
    body: Bytes,
    deadline: Instant,
    trace_parent: Option<String>,
    claim: Claim,
    answer: oneshot::Sender<Result<(), PublishError>>,
    place: Place,
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
        place: Place,
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
        let answer = fate.outcome();
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::BallotBox;
    use crate::meter::PublishMeter;

    /// A line, its places, and one lane's word that it can send.
    fn open_line(votes_max: usize) -> (Arc<Line>, Arc<Semaphore>, Opened) {
        let line = Arc::new(Line::new(votes_max, 1_000));
        let opened = line.open();
        (line, Arc::new(Semaphore::new(100)), opened)
    }

    fn vote(places: &Arc<Semaphore>, body: &'static str) -> (Vote, Awaited) {
        let place = Place {
            _permit: places.clone().try_acquire_owned().unwrap(),
            _waiting: PublishMeter::of(&BallotBox::reviews()).waiting(),
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        let token = TaskTracker::new().token();
        Vote::new(body.into(), deadline, None, token, place)
    }

    fn refused(refusal: Refusal) -> Result<(), PublishError> {
        Err(PublishError::Refused(refusal))
    }

    async fn take(line: &Line) -> Batch {
        line.take(&CancellationToken::new()).await.unwrap()
    }

    #[tokio::test]
    async fn a_vote_given_up_while_it_waits_is_never_sent() {
        let (line, places, _opened) = open_line(10);
        let (first, given_up) = vote(&places, "given up");
        let (second, mut waited) = vote(&places, "waited");
        line.join(first).unwrap();
        line.join(second).unwrap();
        let answer = given_up.give_up();
        assert_eq!(answer, PublishError::Refused(Refusal::DeadlinePassed));
        let batch = take(&line).await;
        assert_eq!(batch.bodies, ["waited"]);
        batch.answer(&Fate::Stored);
        assert_eq!(waited.answer().await, Ok(()));
        assert_eq!(places.available_permits(), 100);
    }

    #[tokio::test]
    async fn a_vote_given_up_once_it_was_taken_is_unknown() {
        let (line, places, _opened) = open_line(10);
        let (vote, awaited) = vote(&places, "taken");
        line.join(vote).unwrap();
        let batch = take(&line).await;
        let answer = awaited.give_up();
        assert_eq!(answer, PublishError::Unknown(Doubt::TimedOut));
        batch.answer(&Fate::Stored);
    }

    #[tokio::test]
    async fn the_line_is_shut_with_its_last_lane_and_refuses_all_who_wait() {
        let (line, places, first_lane) = open_line(10);
        let second_lane = line.open();
        let (waiting, mut awaited) = vote(&places, "waiting");
        line.join(waiting).unwrap();
        first_lane.shut(Refusal::Nacked);
        assert_eq!(line.ready(), Ok(()));
        let reason = Refusal::Unreachable("gone".into());
        second_lane.shut(reason.clone());
        assert_eq!(awaited.answer().await, refused(reason.clone()));
        assert_eq!(line.ready(), Err(reason.clone()));
        let (late, _) = vote(&places, "late");
        assert_eq!(line.join(late), Err(reason));
        assert_eq!(places.available_permits(), 100);
    }

    #[tokio::test]
    async fn what_does_not_fit_one_message_wakes_another_lane() {
        let (line, places, _opened) = open_line(2);
        let lane = |line: Arc<Line>| tokio::spawn(async move { take(&line).await.bodies });
        let (one, two) = (lane(line.clone()), lane(line.clone()));
        // Both lanes sleep.
        tokio::time::sleep(Duration::from_millis(20)).await;
        for body in ["a", "b", "c"] {
            line.join(vote(&places, body).0).unwrap();
        }
        let limit = Duration::from_secs(10);
        let mut taken = tokio::time::timeout(limit, one).await.unwrap().unwrap();
        taken.extend(tokio::time::timeout(limit, two).await.unwrap().unwrap());
        taken.sort();
        assert_eq!(taken, ["a", "b", "c"]);
    }
}
