//! What clients were told.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use uuid::Uuid;

/// What one member was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub user_name: String,
    /// Every vote that was answered 202.
    pub accepted: Vec<Uuid>,
    /// Of each review, what stands by the member's last 202: 1, -1 or 0.
    pub standing: BTreeMap<Uuid, i64>,
    /// Tickets spent in the campaign, by option.
    pub spent: BTreeMap<String, u64>,
    /// Of reviews and options whose last vote was given up without an answer, nothing is known.
    pub in_doubt: Vec<String>,
}

/// What all were told, and how long it took.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub(super) campaign: Uuid,
    pub(super) reviews: Vec<Uuid>,
    pub(super) members: Vec<Told>,
    /// Answers other than a 202, by status; 0 where none came.
    pub(super) others: BTreeMap<u16, u64>,
    /// How long a vote took from its first try to its 202, in milliseconds, in order.
    pub(super) took_ms: Vec<u64>,
    /// Longest time in which nobody got a 202.
    pub(super) gap: Duration,
    /// How long voting went on.
    pub(super) lasted: Duration,
}

impl Record {
    /// How many ballots were answered 202; of one that repeats what stands, the vote is the same.
    #[must_use]
    pub fn n_accepted(&self) -> usize {
        self.members.iter().map(|told| told.accepted.len()).sum()
    }

    /// How many were given up.
    #[must_use]
    pub fn n_in_doubt(&self) -> usize {
        self.members.iter().map(|told| told.in_doubt.len()).sum()
    }

    /// A line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let at = |share: f64| {
            let last = self.took_ms.len().saturating_sub(1);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "an index into a list of measurements"
            )]
            let index = (last as f64 * share) as usize;
            self.took_ms.get(index).copied().unwrap_or_default()
        };
        format!(
            "{} ballots answered 202 in {:.0} s; from first try to 202 in ms: p50 {}, p99 {}, max {}; \
             longest time without a 202: {} ms; other answers: {:?}; given up: {}",
            self.n_accepted(),
            self.lasted.as_secs_f64(),
            at(0.5),
            at(0.99),
            at(1.0),
            self.gap.as_millis(),
            self.others,
            self.n_in_doubt(),
        )
    }

    /// What the judge needs, to be kept.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let members = self.members.iter().map(|told| {
            json!({
                "user_name": told.user_name,
                "accepted": told.accepted,
                "standing": told.standing,
                "spent": told.spent,
                "in_doubt": told.in_doubt,
            })
        });
        json!({
            "summary": self.summary(),
            "campaign": self.campaign,
            "reviews": self.reviews,
            "members": members.collect::<Vec<_>>(),
        })
    }

    /// What [`Record::to_json`] kept.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(mut kept: Value) -> Result<Self> {
        let Value::Array(members) = kept["members"].take() else {
            anyhow::bail!("no members");
        };
        let members = members.into_iter().map(|mut told| {
            Ok(Told {
                user_name: serde_json::from_value(told["user_name"].take())?,
                accepted: serde_json::from_value(told["accepted"].take())?,
                standing: serde_json::from_value(told["standing"].take())?,
                spent: serde_json::from_value(told["spent"].take())?,
                in_doubt: serde_json::from_value(told["in_doubt"].take())?,
            })
        });
        let members: Result<Vec<Told>, serde_json::Error> = members.collect();
        Ok(Self {
            campaign: serde_json::from_value(kept["campaign"].take()).context("no campaign")?,
            reviews: serde_json::from_value(kept["reviews"].take()).context("no reviews")?,
            members: members.context("not as it was written")?,
            ..Self::default()
        })
    }
}
