//! Votes in flight that nobody vouches for are sent again, as they were sent first.

use bytes::Bytes;
use tokio::time::Instant;
use vote_cache::{KnownState, StateError};
use vote_domain::review::InFlight;
use vote_domain::{UserId, VoteId};
use vote_queue::PublishError;

use crate::error::Unavailable;
use crate::gateway::Gateway;

impl Gateway {
    /// The votes in flight of `known` that must be sent again.
    pub(crate) async fn due_for_resend(&self, known: &KnownState) -> Vec<InFlight> {
        let mut due = Vec::new();
        for sent in &known.state.in_flight {
            let alive = self.heartbeats.is_alive(sent.gateway).await;
            // What this process is just publishing answers for itself.
            if sent.is_due_for_resend(known.now, alive)
                && !self.confirmed.settled(sent.vote.vote_id).await
            {
                due.push(sent.clone());
            }
        }
        due
    }

    /// Sends `sent` again, to the byte, and makes it this process's vote.
    pub(crate) async fn resend(&self, sent: &InFlight) -> Result<(), Unavailable> {
        let vote_id = sent.vote.vote_id;
        let slot = (self.publisher.reserve())
            .map_err(|error| Unavailable::of("queue", error).unknown(vote_id))?;
        let deadline = Instant::now() + self.settings.accept_timeout;
        let Some(under_way) = self.confirmed.begin(vote_id) else {
            // Another request is at it.
            return if self.confirmed.settled(vote_id).await {
                Ok(())
            } else {
                Err(Unavailable::of("queue", "the vote could not be sent again").unknown(vote_id))
            };
        };
        let published = slot
            .publish(Bytes::copy_from_slice(&sent.message), deadline, None)
            .await;
        if let Err(error) = published {
            // It was in doubt before, and still is.
            return Err(Unavailable::of("queue", error).unknown(vote_id));
        }
        under_way.confirm();
        tracing::info!(target: "vote", %vote_id, n_sends = sent.n_sends + 1, "vote sent again");
        metrics::counter!("tally_votes_resent_total").increment(1);
        let own = self.id;
        let noted = self.voters.change(sent.vote.voter, |state, now| {
            let found = state
                .in_flight
                .iter_mut()
                .find(|s| s.vote.vote_id == vote_id);
            let Some(found) = found else { return false };
            found.gateway = own;
            found.sent_at = now;
            found.n_sends += 1;
            found.unknown = false;
            true
        });
        if let Err(error) = noted.await {
            // The next request sends it once more, which changes nothing.
            tracing::warn!(%vote_id, %error, "a vote sent again could not be noted");
        }
        Ok(())
    }

    /// Makes sure that the broker has the vote in flight `sent`, which another request
    /// asked for as well: waits for its publish here, or sends it again.
    pub(crate) async fn vouch_for(&self, sent: &InFlight) -> Result<(), Unavailable> {
        if self.confirmed.settled(sent.vote.vote_id).await {
            return Ok(());
        }
        self.resend(sent).await
    }

    /// Takes a vote out of the voter's state that the broker certainly does not have.
    pub(crate) async fn release(&self, voter: UserId, vote_id: VoteId) -> Result<(), StateError> {
        self.voters
            .change(voter, |state, _| {
                let before = state.in_flight.len();
                state.in_flight.retain(|sent| sent.vote.vote_id != vote_id);
                state.in_flight.len() < before
            })
            .await
    }

    /// Notes that nobody knows whether the broker has a vote.
    pub(crate) async fn mark_unknown(
        &self,
        voter: UserId,
        vote_id: VoteId,
    ) -> Result<(), StateError> {
        self.voters
            .change(voter, |state, _| {
                let found = state
                    .in_flight
                    .iter_mut()
                    .find(|s| s.vote.vote_id == vote_id);
                found.is_some_and(|sent| !std::mem::replace(&mut sent.unknown, true))
            })
            .await
    }
}

/// Whether `error` leaves no doubt that the vote is not in the queue.
pub(crate) fn is_certain(error: &PublishError) -> bool {
    match error {
        PublishError::Refused(_) => true,
        PublishError::Unknown(_) => false,
    }
}
