//! Casting a ballot: from the request to the broker's confirm.

use std::time::Duration;

use tokio::time::Instant;
use vote_cache::{KnownState, StateError};
use vote_domain::review::Quota;
use vote_domain::voter_state::{InFlight, Remembered, Vote as _};
use vote_domain::{UserId, VoteId, VoterId, review};
use vote_messages::vote;
use vote_queue::{PublishError, Refusal, Slot};

use crate::booth::Booth;
use crate::confirmed::UnderWay;
use crate::error::{CastError, Unavailable};
use crate::idempotency::IdempotencyKey;
use crate::product::{BallotOf, Decision, Product, VoteOf};
use crate::repeats::{Ledger, Repeat};
use crate::resend::{Vouched, is_certain};

/// How often a ballot is tried while other requests change the voter's state.
const CAST_TRIES: u32 = 40;

/// The most votes of one voter in flight: a state is read and written whole.
const IN_FLIGHT_MAX: usize = 500;

/// What a voter asks for; by default on a review.
#[derive(Clone, Debug)]
pub struct Cast<Voter = UserId, Ballot = review::Ballot> {
    /// Who.
    pub voter: Voter,
    /// What.
    pub ballot: Ballot,
    /// The client's name for the intent.
    pub key: Option<IdempotencyKey>,
    /// W3C trace context of the request; may be empty.
    pub trace_parent: String,
}

/// A ballot that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted<Receipt = Quota> {
    /// By this vote, which the broker or SQL has; and what the voter has left.
    Vote(VoteId, Receipt),
    /// There was nothing to do.
    Nothing,
}

/// What a product's voters ask for.
pub(crate) type CastOf<P> = Cast<<P as Product>::Voter, BallotOf<P>>;
type Answer<P> = Result<Accepted<<P as Product>::Receipt>, CastError<<P as Product>::Refusal>>;
pub(crate) type Tried<P> = Result<Try<P>, CastError<<P as Product>::Refusal>>;
type Known<P> = KnownState<<P as Product>::Base>;

/// One try at a ballot.
pub(crate) enum Try<P: Product> {
    Done(Accepted<P::Receipt>),
    /// Another request changed the voter's state, or a vote was sent again: begin anew.
    Again,
    /// Reserved in the voter's state; to be published.
    Reserved(Box<Reserved<P>>),
}

/// A vote that is in the voter's state, and not with the broker yet.
pub(crate) struct Reserved<P: Product> {
    vote: VoteOf<P>,
    receipt: P::Receipt,
    under_way: UnderWay,
}

impl<P: Product> Booth<P> {
    /// Casts a ballot; once it returns a vote, that vote is durable.
    ///
    /// Runs to its end even if whoever waits for it goes away.
    ///
    /// # Errors
    /// [`CastError`]; unless it carries a vote's id, nothing was cast.
    pub(crate) async fn cast(&self, cast: CastOf<P>) -> Answer<P> {
        // Overload is answered before anything is done.
        let voter = P::voter_id(&cast.voter);
        let admitted = self.office.pressure.admit(voter, &self.watch)?;
        let booth = self.clone();
        let casting = self.office.runtime.spawn(async move {
            let _admitted = admitted;
            let result = booth.cast_here(cast).await;
            booth.note_fate(voter, &result);
            result
        });
        match casting.await {
            Ok(result) => result,
            Err(error) => Err(Unavailable::of("gateway", error).into()),
        }
    }

    /// A voter who is told that a vote's fate is unknown must be let in to ask again.
    fn note_fate(&self, voter: VoterId, result: &Answer<P>) {
        match result {
            Err(CastError::Unavailable(Unavailable {
                vote_id: Some(_), ..
            })) => self.office.pressure.excuse(voter),
            Err(CastError::Unavailable(_)) => {}
            Ok(_) | Err(CastError::Refused(_) | CastError::KeyReused) => {
                self.office.pressure.excuse_no_more(voter);
            }
        }
    }

    async fn cast_here(&self, cast: CastOf<P>) -> Answer<P> {
        // A place in the line, before anything is reserved. Where the box is gone there is no
        // line, and the rules let nothing be cast.
        let slot = (self.way.reserve()).map_err(|e| Unavailable::of("queue", e))?;
        let ballot_box = self.way.ballot_box().name();
        let vote_id = match &cast.key {
            Some(key) => key.vote_id(P::voter_id(&cast.voter), ballot_box),
            None => self.office.ids.next(),
        };
        let admit_by = Instant::now() + self.office.settings.accept_timeout;
        for n_tries in 0..CAST_TRIES {
            if n_tries > 4 {
                tokio::time::sleep(Duration::from_millis(n_tries.into())).await;
            }
            match self.try_cast(&cast, vote_id, admit_by).await? {
                Try::Again => {}
                Try::Done(accepted) => return Ok(accepted),
                Try::Reserved(reserved) => return self.enqueue(slot, &cast, *reserved).await,
            }
        }
        Err(StateError::Contended.into())
    }

    /// One try at a ballot, as the vote of `vote_id`.
    pub(crate) async fn try_cast(
        &self,
        cast: &CastOf<P>,
        vote_id: VoteId,
        admit_by: Instant,
    ) -> Tried<P> {
        let voter = P::voter_id(&cast.voter);
        let steps = &self.office.steps;
        let mut known = steps.read.take(self.read(voter)).await?;
        let due = self.due_for_resend(&known).await;
        let stale = self.is_stale(&known, !due.is_empty());
        let key = cast.key.as_ref().map(|_| vote_id);
        let settled = if stale {
            let loading = self.refresh_and_find(voter, &mut known, key);
            Ledger::Asked(steps.load.take(loading).await?)
        } else {
            Ledger::NotAsked
        };
        if !due.is_empty() {
            let sending = self.send_again(cast, vote_id, &known);
            return steps.resend.take(sending).await;
        }
        let repeat = match key {
            Some(key) => {
                let repeat = self.repeat(&known.state, key, cast.ballot, settled);
                steps.repeat.take(repeat).await?
            }
            // An earlier try may have reserved it and not have been told.
            None => Repeat::of(known.state.in_flight(vote_id)),
        };
        match repeat {
            Repeat::New => {}
            Repeat::Answered(answer) => return self.stands(cast, &known, answer).await,
            Repeat::InFlight(sent) => {
                return match self.vouch_for(&sent).await? {
                    Vouched::Durable => self.stands(cast, &known, vote_id).await,
                    Vouched::Gone => Ok(Try::Again),
                };
            }
        }
        let decision = self
            .product
            .decide(&cast.voter, cast.ballot, &mut known, vote_id);
        let decision = steps.decide.take(decision).await;
        let casts = matches!(decision, Ok(Decision::Cast(_)));
        let remembers = cast.key.is_some() && matches!(decision, Ok(Decision::Stands(_)));
        if stale && !casts && !remembers {
            self.keep(voter, &known).await;
        }
        match decision? {
            Decision::Cast(vote) => self.reserve(cast, known, vote, admit_by).await,
            Decision::Stands(standing) => {
                self.repeat_standing(cast, known, vote_id, standing).await
            }
            // That there is nothing to do may rest on a vote that is still in flight.
            Decision::Nothing { rests_on } => {
                Ok(match self.vouch_for_standing(&known, rests_on).await? {
                    Vouched::Durable => Try::Done(Accepted::Nothing),
                    Vouched::Gone => Try::Again,
                })
            }
        }
    }

    /// Sends again what is due, and keeps what SQL said meanwhile.
    async fn send_again(&self, cast: &CastOf<P>, vote_id: VoteId, known: &Known<P>) -> Tried<P> {
        if !self.write(P::voter_id(&cast.voter), known).await? {
            return Ok(Try::Again);
        }
        for sent in self.due_for_resend(known).await {
            self.resend(&sent).await.map_err(|mut error| {
                // The client must not take another intent's fate for this one's.
                let is_repeated =
                    P::STANDS && cast.key.is_none() && sent.vote.ballot() == cast.ballot;
                if sent.vote.vote_id() != vote_id && !is_repeated {
                    error.vote_id = None;
                }
                error
            })?;
        }
        Ok(Try::Again)
    }

    /// Answers a ballot that asks for what stands already.
    async fn repeat_standing(
        &self,
        cast: &CastOf<P>,
        mut known: Known<P>,
        vote_id: VoteId,
        standing: VoteId,
    ) -> Tried<P> {
        if self.vouch_for_standing(&known, Some(standing)).await? == Vouched::Gone {
            return Ok(Try::Again);
        }
        if cast.key.is_some() {
            known.state.remember(Remembered {
                key: vote_id,
                ballot: cast.ballot,
                answer: standing,
            });
            if !self.write(P::voter_id(&cast.voter), &known).await? {
                return Ok(Try::Again);
            }
        }
        self.stands(cast, &known, standing).await
    }

    /// Makes sure that the broker has the vote `standing`, if it is in flight.
    async fn vouch_for_standing(
        &self,
        known: &Known<P>,
        standing: Option<VoteId>,
    ) -> Result<Vouched, Unavailable> {
        let sent = standing.and_then(|standing| known.state.in_flight(standing));
        match sent {
            Some(sent) => self.vouch_for(sent).await,
            None => Ok(Vouched::Durable),
        }
    }

    async fn stands(&self, cast: &CastOf<P>, known: &Known<P>, vote_id: VoteId) -> Tried<P> {
        let receipt = self.product.receipt(&cast.voter, known).await?;
        Ok(Try::Done(Accepted::Vote(vote_id, receipt)))
    }

    async fn reserve(
        &self,
        cast: &CastOf<P>,
        mut known: Known<P>,
        vote: VoteOf<P>,
        admit_by: Instant,
    ) -> Tried<P> {
        // Whoever asked has been answered 503, or soon will be: do not cast behind their back.
        if Instant::now() >= admit_by {
            return Err(Unavailable::of("gateway", "the time limit passed").into());
        }
        if known.state.in_flight.len() >= IN_FLIGHT_MAX {
            let reason = format!("{IN_FLIGHT_MAX} votes of this voter wait to be settled");
            return Err(Unavailable::of("queue", reason).into());
        }
        let vote_id = vote.vote_id();
        let Some(under_way) = self.office.confirmed.begin(vote_id) else {
            // Another request casts the same vote; its end decides this one.
            self.office.confirmed.settled(vote_id).await;
            return Ok(Try::Again);
        };
        known.state.in_flight.push(InFlight {
            message: vote::encode(&vote, &cast.trace_parent).to_vec(),
            vote: vote.clone(),
            gateway: self.office.id,
            sent_at: known.now,
            n_sends: 1,
            unknown: false,
        });
        let receipt = self.product.receipt(&cast.voter, &known).await?;
        let writing = self.write(vote.voter_id(), &known);
        match self.office.steps.reserve.take(writing).await {
            Ok(true) => {}
            Ok(false) => return Ok(Try::Again),
            // It may be reserved.
            Err(error) => {
                self.note_doubt_later(vote.voter_id(), vote_id);
                return Err(Unavailable::from(error).unknown(vote_id).into());
            }
        }
        Ok(Try::Reserved(Box::new(Reserved {
            vote,
            receipt,
            under_way,
        })))
    }

    /// Brings a reserved vote to the broker; takes the reservation back where the broker
    /// certainly does not have it.
    async fn enqueue(
        &self,
        slot: Option<Slot>,
        cast: &CastOf<P>,
        reserved: Reserved<P>,
    ) -> Answer<P> {
        let Reserved {
            vote,
            receipt,
            under_way,
        } = reserved;
        let deadline = Instant::now() + self.office.settings.accept_timeout;
        let message = vote::encode(&vote, &cast.trace_parent);
        let trace_parent = Some(cast.trace_parent.clone()).filter(|trace| !trace.is_empty());
        let published = match slot {
            Some(slot) => {
                let publishing = slot.publish(message, deadline, trace_parent);
                self.office.steps.publish.take(publishing).await
            }
            None => Err(PublishError::Refused(Refusal::Unroutable)),
        };
        if let Err(error) = published {
            return Err(self.give_up(&vote, &error).await.into());
        }
        under_way.confirm();
        tracing::info!(
            target: "vote", vote_id = %vote.vote_id(), voter = %vote.voter_id(),
            ballot_box = %self.way.ballot_box(), ballot = ?vote.ballot(),
            trace_parent = %cast.trace_parent, "vote accepted"
        );
        metrics::counter!("tally_votes_accepted_total").increment(1);
        Ok(Accepted::Vote(vote.vote_id(), receipt))
    }

    async fn give_up(&self, vote: &VoteOf<P>, error: &PublishError) -> Unavailable {
        let (voter, vote_id) = (vote.voter_id(), vote.vote_id());
        tracing::warn!(target: "vote", %vote_id, %error, "vote not accepted");
        metrics::counter!("tally_votes_unavailable_total").increment(1);
        let answer = Unavailable::of("queue", error);
        if is_certain(error) {
            match self.release(voter, vote_id).await {
                Ok(true) => return answer,
                // Another gateway sends it again; or it stays reserved, and will be.
                Ok(false) => tracing::info!(%vote_id, "vote was sent again meanwhile"),
                Err(error) => {
                    tracing::warn!(%vote_id, %error, "vote not released");
                    self.note_doubt_later(voter, vote_id);
                }
            }
        } else if let Err(error) = self.mark_unknown(voter, vote_id).await {
            tracing::warn!(%vote_id, %error, "vote not marked as unknown");
            self.note_doubt_later(voter, vote_id);
        }
        answer.unknown(vote_id)
    }
}
