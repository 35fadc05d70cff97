//! What is told of the checks.

use serde::Serialize;
use vote_store::verify::{Check, Findings, VIOLATIONS_KEPT};

/// How many violations of each check are shown to people.
const SHOWN_MAX: usize = 20;

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether every check holds.
    pub(super) holds: bool,
    rows: u64,
    n_violations: u64,
    checks: Vec<Row>,
    violations: Vec<Broken>,
}

/// One check.
#[derive(Debug, Serialize)]
struct Row {
    check: &'static str,
    claim: &'static str,
    rows: u64,
    violations: u64,
}

/// One violation.
#[derive(Debug, Serialize)]
struct Broken {
    check: &'static str,
    row: String,
    expected: String,
    found: String,
    mend: String,
}

impl Report {
    pub(super) fn new(findings: &Findings) -> Self {
        let checks: Vec<Row> = Check::ALL
            .into_iter()
            .map(|check| Row {
                check: check.name(),
                claim: check.claim(),
                rows: findings.looked(check),
                violations: findings.found(check),
            })
            .collect();
        let violations = findings.violations().iter().map(|violation| Broken {
            check: violation.check.name(),
            row: violation.row.clone(),
            expected: violation.expected.clone(),
            found: violation.found.clone(),
            mend: violation.mend.to_string(),
        });
        Self {
            holds: findings.n_violations() == 0,
            rows: checks.iter().map(|row| row.rows).sum(),
            n_violations: findings.n_violations(),
            violations: violations.collect(),
            checks,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:18} {:>12} {:>7}  what must hold",
            "check", "rows", "broken"
        )?;
        for row in &self.checks {
            writeln!(
                f,
                "{:18} {:>12} {:>7}  {}",
                row.check, row.rows, row.violations, row.claim
            )?;
        }
        for check in &self.checks {
            let broken = || self.violations.iter().filter(|v| v.check == check.check);
            for violation in broken().take(SHOWN_MAX) {
                writeln!(f, "\n{}: {}", violation.check, violation.row)?;
                writeln!(f, "    expected  {}", violation.expected)?;
                writeln!(f, "    found     {}", violation.found)?;
                writeln!(f, "    mend      {}", violation.mend)?;
            }
            let n_more = check.violations - (broken().take(SHOWN_MAX).count() as u64);
            if n_more > 0 {
                let kept = VIOLATIONS_KEPT;
                writeln!(
                    f,
                    "\n{}: {n_more} more; --json shows the first {kept}",
                    check.check
                )?;
            }
        }
        match self.n_violations {
            0 => writeln!(f, "\nall holds: {} rows looked at", self.rows),
            n => writeln!(f, "\n{n} VIOLATIONS in {} rows looked at", self.rows),
        }
    }
}
