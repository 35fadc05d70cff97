//! What was found, as a table.

use std::fmt;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

impl Goal {
    fn is_reached(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The figure.
    pub figure: f64,
    /// What it counts: `votes/s`, `ms`, `times`.
    pub unit: &'static str,
    /// What it must reach, if anything.
    pub goal: Option<Goal>,
}

impl Line {
    fn falls_short(&self) -> bool {
        self.goal.is_some_and(|goal| !goal.is_reached(self.figure))
    }
}

/// All figures of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The seed that the run began with.
    pub seed: u64,
    /// Whether it was a short one.
    pub quick: bool,
    /// In the order in which they were found.
    pub lines: Vec<Line>,
}

impl Report {
    /// Notes a figure.
    pub fn note(&mut self, what: &str, figure: f64, unit: &'static str) {
        self.push(what, figure, unit, None);
    }

    /// Notes a figure that must reach something.
    pub fn hold(&mut self, what: &str, figure: f64, unit: &'static str, goal: Goal) {
        self.push(what, figure, unit, Some(goal));
    }

    fn push(&mut self, what: &str, figure: f64, unit: &'static str, goal: Option<Goal>) {
        let what = what.to_owned();
        self.lines.push(Line {
            what,
            figure,
            unit,
            goal,
        });
    }

    /// What falls short of its goal.
    #[must_use]
    pub fn short(&self) -> Vec<&str> {
        let short = self.lines.iter().filter(|line| line.falls_short());
        short.map(|line| line.what.as_str()).collect()
    }

    /// Writes all of it to `file`, as JSON.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn keep(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let written = std::fs::File::create(file).and_then(|mut file| writeln!(file, "{text}"));
        written.with_context(|| format!("cannot write {}", file.display()))
    }
}

impl fmt::Display for Report {
    /// A table in Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | figure | goal |\n| --- | --- | --- |")?;
        for line in &self.lines {
            let goal = match line.goal {
                None => String::new(),
                Some(goal) => {
                    let word = if line.falls_short() { " **short**" } else { "" };
                    match goal {
                        Goal::AtLeast(least) => format!("≥ {least}{word}"),
                        Goal::AtMost(most) => format!("≤ {most}{word}"),
                    }
                }
            };
            let figure = rounded(line.figure);
            writeln!(f, "| {} | {figure} {} | {goal} |", line.what, line.unit)?;
        }
        Ok(())
    }
}

/// Three digits that say something.
fn rounded(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_short_is_named_and_marked() {
        let mut report = Report::default();
        report.note("pace", 1_234.5, "votes/s");
        report.hold("hot over spread", 0.84, "times", Goal::AtLeast(0.9));
        report.hold("accept p99", 12.34, "ms", Goal::AtMost(25.0));
        assert_eq!(report.short(), ["hot over spread"]);
        let table = report.to_string();
        assert!(table.contains("| pace | 1234 votes/s |  |"), "{table}");
        assert!(
            table.contains("| hot over spread | 0.84 times | ≥ 0.9 **short** |"),
            "{table}"
        );
        assert!(table.contains("| accept p99 | 12.3 ms | ≤ 25 |"), "{table}");
    }
}
