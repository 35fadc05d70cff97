//! What the two products differ in; everything else about settling is one code.

use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::future::Future;

use vote_cache::{CacheError, VoterStates};
use vote_domain::voter_state::{Base, Settled};
use vote_domain::{Outcome, VoteId, VoterId};
use vote_messages::voter_state::WireBase;
use vote_queue::BallotBox;
use vote_store::StoreError;

/// The vote that a product's box holds.
pub(crate) type VoteOf<P> = <<P as Product>::Base as Base>::Vote;

/// Voters, and what settling left of each.
pub(crate) type Told<P> = Vec<(VoterId, Settled<<<P as Product>::Base as Base>::Touched>)>;

/// The rows and the voters' states of one ballot box.
pub(crate) trait Product: Clone + Send + Sync + 'static {
    /// What SQL says of a voter.
    type Base: WireBase;
    /// What settling changed beside voters.
    type Counters: Default + Send + Sync;

    /// The box its votes come in.
    fn ballot_box(&self) -> BallotBox;

    /// Whether `vote`, one of this product, belongs into this box.
    fn takes(&self, vote: &VoteOf<Self>) -> bool;

    /// Settles `votes` in one transaction at `now`; again changes nothing.
    fn settle(
        &self,
        votes: Vec<VoteOf<Self>>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Settlement<Self>, StoreError>> + Send;

    /// Carries out what waited for votes to settle; answers whom that touched. Nothing
    /// is acknowledged before it went through.
    fn follow_up(
        &self,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Told<Self>, StoreError>> + Send;

    /// The states of the box's voters.
    fn states(&self) -> &VoterStates<Self::Base>;

    /// Tells what changed beside voters.
    fn put_counters(
        &self,
        counters: &Self::Counters,
    ) -> impl Future<Output = Result<(), CacheError>> + Send;

    /// Reads whole bases of `voters` as of `now`, and which of `votes`, each named with its
    /// voter, SQL knows.
    fn load(
        &self,
        voters: &[VoterId],
        votes: &[(VoterId, VoteId)],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Loaded<Self::Base>, StoreError>> + Send;
}

/// What settling a batch did.
pub(crate) struct Settlement<P: Product> {
    /// The votes that came to their end now; the others had before.
    pub(crate) outcomes: Vec<(VoteId, Outcome)>,
    /// Every voter of the batch, as they are now.
    pub(crate) voters: Told<P>,
    pub(crate) counters: P::Counters,
}

/// Bases read at one moment.
pub(crate) struct Loaded<B> {
    pub(crate) bases: HashMap<VoterId, B>,
    /// Those of the votes asked after that SQL knows.
    pub(crate) known: HashSet<VoteId>,
}
