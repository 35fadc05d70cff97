//! What the two products differ in; everything else about casting is one code.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use vote_cache::KnownState;
use vote_domain::voter_state::{Base, Vote};
use vote_domain::{VoteId, VoterId};
use vote_messages::voter_state::WireBase;

use crate::error::{CastError, Unavailable};

/// The vote that a product's voters cast, and what they ask for.
pub(crate) type VoteOf<P> = <<P as Product>::Base as Base>::Vote;
pub(crate) type BallotOf<P> = <VoteOf<P> as Vote>::Ballot;

/// The rules and the rows of one ballot box.
pub(crate) trait Product: Clone + Send + Sync + 'static {
    /// What SQL says of a voter.
    type Base: WireBase;
    /// Who casts.
    type Voter: Clone + Debug + Send + Sync;
    /// Why the rules refuse a ballot.
    type Refusal: Debug + Send;
    /// What an answer shows of what the voter has left.
    type Receipt: Debug + Send;

    /// Whether a ballot asks for what is to stand, so that the same one again asks for no more.
    const STANDS: bool;

    /// The key the voter is kept under.
    fn voter_id(voter: &Self::Voter) -> VoterId;

    /// What SQL says of `voter` at `now`, and which of `votes` it knows.
    fn load(
        &self,
        voter: VoterId,
        now: DateTime<Utc>,
        votes: Vec<VoteId>,
    ) -> impl Future<Output = Result<LoadedOf<Self>, Unavailable>> + Send;

    /// What was asked under a vote id that the ledger knows.
    fn settled_ballot(
        &self,
        vote_id: VoteId,
    ) -> impl Future<Output = Result<Option<BallotOf<Self>>, Unavailable>> + Send;

    /// Decides on a ballot, by the rules alone.
    fn decide(
        &self,
        voter: &Self::Voter,
        ballot: BallotOf<Self>,
        known: &mut KnownState<Self::Base>,
        vote_id: VoteId,
    ) -> impl Future<Output = Result<Decision<VoteOf<Self>>, CastError<Self::Refusal>>> + Send;

    /// What the voter has left, as `known` has it.
    fn receipt(
        &self,
        voter: &Self::Voter,
        known: &KnownState<Self::Base>,
    ) -> impl Future<Output = Result<Self::Receipt, Unavailable>> + Send;
}

/// A base read for one voter.
#[derive(Clone)]
pub(crate) struct Loaded<B, Ballot> {
    pub(crate) base: B,
    /// What was asked under the votes that the ledger knows, of all that were asked after
    /// at the time.
    pub(crate) ballots: Arc<HashMap<VoteId, Ballot>>,
    /// Whether the ledger takes no votes any more: what it does not know was never cast.
    pub(crate) is_whole_ledger: bool,
}

/// What is loaded of a product's voter, if anything.
pub(crate) type LoadedOf<P> = Option<Loaded<<P as Product>::Base, BallotOf<P>>>;

/// What the rules say of a ballot.
#[derive(Debug)]
pub(crate) enum Decision<V> {
    /// It makes a vote.
    Cast(V),
    /// What is asked stands already, by this vote.
    Stands(VoteId),
    /// There is nothing to do, if this vote is durable.
    Nothing {
        /// The vote this rests on.
        rests_on: Option<VoteId>,
    },
}
