//! What is told of a result that was verified.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::checks::{Check, Sources};

/// How much of what is found is shown to people, for each check.
const SHOWN_MAX: usize = 20;

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    campaign_id: Uuid,
    /// Whether every check holds.
    pub(super) agrees: bool,
    /// The SHA-256 of what the ledger comes to.
    digest: String,
    /// Votes in the ledger that count.
    votes: u64,
    /// Their tickets.
    tickets: u64,
    options: usize,
    frozen_at: Option<DateTime<Utc>>,
    checks: Vec<Check>,
}

impl Report {
    pub(super) fn new(sources: &Sources, checks: Vec<Check>) -> Self {
        let ledger = &sources.ledger;
        Self {
            campaign_id: ledger.campaign.0,
            agrees: checks.iter().all(|check| check.holds),
            digest: ledger.digest(),
            votes: ledger.n_votes,
            tickets: ledger.options.iter().flat_map(|o| &o.votes).sum(),
            options: ledger.options.len(),
            frozen_at: sources.frozen.as_ref().map(|frozen| frozen.frozen_at),
            checks,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "campaign {}: {} votes with {} tickets on {} options in the ledger",
            self.campaign_id, self.votes, self.tickets, self.options
        )?;
        writeln!(f, "SHA-256 {}", self.digest)?;
        for check in &self.checks {
            let mark = if check.holds { "yes" } else { "NO " };
            writeln!(f, "  {mark}  {}", check.claim)?;
            for found in check.found.iter().take(SHOWN_MAX) {
                writeln!(f, "       {found}")?;
            }
            if check.found.len() > SHOWN_MAX {
                let n_more = check.found.len() - SHOWN_MAX;
                writeln!(f, "       … and {n_more} more: --json shows all")?;
            }
        }
        if self.agrees {
            writeln!(f, "the result holds")
        } else {
            writeln!(f, "THE RESULT DOES NOT HOLD")
        }
    }
}
