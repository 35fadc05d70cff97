//! Votes in flight that nobody vouches for are sent again, as they were sent first.

use bytes::Bytes;
use tokio::time::Instant;
use vote_cache::{KnownState, StateError};
use vote_domain::voter_state::{InFlight, Vote as _};
use vote_domain::{VoteId, VoterId};
use vote_queue::{PublishError, Refusal};

use crate::booth::Booth;
use crate::error::Unavailable;
use crate::product::{Product, VoteOf};

impl<P: Product> Booth<P> {
    /// The votes in flight of `known` that must be sent again.
    pub(crate) async fn due_for_resend(
        &self,
        known: &KnownState<P::Base>,
    ) -> Vec<InFlight<VoteOf<P>>> {
        let mut due = Vec::new();
        for sent in &known.state.in_flight {
            let alive = self.office.heartbeats.is_alive(sent.gateway).await;
            // What this process is just publishing answers for itself.
            if sent.is_due_for_resend(known.now, alive)
                && !self.office.confirmed.settled(sent.vote.vote_id()).await
            {
                due.push(sent.clone());
            }
        }
        due
    }

    /// Sends `sent` again, to the byte.
    ///
    /// It is made this process's vote first: whoever sent it before may find out just now
    /// that the broker refused it, and must not release a vote that somebody sends again.
    pub(crate) async fn resend(&self, sent: &InFlight<VoteOf<P>>) -> Result<Vouched, Unavailable> {
        let vote_id = sent.vote.vote_id();
        let unknown = |error: Unavailable| error.unknown(vote_id);
        let slot = self.way.reserve();
        let slot = slot.map_err(|error| unknown(Unavailable::of("queue", error)))?;
        let Some(slot) = slot else {
            return Err(unknown(Unavailable::of("queue", Refusal::Unroutable)));
        };
        let Some(under_way) = self.office.confirmed.begin(vote_id) else {
            // Another request is at it.
            return if self.office.confirmed.settled(vote_id).await {
                Ok(Vouched::Durable)
            } else {
                Ok(Vouched::Gone)
            };
        };
        let own = self.office.id;
        let claimed = self.change(sent.vote.voter_id(), |state, now| {
            let Some(found) = state.in_flight_mut(vote_id) else {
                return false;
            };
            found.gateway = own;
            found.sent_at = now;
            found.n_sends += 1;
            found.unknown = true;
            true
        });
        if !claimed.await.map_err(|error| unknown(error.into()))? {
            return Ok(Vouched::Gone);
        }
        let deadline = Instant::now() + self.office.settings.accept_timeout;
        let message = Bytes::copy_from_slice(&sent.message);
        let published = slot.publish(message, deadline, None).await;
        // Whatever the broker says, it may have the vote from an earlier send.
        published.map_err(|error| unknown(Unavailable::of("queue", error)))?;
        under_way.confirm();
        tracing::info!(target: "vote", %vote_id, n_sends = sent.n_sends + 1, "vote sent again");
        metrics::counter!("tally_votes_resent_total").increment(1);
        let noted = self.change(sent.vote.voter_id(), |state, _| {
            state
                .in_flight_mut(vote_id)
                .is_some_and(|sent| std::mem::take(&mut sent.unknown))
        });
        if let Err(error) = noted.await {
            // The next request sends it once more, which changes nothing.
            tracing::warn!(%vote_id, %error, "a vote sent again could not be noted");
        }
        Ok(Vouched::Durable)
    }

    /// Makes sure that the broker has the vote in flight `sent`, which another request
    /// asked for as well: waits for its publish here, or sends it again.
    pub(crate) async fn vouch_for(
        &self,
        sent: &InFlight<VoteOf<P>>,
    ) -> Result<Vouched, Unavailable> {
        if self.office.confirmed.settled(sent.vote.vote_id()).await {
            return Ok(Vouched::Durable);
        }
        self.resend(sent).await
    }

    /// Sends again all of `known` that is due; best effort, for a request that only reads.
    pub(crate) async fn mend(
        &self,
        voter: VoterId,
        known: &mut KnownState<P::Base>,
    ) -> Result<(), Unavailable> {
        let due = self.due_for_resend(known).await;
        if due.is_empty() {
            return Ok(());
        }
        self.refresh(voter, known).await?;
        self.write(voter, known).await?;
        for sent in self.due_for_resend(known).await {
            self.resend(&sent).await?;
        }
        *known = self.read(voter).await?;
        Ok(())
    }

    /// Takes a vote out of the voter's state that the broker certainly does not have;
    /// `false` if another gateway has sent it again meanwhile, so that it may count: it is
    /// no longer there then if it has been settled.
    pub(crate) async fn release(
        &self,
        voter: VoterId,
        vote_id: VoteId,
    ) -> Result<bool, StateError> {
        let own = self.office.id;
        let mut is_ours = false;
        self.change(voter, |state, _| {
            is_ours = state
                .in_flight_mut(vote_id)
                .is_some_and(|sent| sent.gateway == own && sent.n_sends == 1);
            let before = state.in_flight.len();
            if is_ours {
                state
                    .in_flight
                    .retain(|sent| sent.vote.vote_id() != vote_id);
            }
            state.in_flight.len() < before
        })
        .await?;
        Ok(is_ours)
    }

    /// Notes that nobody knows whether the broker has a vote.
    pub(crate) async fn mark_unknown(
        &self,
        voter: VoterId,
        vote_id: VoteId,
    ) -> Result<bool, StateError> {
        self.change(voter, |state, _| {
            state
                .in_flight_mut(vote_id)
                .is_some_and(|sent| !std::mem::replace(&mut sent.unknown, true))
        })
        .await
    }
}

/// What became of a vote in flight that was vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// The broker has it.
    Durable,
    /// It is in flight no more: settled, or released. Begin anew.
    Gone,
}

/// Whether `error` leaves no doubt that the vote is not in the queue.
pub(crate) fn is_certain(error: &PublishError) -> bool {
    match error {
        PublishError::Refused(_) => true,
        PublishError::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vote_cache::{Cache, VoterStates};
    use vote_domain::review::{Base, Direction, QuotaPolicy, ReviewVote};
    use vote_domain::{Clock, Ids, Seq, UserId};
    use vote_queue::{BallotBox, EmbeddedSettings, PublisherSettings, Queue};
    use vote_store::Store;

    use super::*;
    use crate::gateway::{Gateway, GatewayParts, GatewaySettings};
    use crate::pressure::PressureSettings;

    fn gateway(parts: &GatewayParts) -> Gateway {
        let settings = GatewaySettings {
            policy: QuotaPolicy {
                votes_per_day: 3,
                zone: chrono_tz::UTC,
            },
            accept_timeout: Duration::from_secs(3),
            publisher: PublisherSettings::default(),
            base_max_age: Duration::from_secs(30),
            facts_max_age: Duration::ZERO,
            counter_ttl: Duration::from_secs(10),
            pressure: PressureSettings::default(),
        };
        Gateway::new(parts.clone(), settings)
    }

    /// Two gateways that share everything.
    struct Scene {
        first: Gateway,
        second: Gateway,
        states: VoterStates<Base>,
        ids: Ids,
        _folder: tempfile::TempDir,
    }

    impl Scene {
        async fn open() -> anyhow::Result<Self> {
            let folder = tempfile::tempdir()?;
            let ids = Ids::random();
            let parts = GatewayParts {
                store: Store::sqlite(folder.path().join("tally.db")).await?,
                cache: Cache::memory(Clock::system(), 0, ids.clone()),
                queue: Queue::embedded(EmbeddedSettings::at(folder.path().join("votes"))).await?,
                ids: ids.clone(),
            };
            parts.store.migrate().await?;
            parts.queue.declare(&BallotBox::reviews()).await?;
            Ok(Self {
                first: gateway(&parts),
                second: gateway(&parts),
                states: VoterStates::of_reviews(parts.cache.clone(), ids.clone()),
                ids,
                _folder: folder,
            })
        }

        /// A vote of somebody that `gateway` reserved and has not published.
        async fn reserve(&self, gateway: &Gateway) -> anyhow::Result<InFlight<ReviewVote>> {
            let voter: UserId = self.ids.next();
            let mut known = self.states.read(voter).await?;
            let vote = ReviewVote {
                vote_id: self.ids.next(),
                voter,
                review: self.ids.next(),
                direction: Some(Direction::Up),
                seq: Seq::after(Seq::default(), known.now),
                day: known.now.date_naive(),
                cost: 1,
                limit: 3,
            };
            let sent = InFlight {
                message: vote_messages::vote::encode(&vote, "").to_vec(),
                vote,
                gateway: gateway.office.id,
                sent_at: known.now,
                n_sends: 1,
                unknown: false,
            };
            known.state.in_flight.push(sent.clone());
            assert!(self.states.write(voter, &known).await?);
            Ok(sent)
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_vote_that_another_gateway_sent_again_is_not_released() -> anyhow::Result<()> {
        let scene = Scene::open().await?;
        let (first, second) = (&scene.first, &scene.second);
        let ours = scene.reserve(first).await?;
        let theirs = scene.reserve(first).await?;
        assert_eq!(second.reviews.resend(&theirs).await?, Vouched::Durable);
        for (sent, is_released) in [(&ours, true), (&theirs, false)] {
            let (voter, vote_id) = (sent.vote.voter, sent.vote.vote_id);
            assert_eq!(
                first.reviews.release(voter.into(), vote_id).await?,
                is_released
            );
            let state = scene.states.read(voter).await?.state;
            assert_eq!(state.in_flight(vote_id).is_none(), is_released);
        }
        // What was released is nobody's to send again.
        assert_eq!(second.reviews.resend(&ours).await?, Vouched::Gone);
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_doubt_that_could_not_be_noted_at_once_is_noted_later() -> anyhow::Result<()> {
        let scene = Scene::open().await?;
        let sent = scene.reserve(&scene.first).await?;
        let (voter, vote_id) = (sent.vote.voter, sent.vote.vote_id);
        scene.first.reviews.note_doubt_later(voter.into(), vote_id);
        let noted = async {
            loop {
                let state = scene.states.read(voter).await?.state;
                let found = state.in_flight(vote_id).map(|sent| sent.unknown);
                if found != Some(false) {
                    return anyhow::Ok(found);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let noted = tokio::time::timeout(Duration::from_secs(10), noted).await??;
        assert_eq!(noted, Some(true));
        Ok(())
    }
}
