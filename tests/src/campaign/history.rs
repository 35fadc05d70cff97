//! What a campaign's clients asked for and were told.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Under which `Idempotency-Key`.
    pub key: Option<String>,
    /// When it was asked for the first time.
    pub asked_at: DateTime<Utc>,
    /// When the answer came.
    pub answered_at: DateTime<Utc>,
}

/// A ballot that may have become a vote: a 503 named one, or no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Kind and name of who asked.
    pub voter: (String, String),
    /// Key of the option.
    pub option: String,
    /// Key of the channel.
    pub channel: String,
    /// How many tickets.
    pub tickets: i64,
    /// Under which `Idempotency-Key`.
    pub key: Option<String>,
    /// The vote that the answer named.
    pub vote_id: Option<Uuid>,
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

/// Who asks, the option, the channel and the tickets.
pub(crate) type Asked = ((String, String), String, String, i64);

impl Accepted {
    /// What was asked for.
    pub(crate) fn asked(&self) -> Asked {
        let (option, channel) = (self.option.clone(), self.channel.clone());
        (self.voter.clone(), option, channel, self.tickets)
    }
}

impl Doubt {
    /// What was asked for.
    pub(crate) fn asked(&self) -> Asked {
        let (option, channel) = (self.option.clone(), self.channel.clone());
        (self.voter.clone(), option, channel, self.tickets)
    }
}

/// What the clients of a campaign saw.
#[derive(Clone, Debug, Default)]
pub struct CampaignHistory {
    /// Every 202.
    pub accepted: Vec<Accepted>,
    /// Every 503 that named a vote, and every request without an answer.
    pub in_doubt: Vec<Doubt>,
    /// How many answers there were of each kind.
    pub answers: BTreeMap<String, u64>,
    /// Answers that nobody should get, as sentences.
    pub unexpected: Vec<String>,
    /// The longest that an answer took.
    pub slowest: Duration,
    /// Ballots that are still to be asked for again.
    pub(crate) open: Vec<Open>,
}

impl CampaignHistory {
    /// Adds what another client saw.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self {
            accepted,
            in_doubt,
            answers,
            unexpected,
            slowest,
            open,
        } = other;
        self.accepted.extend(accepted);
        self.in_doubt.extend(in_doubt);
        for (kind, n) in answers {
            *self.answers.entry(kind).or_default() += n;
        }
        self.unexpected.extend(unexpected);
        self.slowest = self.slowest.max(slowest);
        self.open.extend(open);
    }

    /// The votes that a 503 named, each once.
    #[must_use]
    pub fn unknown(&self) -> BTreeSet<Uuid> {
        let named = self.in_doubt.iter().filter_map(|doubt| doubt.vote_id);
        named.collect()
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
