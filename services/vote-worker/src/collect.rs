//! Gathering a batch.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use vote_messages::vote::{self, AnyVote, DecodeError, WireVote};
use vote_queue::{Consumer, Delivery, Tag};
use vote_store::dead_letters::LetterKind;

use crate::product::{Product, VoteOf};

/// Votes to be settled together, and the messages they came in.
#[derive(Debug)]
pub(crate) struct Batch<V> {
    pub(crate) votes: Vec<Arrived<V>>,
    /// What this build cannot read, and votes that belong elsewhere.
    pub(crate) unreadable: Vec<Unreadable>,
    pub(crate) tags: Vec<Tag>,
}

/// A vote that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived<V> {
    pub(crate) vote: V,
    pub(crate) trace_parent: String,
    /// It, as it arrived.
    pub(crate) bytes: Bytes,
}

/// Something that arrived and is no vote this box can settle; kept as it is.
#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    pub(crate) kind: LetterKind,
    pub(crate) bytes: Bytes,
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl<V: WireVote> Batch<V> {
    fn new() -> Self {
        Self {
            votes: Vec::new(),
            unreadable: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn add(&mut self, delivery: Delivery, takes: impl Fn(&V) -> bool) {
        self.tags.push(delivery.tag);
        match vote::unframe(delivery.body.clone()) {
            Ok(votes) => votes
                .into_iter()
                .for_each(|bytes| self.add_vote(bytes, &takes)),
            Err(error) => self.unreadable.push(Unreadable {
                kind: LetterKind::Message,
                bytes: delivery.body,
                reason: "malformed",
                detail: error.to_string(),
            }),
        }
    }

    fn add_vote(&mut self, bytes: Bytes, takes: impl Fn(&V) -> bool) {
        let (reason, detail) = match vote::decode(bytes.clone()) {
            Ok(decoded) => {
                let origin = origin(&decoded.vote);
                match V::of(decoded.vote).filter(takes) {
                    Some(vote) => {
                        self.votes.push(Arrived {
                            vote,
                            trace_parent: decoded.trace_parent,
                            bytes,
                        });
                        return;
                    }
                    None => ("foreign", origin),
                }
            }
            Err(error) => match &error {
                DecodeError::Malformed(_) => ("malformed", error.to_string()),
                DecodeError::UnsupportedVersion(_) => ("unsupported_version", error.to_string()),
            },
        };
        self.unreadable.push(Unreadable {
            kind: LetterKind::Vote,
            bytes,
            reason,
            detail,
        });
    }
}

/// Which vote was found where it does not belong.
fn origin(vote: &AnyVote) -> String {
    let vote_id = vote.vote_id();
    match vote {
        AnyVote::Review(vote) => format!("vote {vote_id} on review {}", vote.review),
        AnyVote::Campaign(vote) => format!("vote {vote_id} in campaign {}", vote.campaign),
    }
}

/// When a batch is as full as it gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    /// Votes enough for a batch.
    pub(crate) votes_max: usize,
    /// Messages that are handed over before one is acknowledged: behind these none comes.
    pub(crate) messages_max: usize,
    /// How long the first message waits for others.
    pub(crate) linger: Duration,
}

/// Gathers votes: at least one message, then what has arrived, until the batch is full as
/// `fill` says. `None` when the consumer is stopped.
///
/// Nothing is lost if the future is dropped: what it took is delivered again once the
/// consumer stops.
pub(crate) async fn collect<P: Product>(
    product: &P,
    consumer: &mut Consumer,
    fill: Fill,
) -> Option<Batch<VoteOf<P>>> {
    let first = consumer.recv().await?;
    Some(gather(product, first, consumer, fill).await)
}

/// Gathers votes behind `first`.
pub(crate) async fn gather<P: Product>(
    product: &P,
    first: Delivery,
    consumer: &mut Consumer,
    fill: Fill,
) -> Batch<VoteOf<P>> {
    let takes = |vote: &_| product.takes(vote);
    let mut batch = Batch::new();
    batch.add(first, takes);
    let until = Instant::now() + fill.linger;
    while batch.votes.len() < fill.votes_max && batch.tags.len() < fill.messages_max {
        let next = match consumer.try_recv() {
            Some(next) => Some(next),
            None => tokio::time::timeout_at(until, consumer.recv())
                .await
                .ok()
                .flatten(),
        };
        match next {
            Some(next) => batch.add(next, takes),
            None => break,
        }
    }
    batch
}
