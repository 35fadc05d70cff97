//! Gathering a batch.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use vote_domain::review::ReviewVote;
use vote_messages::vote::{self, AnyVote, DecodeError, Decoded};
use vote_queue::{Consumer, Delivery, Tag};
use vote_store::dead_letters::LetterKind;

/// Votes to be settled together, and the messages they came in.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) votes: Vec<Arrived>,
    /// What this build cannot read.
    pub(crate) unreadable: Vec<Unreadable>,
    pub(crate) tags: Vec<Tag>,
}

/// A vote that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) vote: ReviewVote,
    pub(crate) trace_parent: String,
    /// It, as it arrived.
    pub(crate) bytes: Bytes,
}

/// Something that arrived and is no vote we can settle; kept as it is.
#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    pub(crate) kind: LetterKind,
    pub(crate) bytes: Bytes,
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl Batch {
    fn add(&mut self, delivery: Delivery) {
        self.tags.push(delivery.tag);
        let votes = match vote::unframe(delivery.body.clone()) {
            Ok(votes) => votes,
            Err(error) => {
                self.unreadable.push(Unreadable {
                    kind: LetterKind::Message,
                    bytes: delivery.body,
                    reason: "malformed",
                    detail: error.to_string(),
                });
                return;
            }
        };
        for bytes in votes {
            match vote::decode(bytes.clone()) {
                Ok(Decoded {
                    vote: AnyVote::Review(vote),
                    trace_parent,
                }) => self.votes.push(Arrived {
                    vote,
                    trace_parent,
                    bytes,
                }),
                Ok(Decoded { .. }) => {}
                Err(error) => self.unreadable.push(Unreadable {
                    kind: LetterKind::Vote,
                    bytes,
                    reason: match error {
                        DecodeError::Malformed(_) => "malformed",
                        DecodeError::UnsupportedVersion(_) => "unsupported_version",
                    },
                    detail: error.to_string(),
                }),
            }
        }
    }
}

/// Gathers votes: at least one message, then what has arrived, until there are
/// `votes_max` or `linger` has passed since the first. `None` when the consumer is stopped.
///
/// Nothing is lost if the future is dropped: what it took is delivered again once the
/// consumer stops.
pub(crate) async fn collect(
    consumer: &mut Consumer,
    votes_max: usize,
    linger: Duration,
) -> Option<Batch> {
    let first = consumer.recv().await?;
    Some(gather(first, consumer, votes_max, linger).await)
}

/// Gathers votes behind `first`.
pub(crate) async fn gather(
    first: Delivery,
    consumer: &mut Consumer,
    votes_max: usize,
    linger: Duration,
) -> Batch {
    let mut batch = Batch::default();
    batch.add(first);
    let until = Instant::now() + linger;
    while batch.votes.len() < votes_max {
        let next = match consumer.try_recv() {
            Some(next) => Some(next),
            None => tokio::time::timeout_at(until, consumer.recv())
                .await
                .ok()
                .flatten(),
        };
        match next {
            Some(next) => batch.add(next),
            None => break,
        }
    }
    batch
}
