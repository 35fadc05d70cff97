//! A campaign to which steps happen.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::books::{Books, Grant, Void, Voided};
use super::step::{Deed, Step};
use super::terms::voters;
use crate::campaign::{
    Ballot, CampaignVote, ChannelNo, Facts, Lot, Mark, OptionNo, Rejection, Source, Stage, Touched,
    VoterState, admit,
};
use crate::voter_state::{Fold, InFlight, Settled};
use crate::{GrantId, LotId, Seq, VoteId, Voter, VoterId};

/// What SQL is told, in the order in which it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Tickets were granted.
    Grant(Grant),
    /// A vote was admitted.
    Vote(CampaignVote),
    /// Votes were voided.
    Void(Void),
}

impl Event {
    /// Whom it concerns.
    #[must_use]
    pub fn voter(&self) -> VoterId {
        match self {
            Self::Grant(grant) => grant.voter,
            Self::Vote(vote) => vote.voter.voter_id(),
            Self::Void(void) => void.voter,
        }
    }
}

/// A campaign and its voters, between two steps.
#[derive(Clone, Debug)]
pub struct Run {
    /// The campaign.
    pub facts: Facts,
    /// The voters.
    pub voters: Vec<Voter>,
    /// The time.
    pub now: DateTime<Utc>,
    /// What happened so far.
    pub events: Vec<Event>,
    /// What voters asked for and did not get.
    pub refused: Vec<Rejection>,
    /// Each voter's state.
    pub states: Vec<VoterState>,
    /// Votes that were admitted and have not settled.
    pub queue: Vec<CampaignVote>,
    /// What SQL holds.
    pub books: Books,
    space: u64,
    n_ids: u64,
}

impl Run {
    /// A campaign to which nothing has happened yet, a minute before its start. Ids
    /// follow from `space`, so that runs with different ones can share a database.
    #[must_use]
    pub fn new(facts: Facts, space: u64, n_voters: usize) -> Self {
        Self {
            voters: voters(space, n_voters),
            now: facts.terms.starts_at - TimeDelta::minutes(1),
            events: Vec::new(),
            refused: Vec::new(),
            states: vec![VoterState::default(); n_voters],
            queue: Vec::new(),
            books: Books::new(facts.terms.clone()),
            facts,
            space,
            n_ids: 0,
        }
    }

    /// Lets all `steps` happen.
    #[must_use]
    pub fn of(facts: Facts, space: u64, n_voters: usize, steps: &[Step]) -> Self {
        let mut run = Self::new(facts, space, n_voters);
        for step in steps {
            run.step(step);
        }
        run
    }

    /// Lets `step` happen.
    pub fn step(&mut self, step: &Step) {
        self.now = step.when.moment(&self.facts.terms, self.now);
        match step.deed {
            Deed::Grant { voter, tickets } => self.grant(voter, tickets),
            Deed::Cast {
                voter,
                option,
                channel,
                tickets,
            } => {
                let ballot = Ballot {
                    option: OptionNo(option.0 % self.facts.terms.n_options),
                    channel: ChannelNo(channel.0 % self.facts.terms.n_channels),
                    tickets,
                };
                self.cast(voter, ballot);
            }
            Deed::Settle { seed } => self.settle_some(seed),
            Deed::Load { voter } => self.load(voter),
            Deed::VoidVote { nth, forfeit } => self.void_vote(nth, forfeit),
            Deed::VoidVoter { voter, forfeit } => {
                let voter = self.voters[voter].voter_id();
                let last = self.books.last_seq(voter);
                let up_to = Seq(self.now.timestamp_micros()).max(last);
                self.void(Voided::UpTo(up_to), voter, forfeit);
            }
            Deed::Forget { voter } => {
                self.states[voter] = VoterState::default();
                self.load(voter);
            }
        }
    }

    /// Settles all that is on the queue, in the order of admission.
    pub fn settle_all(&mut self) {
        let votes = std::mem::take(&mut self.queue);
        for (voter, settled) in self.books.settle(&votes, self.now) {
            self.tell(voter, &settled);
        }
    }

    /// The votes that were admitted, in that order.
    pub fn votes(&self) -> impl Iterator<Item = &CampaignVote> {
        self.events.iter().filter_map(|event| match event {
            Event::Vote(vote) => Some(vote),
            Event::Grant(_) | Event::Void(_) => None,
        })
    }

    /// The voter's state as a gateway has it after loading it from SQL.
    #[must_use]
    pub fn fresh(&self, voter: usize) -> VoterState {
        let mut state = self.states[voter].clone();
        let in_flight = state.in_flight.iter().map(|sent| sent.vote.vote_id);
        let known = self.books.known(in_flight);
        let base = self.books.base(self.voters[voter].voter_id(), self.now);
        state.refresh(base, |vote| known.contains(vote), self.now);
        state
    }

    fn id<Id: From<Uuid>>(&mut self) -> Id {
        self.n_ids += 1;
        Id::from(Uuid::from_u64_pair(self.space, (2 << 32) | self.n_ids))
    }

    fn load(&mut self, voter: usize) {
        self.states[voter] = self.fresh(voter);
    }

    fn tell(&mut self, voter: VoterId, settled: &Settled<Touched>) {
        let Some(n) = self.voters.iter().position(|v| v.voter_id() == voter) else {
            return;
        };
        if self.states[n].fold(settled, self.now) == Fold::BaseTooOld {
            self.load(n);
        }
    }

    fn grant(&mut self, voter: usize, tickets: u32) {
        let stage = self.facts.terms.stage(self.facts.progress, self.now);
        if !matches!(stage, Stage::Scheduled | Stage::Open) {
            return;
        }
        let lot_id: LotId = self.id();
        let grant = Grant {
            voter: self.voters[voter].voter_id(),
            lot_id,
            lot: Lot {
                source: Source::Grant(GrantId(lot_id.0)),
                tickets,
                spent: 0,
                granted_at: self.now,
            },
        };
        let settled = self.books.grant(&grant);
        self.tell(grant.voter, &settled);
        self.events.push(Event::Grant(grant));
    }

    fn cast(&mut self, voter: usize, ballot: Ballot) {
        let vote_id: VoteId = self.id();
        let state = &mut self.states[voter];
        let voter = &self.voters[voter];
        match admit(state, &self.facts, self.now, voter, ballot, vote_id) {
            Ok(vote) => {
                state.in_flight.push(InFlight {
                    vote: vote.clone(),
                    message: Vec::new(),
                    gateway: Uuid::nil(),
                    sent_at: self.now,
                    n_sends: 1,
                    unknown: false,
                });
                self.queue.push(vote.clone());
                self.events.push(Event::Vote(vote));
            }
            Err(rejection) => self.refused.push(rejection),
        }
    }

    fn settle_some(&mut self, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        self.queue.shuffle(&mut random);
        let n = random.random_range(0..=self.queue.len());
        let mut batch: Vec<_> = self.queue.drain(..n).collect();
        let again = self.books.votes().map(|(vote, _)| vote.clone());
        batch.extend(again.filter(|_| random.random_bool(0.1)));
        batch.shuffle(&mut random);
        for (voter, settled) in self.books.settle(&batch, self.now) {
            // Now and then a worker is killed between its commit and telling.
            if random.random_bool(0.8) {
                self.tell(voter, &settled);
            }
        }
    }

    fn void_vote(&mut self, nth: usize, forfeit: bool) {
        let votes: Vec<&CampaignVote> = self.votes().collect();
        let Some(vote) = nth.checked_rem(votes.len()).map(|nth| votes[nth]) else {
            return;
        };
        let (vote, voter) = (vote.vote_id, vote.voter.voter_id());
        self.void(Voided::Vote(vote), voter, forfeit);
    }

    fn void(&mut self, of: Voided, voter: VoterId, forfeit: bool) {
        let n_voids = self.events.iter().filter(|e| matches!(e, Event::Void(_)));
        let void = Void {
            of,
            voter,
            mark: Mark {
                position: i64::try_from(n_voids.count()).unwrap_or(i64::MAX),
                forfeit,
            },
            at: self.now,
        };
        let settled = self.books.void(&void);
        self.tell(voter, &settled);
        self.events.push(Event::Void(void));
    }

    /// Grants by lot.
    #[must_use]
    pub fn grants(&self) -> BTreeMap<LotId, Grant> {
        let grant = |event: &Event| match event {
            Event::Grant(grant) => Some((grant.lot_id, *grant)),
            Event::Vote(_) | Event::Void(_) => None,
        };
        self.events.iter().filter_map(grant).collect()
    }
}
