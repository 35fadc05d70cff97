//! Casting a ballot: from the request to the broker's confirm.

use std::time::Duration;

use tokio::time::Instant;
use vote_cache::{KnownState, StateError};
use vote_domain::review::{Admission, Ballot, Quota, ReviewVote, admit};
use vote_domain::voter_state::{InFlight, Remembered, Vote as _};
use vote_domain::{ReviewId, UserId, VoteId};
use vote_messages::vote;
use vote_queue::{BallotBox, PublishError, Slot};

use crate::confirmed::UnderWay;
use crate::error::{CastError, Unavailable};
use crate::gateway::Gateway;
use crate::idempotency::IdempotencyKey;
use crate::repeats::Repeat;
use crate::resend::{Vouched, is_certain};

/// How often a ballot is tried while other requests change the voter's state.
const CAST_TRIES: u32 = 40;

/// The most votes of one voter in flight: a state is read and written whole.
const IN_FLIGHT_MAX: usize = 500;

/// What a voter asks for.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Who.
    pub voter: UserId,
    /// What.
    pub ballot: Ballot,
    /// The client's name for the intent.
    pub key: Option<IdempotencyKey>,
    /// W3C trace context of the request; may be empty.
    pub trace_parent: String,
}

/// A ballot that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// By this vote, which the broker or SQL has.
    Vote(VoteId, Quota),
    /// There was nothing to take back.
    Nothing,
}

/// One try at a ballot.
enum Try {
    Done(Accepted),
    /// Another request changed the voter's state, or a vote was sent again: begin anew.
    Again,
    /// Reserved in the voter's state; to be published.
    Reserved(Box<Reserved>),
}

/// A vote that is in the voter's state, and not with the broker yet.
struct Reserved {
    vote: ReviewVote,
    quota: Quota,
    under_way: UnderWay,
}

impl Gateway {
    /// Casts a ballot; once it returns a vote, that vote is durable.
    ///
    /// Runs to its end even if whoever waits for it goes away.
    ///
    /// # Errors
    /// [`CastError`]; unless it carries a vote's id, nothing was cast.
    pub async fn cast(&self, cast: Cast) -> Result<Accepted, CastError> {
        let gateway = self.clone();
        let casting = self
            .runtime
            .spawn(async move { gateway.cast_here(cast).await });
        match casting.await {
            Ok(result) => result,
            Err(error) => Err(Unavailable::of("gateway", error).into()),
        }
    }

    async fn cast_here(&self, cast: Cast) -> Result<Accepted, CastError> {
        // Overload is answered before anything is reserved.
        let slot = (self.publisher.reserve()).map_err(|e| Unavailable::of("queue", e))?;
        let vote_id = match &cast.key {
            Some(key) => key.vote_id(cast.voter, BallotBox::reviews().name()),
            None => self.ids.next(),
        };
        let admit_by = Instant::now() + self.settings.accept_timeout;
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

    async fn try_cast(
        &self,
        cast: &Cast,
        vote_id: VoteId,
        admit_by: Instant,
    ) -> Result<Try, CastError> {
        let mut known = self.voters.read(cast.voter).await?;
        let due = self.due_for_resend(&known).await;
        let stale = self.voters.is_stale(&known, !due.is_empty());
        if stale {
            self.voters.refresh(cast.voter, &mut known).await?;
        }
        if !due.is_empty() {
            return self.send_again(cast, vote_id, &known).await;
        }
        if cast.key.is_some() {
            match self.repeat(&known.state, vote_id, cast.ballot).await? {
                Repeat::New => {}
                Repeat::Answered(answer) => return Ok(self.stands(&known, answer)),
                Repeat::InFlight(sent) => {
                    return Ok(match self.vouch_for(&sent).await? {
                        Vouched::Durable => self.stands(&known, vote_id),
                        Vouched::Gone => Try::Again,
                    });
                }
            }
        }
        match self.admit(cast, &mut known, vote_id).await {
            Ok(Admission::Cast(vote)) => self.reserve(cast, known, vote, admit_by).await,
            Ok(Admission::Stands(standing)) => {
                if cast.key.is_none() {
                    self.keep(cast.voter, &known, stale).await;
                }
                self.repeat_standing(cast, known, vote_id, standing).await
            }
            Ok(Admission::Nothing) => {
                self.keep(cast.voter, &known, stale).await;
                // That nothing stands may rest on a take-back that is still in flight.
                Ok(
                    match self.vouch_for_standing(&known, cast.ballot.review).await? {
                        Vouched::Durable => Try::Done(Accepted::Nothing),
                        Vouched::Gone => Try::Again,
                    },
                )
            }
            Err(error) => {
                self.keep(cast.voter, &known, stale).await;
                Err(error)
            }
        }
    }

    async fn admit(
        &self,
        cast: &Cast,
        known: &mut KnownState,
        vote_id: VoteId,
    ) -> Result<Admission, CastError> {
        let (voter, ballot) = (cast.voter, cast.ballot);
        let facts = self.facts.get(ballot.review).await?;
        let facts = facts.ok_or(CastError::ReviewNotFound)?;
        self.voters
            .learn(voter, &mut known.state, ballot.review)
            .await?;
        let policy = &self.settings.policy;
        admit(
            &known.state,
            &facts,
            policy,
            known.now,
            voter,
            ballot,
            vote_id,
        )
        .map_err(|rejection| CastError::Rejected(rejection, known.now))
    }

    /// Keeps what SQL said of a voter who cast nothing, so that the next request need
    /// not ask it again. Best effort.
    async fn keep(&self, voter: UserId, known: &KnownState, is_news: bool) {
        if is_news && let Err(error) = self.voters.write(voter, known).await {
            tracing::debug!(%error, "a voter's state was not kept");
        }
    }

    /// Sends again what is due, and keeps what SQL said meanwhile.
    async fn send_again(
        &self,
        cast: &Cast,
        vote_id: VoteId,
        known: &KnownState,
    ) -> Result<Try, CastError> {
        if !self.voters.write(cast.voter, known).await? {
            return Ok(Try::Again);
        }
        for sent in self.due_for_resend(known).await {
            self.resend(&sent).await.map_err(|mut error| {
                // The client must not take another vote's fate for this one's.
                if sent.vote.vote_id != vote_id && sent.vote.ballot() != cast.ballot {
                    error.vote_id = None;
                }
                error
            })?;
        }
        Ok(Try::Again)
    }

    /// Answers a ballot whose direction stands already.
    async fn repeat_standing(
        &self,
        cast: &Cast,
        mut known: KnownState,
        vote_id: VoteId,
        standing: VoteId,
    ) -> Result<Try, CastError> {
        if self.vouch_for_standing(&known, cast.ballot.review).await? == Vouched::Gone {
            return Ok(Try::Again);
        }
        if cast.key.is_some() {
            known.state.remember(Remembered {
                key: vote_id,
                ballot: cast.ballot,
                answer: standing,
            });
            if !self.voters.write(cast.voter, &known).await? {
                return Ok(Try::Again);
            }
        }
        Ok(self.stands(&known, standing))
    }

    /// Makes sure that the broker has the vote that stands on `review`, if it is in flight.
    async fn vouch_for_standing(
        &self,
        known: &KnownState,
        review: ReviewId,
    ) -> Result<Vouched, Unavailable> {
        let standing = known.state.standing(review);
        let sent = standing.and_then(|standing| known.state.in_flight(standing.vote_id));
        match sent {
            Some(sent) => self.vouch_for(sent).await,
            None => Ok(Vouched::Durable),
        }
    }

    fn stands(&self, known: &KnownState, vote_id: VoteId) -> Try {
        Try::Done(Accepted::Vote(vote_id, self.quota(known)))
    }

    /// The voter's votes of today, as `known` has them.
    pub(crate) fn quota(&self, known: &KnownState) -> Quota {
        let policy = &self.settings.policy;
        let day = policy.day(known.now);
        policy.quota(day, known.state.used_on(day))
    }

    async fn reserve(
        &self,
        cast: &Cast,
        mut known: KnownState,
        vote: ReviewVote,
        admit_by: Instant,
    ) -> Result<Try, CastError> {
        // Whoever asked has been answered 503, or soon will be: do not cast behind their back.
        if Instant::now() >= admit_by {
            return Err(Unavailable::of("gateway", "the time limit passed").into());
        }
        if known.state.in_flight.len() >= IN_FLIGHT_MAX {
            let reason = format!("{IN_FLIGHT_MAX} votes of this voter wait to be settled");
            return Err(Unavailable::of("queue", reason).into());
        }
        let Some(under_way) = self.confirmed.begin(vote.vote_id) else {
            // Another request casts the same vote; its end decides this one.
            self.confirmed.settled(vote.vote_id).await;
            return Ok(Try::Again);
        };
        known.state.in_flight.push(InFlight {
            message: vote::encode(&vote, &cast.trace_parent).to_vec(),
            vote: vote.clone(),
            gateway: self.id,
            sent_at: known.now,
            n_sends: 1,
            unknown: false,
        });
        match self.voters.write(cast.voter, &known).await {
            Ok(true) => {}
            Ok(false) => return Ok(Try::Again),
            // It may be reserved, and is sent then when its patience runs out.
            Err(error) => return Err(Unavailable::from(error).unknown(vote.vote_id).into()),
        }
        Ok(Try::Reserved(Box::new(Reserved {
            vote,
            quota: self.quota(&known),
            under_way,
        })))
    }

    /// Brings a reserved vote to the broker; takes the reservation back where the broker
    /// certainly does not have it.
    async fn enqueue(
        &self,
        slot: Slot,
        cast: &Cast,
        reserved: Reserved,
    ) -> Result<Accepted, CastError> {
        let Reserved {
            vote,
            quota,
            under_way,
        } = reserved;
        let deadline = Instant::now() + self.settings.accept_timeout;
        let message = vote::encode(&vote, &cast.trace_parent);
        let trace_parent = Some(cast.trace_parent.clone()).filter(|trace| !trace.is_empty());
        if let Err(error) = slot.publish(message, deadline, trace_parent).await {
            return Err(self.give_up(&vote, &error).await.into());
        }
        under_way.confirm();
        tracing::info!(
            target: "vote", vote_id = %vote.vote_id, voter = %vote.voter, review = %vote.review,
            trace_parent = %cast.trace_parent, "vote accepted"
        );
        metrics::counter!("tally_votes_accepted_total").increment(1);
        Ok(Accepted::Vote(vote.vote_id, quota))
    }

    async fn give_up(&self, vote: &ReviewVote, error: &PublishError) -> Unavailable {
        let vote_id = vote.vote_id;
        tracing::warn!(target: "vote", %vote_id, %error, "vote not accepted");
        metrics::counter!("tally_votes_unavailable_total").increment(1);
        let answer = Unavailable::of("queue", error);
        if is_certain(error) {
            match self.release(vote.voter, vote_id).await {
                Ok(true) => return answer,
                // Another gateway sends it again; or it stays reserved, and will be.
                Ok(false) => tracing::info!(%vote_id, "vote was sent again meanwhile"),
                Err(error) => tracing::warn!(%vote_id, %error, "vote not released"),
            }
        } else if let Err(error) = self.mark_unknown(vote.voter, vote_id).await {
            // Its patience runs out, then it is sent again all the same.
            tracing::warn!(%vote_id, %error, "vote not marked as unknown");
        }
        answer.unknown(vote_id)
    }
}
