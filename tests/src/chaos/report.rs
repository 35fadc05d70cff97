//! What a run came to, for people.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Options;
use super::faults::CarriedOut;
use super::history::History;
use super::judge::Violation;
use super::reckoning::Reckoning;
use super::season::Verdict;

/// The most violations that are printed.
const SHOWN_MAX: usize = 40;

/// The promises of the design, in its order.
const PROMISES: [&str; 8] = [
    "every vote answered 202 reaches one end",
    "no vote counts twice",
    "SQL holds quotas, limits and one standing vote",
    "a loss of Redis loses no ticket and adds no vote",
    "nothing is stranded",
    "counters equal the ledger",
    "a closed campaign never moves",
    "every answer is clear and comes in time",
];

/// What happened, and what is wrong.
#[derive(Debug)]
pub struct Report {
    options: Options,
    carried_out: CarriedOut,
    reviews: Product,
    campaigns: Product,
    n_campaigns: usize,
    rejected: BTreeMap<String, usize>,
    doubts: BTreeMap<String, usize>,
    n_rewards: usize,
    /// The number of the promise, and by what it was broken.
    violations: Vec<(u8, String)>,
}

/// What clients of one product were told.
#[derive(Debug, Default)]
struct Product {
    answers: BTreeMap<String, u64>,
    slowest: Duration,
    n_accepted: usize,
    n_ledger: usize,
}

impl Report {
    pub(crate) fn new(
        options: Options,
        carried_out: CarriedOut,
        history: &History,
        reckoning: Reckoning,
        verdicts: Vec<Verdict>,
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
        let mut ids: Vec<_> = history.accepted.iter().map(|told| told.vote_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let reviews = Product {
            answers: history.answers.clone(),
            slowest: history.slowest,
            n_accepted: ids.len(),
            n_ledger: books.ledger.len(),
        };
        let mut found: Vec<(u8, String)> = violations
            .iter()
            .map(|violation| (violation.promise.number(), Violation::to_string(violation)))
            .collect();
        let mut campaigns = Product::default();
        let n_campaigns = verdicts.len();
        for verdict in verdicts {
            campaigns.n_accepted += verdict.n_accepted;
            campaigns.n_ledger += verdict.n_ledger;
            campaigns.slowest = campaigns.slowest.max(verdict.history.slowest);
            for (kind, n) in verdict.history.answers {
                *campaigns.answers.entry(kind).or_default() += n;
            }
            for violation in verdict.violations {
                let detail = format!("campaign {}: {violation}", verdict.campaign);
                found.push((violation.promise.number(), detail));
            }
        }
        found.sort();
        Self {
            options,
            carried_out,
            reviews,
            campaigns,
            n_campaigns,
            rejected,
            doubts,
            n_rewards: books.rewards.len(),
            violations: found,
        }
    }

    /// What promises were broken: the number of each, and by what.
    #[must_use]
    pub fn violations(&self) -> &[(u8, String)] {
        &self.violations
    }

    /// Faults that could not be carried out or healed, as sentences.
    #[must_use]
    pub fn broken_off(&self) -> &[String] {
        &self.carried_out.broken_off
    }

    /// How many votes were answered 202.
    #[must_use]
    pub fn n_accepted(&self) -> usize {
        self.reviews.n_accepted + self.campaigns.n_accepted
    }

    /// How many of them were cast in campaigns.
    #[must_use]
    pub fn n_accepted_in_campaigns(&self) -> usize {
        self.campaigns.n_accepted
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, n) in &self.answers {
            writeln!(f, "  {n:>8} {kind}")?;
        }
        writeln!(f, "  the slowest took {:.1} s", self.slowest.as_secs_f64())?;
        let (accepted, ledger) = (self.n_accepted, self.n_ledger);
        writeln!(f, "  {accepted:>8} votes accepted, {ledger} in the ledger")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CarriedOut {
            happened,
            skipped,
            lost_at,
            n_kills,
            n_poison,
            n_replayed,
            n_copies,
            broken_off,
        } = &self.carried_out;
        writeln!(f, "injected:")?;
        for (kind, n) in happened {
            writeln!(f, "  {n:>8} × {kind}")?;
        }
        writeln!(
            f,
            "  {skipped:>8} left out: something else was broken there\n  {n_kills:>8} processes \
             ended\n  {n_copies:>8} messages published twice\n  {n_poison:>8} messages that were \
             no votes\n  {n_replayed:>8} dead letters that workers had panicked over, replayed"
        )?;
        for fault in broken_off {
            writeln!(f, "  broke off: {fault}")?;
        }
        match lost_at {
            Some(at) => writeln!(f, "  Redis first lost what it knew at {at}")?,
            None => writeln!(f, "  Redis never lost what it knew")?,
        }
        write!(f, "answers on reviews:\n{}", self.reviews)?;
        for (reason, n) in &self.rejected {
            writeln!(f, "  {n:>8} rejected as {reason}")?;
        }
        writeln!(f, "  {:>8} authors rewarded", self.n_rewards)?;
        write!(
            f,
            "answers in {} campaigns:\n{}",
            self.n_campaigns, self.campaigns
        )?;
        if !self.doubts.is_empty() {
            writeln!(f, "votes that a 503 left open, in the end:")?;
        }
        for (state, n) in &self.doubts {
            writeln!(f, "  {n:>8} {state}")?;
        }
        writeln!(f, "promises:")?;
        for (number, promise) in (1u8..).zip(PROMISES) {
            let broken = self
                .violations
                .iter()
                .filter(|(broken, _)| *broken == number);
            match broken.count() {
                0 => writeln!(f, "  {number} kept: {promise}")?,
                n => writeln!(f, "  {number} BROKEN {n} times: {promise}")?,
            }
        }
        for (_, violation) in self.violations.iter().take(SHOWN_MAX) {
            writeln!(f, "    {violation}")?;
        }
        let Options {
            voting,
            seed,
            n_clients,
            rest,
            ..
        } = self.options;
        writeln!(f, "votes accepted: {}", self.n_accepted())?;
        write!(f, "the same plan again: cargo xtask chaos --seed {seed} ")?;
        if self.options.cluster {
            write!(f, "--cluster ")?;
        }
        if voting.as_secs() % 60 == 0 {
            let minutes = voting.as_secs() / 60;
            write!(f, "--minutes {minutes} --clients {n_clients} ")?;
            write!(f, "-- --rest-ms {}", rest.as_millis())?;
        } else {
            write!(f, "--short")?;
        }
        Ok(())
    }
}
