//! What clients asked for and were told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::intents::Intent;
use crate::member::Direction;

/// A vote that was answered 202.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The id in the answer.
    pub vote_id: Uuid,
    /// Who asked.
    pub voter: Uuid,
    /// On what.
    pub review: Uuid,
    /// For what.
    pub direction: Direction,
    /// Under which `Idempotency-Key`.
    pub key: Option<String>,
}

/// A ballot that may have become a vote: a 503 named one, or no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Which of the world's members asked.
    pub(crate) member: usize,
    /// Who that is.
    pub voter: Uuid,
    /// On what.
    pub review: Uuid,
    /// For what.
    pub direction: Direction,
    /// Under which `Idempotency-Key`.
    pub key: Option<String>,
    /// The vote that the answer named.
    pub vote_id: Option<Uuid>,
}

/// Who asks, the review and the direction's number.
pub(crate) type Asked = (Uuid, Uuid, i64);

impl Accepted {
    /// The request.
    pub(crate) fn intent(&self) -> Intent<'_, Asked> {
        Intent {
            voter: self.voter,
            ballot: (self.voter, self.review, self.direction.number()),
            key: self.key.as_deref(),
            vote_id: Some(self.vote_id),
        }
    }
}

impl Doubt {
    /// The request.
    pub(crate) fn intent(&self) -> Intent<'_, Asked> {
        Intent {
            voter: self.voter,
            ballot: (self.voter, self.review, self.direction.number()),
            key: self.key.as_deref(),
            vote_id: self.vote_id,
        }
    }
}

/// A ballot whose fate no answer told.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// Which of the world's members asked.
    pub(crate) member: usize,
    pub(crate) review: Uuid,
    pub(crate) direction: Direction,
    pub(crate) key: Option<String>,
}

/// What the clients of a run saw.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every 202.
    pub accepted: Vec<Accepted>,
    /// How many answers there were of each kind.
    pub answers: BTreeMap<String, u64>,
    /// Answers that nobody should get, as sentences.
    pub unexpected: Vec<String>,
    /// The longest that an answer took.
    pub slowest: Duration,
    /// Every 503 that named a vote, and every request without an answer.
    pub in_doubt: Vec<Doubt>,
    /// Ballots that are still to be asked for again.
    pub(crate) open: Vec<Open>,
}

impl History {
    /// Adds what another client saw.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self {
            accepted,
            answers,
            unexpected,
            slowest,
            in_doubt,
            open,
        } = other;
        self.accepted.extend(accepted);
        for (kind, n) in answers {
            *self.answers.entry(kind).or_default() += n;
        }
        self.unexpected.extend(unexpected);
        self.slowest = self.slowest.max(slowest);
        self.in_doubt.extend(in_doubt);
        self.open.extend(open);
    }

    /// The votes that a 503 named, each once, with which of the world's members asked.
    pub(crate) fn unknown(&self) -> BTreeSet<(usize, Uuid)> {
        let named = |doubt: &Doubt| Some((doubt.member, doubt.vote_id?));
        self.in_doubt.iter().filter_map(named).collect()
    }

    /// Counts an answer of `kind`.
    pub(crate) fn count(&mut self, kind: impl Into<String>) {
        *self.answers.entry(kind.into()).or_default() += 1;
    }
}
