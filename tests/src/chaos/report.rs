//! What a run came to, for people.

use std::collections::BTreeMap;
use std::fmt;

use super::Options;
use super::faults::CarriedOut;
use super::history::History;
use super::judge::Violation;
use super::reckoning::Reckoning;

/// The most violations that are printed.
const SHOWN_MAX: usize = 40;

/// What happened, and what is wrong.
#[derive(Debug)]
pub struct Report {
    options: Options,
    carried_out: CarriedOut,
    answers: BTreeMap<String, u64>,
    slowest_s: f64,
    n_accepted: usize,
    n_ledger: usize,
    rejected: BTreeMap<String, usize>,
    doubts: BTreeMap<String, usize>,
    n_rewards: usize,
    violations: Vec<Violation>,
}

impl Report {
    pub(crate) fn new(
        options: Options,
        carried_out: &CarriedOut,
        history: &History,
        reckoning: Reckoning,
    ) -> Self {
        let Reckoning {
            books,
            violations,
            doubts,
        } = reckoning;
        let mut rejected = BTreeMap::new();
        for reason in books.ledger.iter().filter_map(|vote| vote.reason.clone()) {
            *rejected.entry(reason).or_default() += 1;
        }
        Self {
            options,
            carried_out: carried_out.clone(),
            answers: history.answers.clone(),
            slowest_s: history.slowest.as_secs_f64(),
            n_accepted: history.accepted.len(),
            n_ledger: books.ledger.len(),
            rejected,
            doubts,
            n_rewards: books.rewards.len(),
            violations,
        }
    }

    /// What promises were broken.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How many 202 there were.
    #[must_use]
    pub fn n_accepted(&self) -> usize {
        self.n_accepted
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "broken:")?;
        for (kind, n) in &self.carried_out {
            writeln!(f, "  {n:>7} × {kind}")?;
        }
        writeln!(f, "answers:")?;
        for (kind, n) in &self.answers {
            writeln!(f, "  {n:>7} {kind}")?;
        }
        writeln!(f, "  the slowest took {:.1} s", self.slowest_s)?;
        writeln!(f, "votes in the ledger: {}", self.n_ledger)?;
        for (reason, n) in &self.rejected {
            writeln!(f, "  {n:>7} rejected as {reason}")?;
        }
        if !self.doubts.is_empty() {
            writeln!(f, "votes that a 503 left open, in the end:")?;
        }
        for (state, n) in &self.doubts {
            writeln!(f, "  {n:>7} {state}")?;
        }
        writeln!(f, "rewards: {}", self.n_rewards)?;
        writeln!(f, "violations: {}", self.violations.len())?;
        for violation in self.violations.iter().take(SHOWN_MAX) {
            writeln!(f, "  {violation}")?;
        }
        let Options {
            voting,
            seed,
            n_clients,
            ..
        } = self.options;
        write!(f, "the same plan again: cargo xtask chaos --seed {seed} ")?;
        if voting.as_secs() < 60 {
            write!(f, "-- --short")?;
        } else {
            let minutes = voting.as_secs() / 60;
            write!(f, "--minutes {minutes} -- --clients {n_clients}")?;
        }
        Ok(())
    }
}
