//! What a campaign's clients asked for and were told.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A vote that was answered 202.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The id in the answer.
    pub vote_id: Uuid,
    /// Kind and name of who asked.
    pub voter: (String, String),
    /// Key of the option.
    pub option: String,
    /// Key of the channel.
    pub channel: String,
    /// How many tickets.
    pub tickets: i64,
    /// When it was asked for the first time.
    pub asked_at: DateTime<Utc>,
    /// When the answer came.
    pub answered_at: DateTime<Utc>,
}

/// A ballot whose fate no answer told.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// Which of the crowd's voters asked.
    pub(crate) voter: usize,
    pub(crate) option: String,
    pub(crate) channel: &'static str,
    pub(crate) tickets: i64,
    pub(crate) key: Option<String>,
    pub(crate) asked_at: DateTime<Utc>,
}

/// A ballot that may have been cast or not, and of which not even the id is known.
pub(crate) type Nameless = ((String, String), String, String, i64);

/// What the clients of a campaign saw.
#[derive(Clone, Debug, Default)]
pub struct CampaignHistory {
    /// Every 202.
    pub accepted: Vec<Accepted>,
    /// Votes that a 503 named.
    pub unknown: Vec<Uuid>,
    /// How many answers there were of each kind.
    pub answers: BTreeMap<String, u64>,
    /// Answers that nobody should get, as sentences.
    pub unexpected: Vec<String>,
    /// The longest that an answer took.
    pub slowest: Duration,
    /// Ballots without a key and without an answer.
    pub(crate) nameless: Vec<Nameless>,
    /// Ballots that are still to be asked for again.
    pub(crate) open: Vec<Open>,
}

impl CampaignHistory {
    /// Adds what another client saw.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self {
            accepted,
            unknown,
            answers,
            unexpected,
            slowest,
            nameless,
            open,
        } = other;
        self.accepted.extend(accepted);
        self.unknown.extend(unknown);
        for (kind, n) in answers {
            *self.answers.entry(kind).or_default() += n;
        }
        self.unexpected.extend(unexpected);
        self.slowest = self.slowest.max(slowest);
        self.nameless.extend(nameless);
        self.open.extend(open);
    }

    /// Counts an answer of `kind`.
    pub(crate) fn count(&mut self, kind: &str) {
        *self.answers.entry(kind.to_owned()).or_default() += 1;
    }

    /// How many votes were answered 202, each once.
    #[must_use]
    pub fn n_accepted(&self) -> usize {
        let mut ids: Vec<Uuid> = self.accepted.iter().map(|vote| vote.vote_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }
}
