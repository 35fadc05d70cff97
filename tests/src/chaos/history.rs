//! What clients asked for and were told.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use crate::member::Direction;

/// A vote that was answered 202.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The id in the answer.
    pub vote_id: Uuid,
    /// Who asked.
    pub voter: Uuid,
    /// On what.
    pub review: Uuid,
    /// For what.
    pub direction: Direction,
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
    /// Votes that a 503 named, with who asked.
    pub(crate) in_doubt: Vec<(usize, Uuid)>,
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

    /// Counts an answer of `kind`.
    pub(crate) fn count(&mut self, kind: impl Into<String>) {
        *self.answers.entry(kind.into()).or_default() += 1;
    }
}
