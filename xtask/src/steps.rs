//! Steps that are timed, all run even if one fails, and told of at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// What was run so far.
#[derive(Debug)]
pub(crate) struct Steps {
    started_at: Instant,
    done: Vec<(&'static str, Outcome, Duration)>,
}

impl Steps {
    /// Nothing was run yet.
    pub(crate) fn new() -> Self {
        Self {
            started_at: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs `step` and says whether it passed; a failure is printed and remembered.
    pub(crate) fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> bool {
        println!("\n── {name}");
        let started_at = Instant::now();
        let outcome = match step() {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                println!("error: {error:#}");
                Outcome::Failed
            }
        };
        let took = started_at.elapsed();
        println!(
            "── {name}: {} in {:.1} s",
            outcome.word(),
            took.as_secs_f64()
        );
        self.done.push((name, outcome, took));
        outcome == Outcome::Passed
    }

    /// Remembers that a step was not run.
    pub(crate) fn skip(&mut self, name: &'static str) {
        self.done.push((name, Outcome::Skipped, Duration::ZERO));
    }

    /// Prints all steps.
    ///
    /// # Errors
    /// When one failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n── summary");
        for (name, outcome, took) in &self.done {
            println!(
                "   {name:<12} {:<8} {:>7.1} s",
                outcome.word(),
                took.as_secs_f64()
            );
        }
        println!(
            "   {:<12} {:<8} {:>7.1} s",
            "in all",
            "",
            self.started_at.elapsed().as_secs_f64()
        );
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|(_, outcome, _)| *outcome == Outcome::Failed)
            .map(|(name, _, _)| *name)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_whole_and_is_named() {
        let mut steps = Steps::new();
        assert!(!steps.run("first", || bail!("broken")));
        assert!(steps.run("second", || Ok(())));
        steps.skip("third");
        let error = steps.finish().unwrap_err();
        assert_eq!(error.to_string(), "failed: first");
    }
}
