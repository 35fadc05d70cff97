//! Sending a letter to its box again.

use http_kit::Problem;
use tokio::time::Instant;
use uuid::Uuid;
use vote_domain::UserId;
use vote_queue::{BallotBox, PublishError, PublisherSettings, Refusal};
use vote_store::dead_letters::{DeadLetter, LetterState, ReplayOutcome};

use super::contents::{Contents, message, origin};
use super::letter_not_found;
use crate::error::Unavailable;
use crate::gateway::Gateway;

/// Why a letter is not known to have been replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// It was dropped: its votes are rejected.
    #[error("the letter was dropped")]
    Dropped,
    /// Neither the broker nor its votes say which box it came from.
    #[error("nobody knows the letter's ballot box")]
    BoxUnknown,
    /// There is no such box any more.
    #[error("there is no ballot box {0}")]
    BoxGone(BallotBox),
    /// A part is missing; it may have been replayed. Repeat it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotFound => letter_not_found(),
            ReplayError::Dropped => Self::conflict(
                "dead_letter_dropped",
                "The letter was dropped; its votes are rejected.",
            ),
            ReplayError::BoxUnknown => Self::conflict(
                "ballot_box_unknown",
                "Nobody knows which ballot box the letter came from; it can be dropped only.",
            ),
            ReplayError::BoxGone(ballot_box) => Self::conflict(
                "ballot_box_gone",
                "There is no such ballot box any more: its campaign is drained or final.",
            )
            .with("box", ballot_box.name()),
            ReplayError::Unavailable(error) => {
                tracing::warn!(part = error.part, reason = %error.reason, "a dead letter was not replayed");
                let detail = format!(
                    "The {} did not answer; the letter may be on its way. Repeat it: no vote \
                     counts twice.",
                    error.part
                );
                Self::unavailable("queue_unavailable", detail, error.retry_after)
            }
        }
    }
}

impl Gateway {
    /// Sends the bytes of the letter `id` to its box again, and once the broker has them
    /// notes, by `by`, that it was replayed. Repeating it is safe: the ledger knows each vote
    /// once. Answers the letter as it stands then, which is open if it arrived meanwhile.
    ///
    /// Runs to its end even if whoever waits for it goes away.
    ///
    /// # Errors
    /// [`ReplayError`]
    pub async fn replay_dead_letter(
        &self,
        id: Uuid,
        by: UserId,
    ) -> Result<DeadLetter, ReplayError> {
        let gateway = self.clone();
        let replaying = async move { gateway.replay(id, by).await };
        let replayed = self.office.runtime.spawn(replaying).await;
        replayed.unwrap_or_else(|error| Err(Unavailable::of("gateway", error).into()))
    }

    async fn replay(&self, id: Uuid, by: UserId) -> Result<DeadLetter, ReplayError> {
        let letter = self.letter(id).await?.ok_or(ReplayError::NotFound)?;
        if letter.state == LetterState::Dropped {
            return Err(ReplayError::Dropped);
        }
        let ballot_box = origin(&letter, &Contents::of(&letter)).ok_or(ReplayError::BoxUnknown)?;
        let act = self.act(by).await?;
        self.publish_again(&letter, &ballot_box).await?;
        let noted = self.store.note_replay(id, letter.n_arrivals, &act).await;
        match noted.map_err(Unavailable::from)? {
            ReplayOutcome::Noted => {
                tracing::warn!(%by, dead_letter = %id, %ballot_box, "dead letter replayed");
                let name = ballot_box.name().to_owned();
                metrics::counter!("tally_dead_letters_decided_total", "box" => name, "decision" => "replayed")
                    .increment(1);
            }
            ReplayOutcome::ArrivedAgain => {
                tracing::warn!(%by, dead_letter = %id, "a dead letter arrived again as it was replayed");
            }
            ReplayOutcome::Dropped => return Err(ReplayError::Dropped),
            ReplayOutcome::NoSuchLetter => return Err(ReplayError::NotFound),
        }
        self.letter(id).await?.ok_or(ReplayError::NotFound)
    }

    /// Publishes `letter` to `ballot_box`, and waits for the broker's confirm. A campaign that
    /// is over has its box unbound, while votes of it are still brought in: there, it is put
    /// back.
    async fn publish_again(
        &self,
        letter: &DeadLetter,
        ballot_box: &BallotBox,
    ) -> Result<(), ReplayError> {
        // One message, as it is: votes gather with those of nobody else.
        let settings = PublisherSettings {
            lanes: 1,
            votes_max: 1,
            ..self.office.settings.publisher.clone()
        };
        let publisher = self.queue.publisher(ballot_box, &settings, |bodies| {
            bodies.first().cloned().unwrap_or_default()
        });
        let message = message(letter);
        let deadline = Instant::now() + self.office.settings.accept_timeout;
        let mut published = match publisher.reserve() {
            Ok(slot) => slot.publish(message.clone(), deadline, None).await,
            Err(overloaded) => return Err(Unavailable::of("queue", overloaded).into()),
        };
        publisher.drain().await;
        if published == Err(PublishError::Refused(Refusal::Unroutable)) {
            published = self.queue.put_back(ballot_box, message, deadline).await;
        }
        match published {
            Ok(()) => Ok(()),
            Err(PublishError::Refused(Refusal::Unroutable)) => {
                Err(ReplayError::BoxGone(ballot_box.clone()))
            }
            Err(error) => Err(Unavailable::of("queue", error).into()),
        }
    }
}
