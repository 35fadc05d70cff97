//! What is known of a voter between SQL and the queue: the same for both products.

use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{Seq, VoteId, VoterId};

/// How long a vote in flight is left alone before it is sent again; doubled at each send.
const RESEND_AFTER: TimeDelta = TimeDelta::seconds(30);

/// A vote as admitted.
pub trait Vote: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// What was asked.
    type Ballot: Copy + Debug + Eq + Send + Sync;

    /// Names the vote.
    fn vote_id(&self) -> VoteId;
    /// Who cast it.
    fn voter_id(&self) -> VoterId;
    /// Its place among the voter's votes.
    fn seq(&self) -> Seq;
    /// What was asked.
    fn ballot(&self) -> Self::Ballot;
}

/// What SQL said of a voter.
pub trait Base: Clone + Debug + Default + PartialEq + Send + Sync + 'static {
    /// What the voter casts.
    type Vote: Vote;
    /// The parts of a base that settling changed, as they are after it.
    type Touched: Send + Sync;

    /// The voter row's version in SQL: one higher with each transaction that changes
    /// what a base carries; 0 for a voter without any.
    fn version(&self) -> u64;
    /// The highest sequence number settled.
    fn last_seq(&self) -> Seq;
    /// When SQL was asked, or a worker last told.
    fn loaded_at(&self) -> DateTime<Utc>;
    /// Notes when SQL was asked.
    fn set_loaded_at(&mut self, at: DateTime<Utc>);
    /// Takes what a worker settled on top of exactly this base.
    fn take(&mut self, settled: &Settled<Self::Touched>);
    /// Drops what a base does not carry at `now`.
    fn trim(&mut self, now: DateTime<Utc>);
}

/// A vote that was admitted and of which SQL has not told the end yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight<V> {
    /// The vote.
    pub vote: V,
    /// The message it travels in, sent again to the byte where needed.
    pub message: Vec<u8>,
    /// The gateway process that sent it last.
    pub gateway: Uuid,
    /// When it was sent last.
    pub sent_at: DateTime<Utc>,
    /// How often it was sent.
    pub n_sends: u32,
    /// Whether its gateway could not learn if the broker has it.
    pub unknown: bool,
}

impl<V> InFlight<V> {
    /// Whether nobody can be trusted to have brought this vote to the broker, so that it
    /// must be sent again: its fate is unknown, its gateway is gone, or it has been
    /// under way for longer than settling takes. Sending again is always safe.
    #[must_use]
    pub fn is_due_for_resend(&self, now: DateTime<Utc>, gateway_is_alive: bool) -> bool {
        let patience = RESEND_AFTER * (1 << self.n_sends.saturating_sub(1).min(6));
        self.unknown || !gateway_is_alive || now >= self.sent_at + patience
    }
}

/// The answer to an idempotency key under which nothing new was cast, because what was
/// asked stood already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered<Ballot> {
    /// The vote the key would have made.
    pub key: VoteId,
    /// What was asked under the key.
    pub ballot: Ballot,
    /// The vote that was answered.
    pub answer: VoteId,
}

/// The most answers kept for repeated keys.
const REMEMBERED_MAX: usize = 8;

/// All that is known of a voter: what SQL said, and the votes in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoterState<B: Base> {
    /// What SQL said.
    pub base: B,
    /// Votes whose end SQL has not told yet, in the order of their admission.
    pub in_flight: Vec<InFlight<B::Vote>>,
    /// Keys answered with a vote that stood already, oldest first.
    pub remembered: Vec<Remembered<<B::Vote as Vote>::Ballot>>,
}

impl<B: Base> Default for VoterState<B> {
    fn default() -> Self {
        Self {
            base: B::default(),
            in_flight: Vec::new(),
            remembered: Vec::new(),
        }
    }
}

/// What settling left of one voter, as the worker tells it after its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled<Touched> {
    /// The voter row's version after the commit.
    pub version: u64,
    /// The highest sequence number settled.
    pub last_seq: Seq,
    /// What else a base carries and settling touched, as it is now.
    pub touched: Touched,
    /// The votes that SQL now knows.
    pub votes: Vec<VoteId>,
}

/// What became of [`VoterState::fold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The state holds what was settled.
    Done,
    /// The base lacks an earlier settlement: load it whole. The state is as it was.
    BaseTooOld,
}

impl<B: Base> VoterState<B> {
    /// The highest sequence number given out.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        self.in_flight
            .iter()
            .map(|sent| sent.vote.seq())
            .fold(self.base.last_seq(), Seq::max)
    }

    /// The vote in flight called `vote_id`.
    #[must_use]
    pub fn in_flight(&self, vote_id: VoteId) -> Option<&InFlight<B::Vote>> {
        self.in_flight
            .iter()
            .find(|sent| sent.vote.vote_id() == vote_id)
    }

    /// The vote in flight called `vote_id`, to be changed.
    pub fn in_flight_mut(&mut self, vote_id: VoteId) -> Option<&mut InFlight<B::Vote>> {
        self.in_flight
            .iter_mut()
            .find(|sent| sent.vote.vote_id() == vote_id)
    }

    /// Keeps the answer to a key under which nothing new was cast.
    pub fn remember(&mut self, answer: Remembered<<B::Vote as Vote>::Ballot>) {
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.remove(0);
        }
        self.remembered.push(answer);
    }

    /// Takes a base read from SQL at `now`, where the ledger knew those votes of which
    /// `is_known` says so. An older base never replaces a newer one.
    pub fn refresh(&mut self, base: B, is_known: impl Fn(&VoteId) -> bool, now: DateTime<Utc>) {
        if base.version() >= self.base.version() {
            self.base = base;
            self.base.set_loaded_at(now);
            self.base.trim(now);
        }
        self.in_flight
            .retain(|sent| !is_known(&sent.vote.vote_id()));
    }

    /// Takes what a worker settled. Doing so again changes nothing.
    pub fn fold(&mut self, settled: &Settled<B::Touched>, now: DateTime<Utc>) -> Fold {
        if self.base.version() + 1 < settled.version {
            return Fold::BaseTooOld;
        }
        if self.base.version() < settled.version {
            self.base.take(settled);
            self.base.set_loaded_at(now);
            self.base.trim(now);
        }
        self.in_flight
            .retain(|sent| !settled.votes.contains(&sent.vote.vote_id()));
        Fold::Done
    }
}
