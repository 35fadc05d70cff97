//! `cargo xtask mutants`: a test of the tester.
//!
//! Each mutation breaks one promise in a copy of the sources; the programs that judge runs
//! must notice. They must find nothing in the copy as it is.

mod list;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::{self, Profile};
use crate::packages::require_servers;
use list::{Hunter, MUTATIONS, Mutation};

/// How many runs may pass, or break off, before a change counts as not noticed.
const RUNS_MAX: usize = 3;

/// Breaks Tally on purpose, in a copy, one small change at a time, and lets the chaos and
/// close runs find out. Ends with 1 if one of them notices nothing, or if they find
/// something in what is not broken. Takes about four minutes for each change.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the changes whose names contain this.
    #[arg(long)]
    only: Option<String>,
    /// Decides what else is broken meanwhile.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shows the changes, and carries none out.
    #[arg(long)]
    list: bool,
    /// Does not look first whether what is not broken passes.
    #[arg(long)]
    trusting: bool,
}

/// Carries the mutations out, one after the other.
///
/// # Errors
/// When one was not noticed, does not apply, or does not compile.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let chosen: Vec<&Mutation> = MUTATIONS
        .iter()
        .filter(|mutation| {
            let only = arguments.only.as_deref().unwrap_or_default();
            mutation.name.contains(only)
        })
        .collect();
    if arguments.list {
        for mutation in chosen {
            println!("{:>2} {}", mutation.promise, mutation.name);
        }
        return Ok(());
    }
    ensure!(!chosen.is_empty(), "no change has such a name");
    require_servers()?;
    let copy = Copy::make()?;
    if !arguments.trusting {
        copy.build()?;
        for hunter in [Hunter::Chaos, Hunter::CloseRuns] {
            if chosen.iter().any(|mutation| mutation.hunter == hunter) {
                let found = copy.run("unbroken", hunter, arguments.seed)?;
                ensure!(
                    found == Some(false),
                    "nothing is broken, and a run of {hunter:?} failed"
                );
            }
        }
    }
    let mut unnoticed = Vec::new();
    for (mutation, n) in chosen.iter().zip(1..) {
        let noticed = copy.with(mutation, || {
            copy.build()?;
            copy.hunt(mutation.name, mutation.hunter, arguments.seed)
        })?;
        let verdict = if noticed { "noticed" } else { "NOT NOTICED" };
        let (name, n_all) = (mutation.name, chosen.len());
        println!(
            "{n}/{n_all} {name} (promise {}): {verdict}",
            mutation.promise
        );
        if !noticed {
            unnoticed.push(name);
        }
    }
    if !unnoticed.is_empty() {
        bail!("nobody noticed {}", unnoticed.join(", "));
    }
    println!("every change was noticed");
    Ok(())
}

/// A copy of the sources with a target folder of its own.
struct Copy {
    sources: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Brings the copy up to date: only files that differ are written, so that only what
    /// depends on them is built again.
    fn make() -> Result<Self> {
        let folder = cargo::root().join("target/mutants");
        let copy = Self {
            sources: folder.join("sources"),
            target: folder.join("target"),
        };
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(cargo::root())
            .output()
            .context("cannot run git")?;
        ensure!(listed.status.success(), "git does not list the sources");
        for file in String::from_utf8_lossy(&listed.stdout).lines() {
            let from = cargo::root().join(file);
            // One that is removed and not committed yet.
            if from.is_file() {
                write_if_changed(&copy.sources.join(file), &fs::read(&from)?)?;
            }
        }
        Ok(copy)
    }

    fn build(&self) -> Result<()> {
        let mut build = cargo::with_services(&["chaos", "close-runs"], Profile::Dev);
        build
            .arg("--quiet")
            .env("CARGO_TARGET_DIR", &self.target)
            .current_dir(&self.sources);
        cargo::run(&mut build)
    }

    /// Whether `hunter` notices that something is broken, in some runs: a short one breaks
    /// few things, and one that breaks off says nothing.
    fn hunt(&self, name: &str, hunter: Hunter, seed: u64) -> Result<bool> {
        for seed in (seed..).take(RUNS_MAX) {
            if self.run(name, hunter, seed)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes one run; `None` if it broke off.
    fn run(&self, name: &str, hunter: Hunter, seed: u64) -> Result<Option<bool>> {
        let log = self.target.join(format!("{name}.log"));
        let output = fs::File::create(&log)?;
        let programs = self.target.join("debug");
        let mut command = match hunter {
            Hunter::Chaos => {
                let mut command = Command::new(programs.join("chaos"));
                command.args(["--short", "--seed", &seed.to_string()]);
                command
            }
            Hunter::CloseRuns => {
                let mut command = Command::new(programs.join("close-runs"));
                let seeds = format!("{seed}..{}", seed + 2);
                command.args(["--seeds", &seeds]);
                command
            }
        };
        let ended = command
            .stdout(output.try_clone()?)
            .stderr(output)
            .current_dir(&self.sources)
            .status()
            .with_context(|| format!("cannot run {hunter:?}"))?;
        println!(
            "{name}: {hunter:?} ended with {ended}, see {}",
            log.display()
        );
        for line in fs::read_to_string(&log)?.lines() {
            if line.contains(" BROKEN ") {
                println!("{line}");
            }
        }
        match ended.code() {
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(2) => Ok(None),
            _ => bail!("{hunter:?} was ended"),
        }
    }

    /// Does `work` while `mutation` is in place.
    fn with<T>(&self, mutation: &Mutation, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let before = mutation.files(&self.sources)?;
        for (path, text) in mutation.apply(&before)? {
            fs::write(path, text)?;
        }
        let done = work();
        for (path, text) in before {
            fs::write(path, text)?;
        }
        done
    }
}

/// Files and what stands in them.
type Texts = BTreeMap<PathBuf, String>;

impl Mutation {
    /// The files below `root` that it changes, as they are.
    fn files(&self, root: &Path) -> Result<Texts> {
        let files = self.edits.iter().map(|edit| {
            let text = fs::read_to_string(root.join(edit.file));
            let text = text.with_context(|| format!("cannot read {}", edit.file))?;
            Ok((root.join(edit.file), text))
        });
        files.collect()
    }

    /// `texts` with this mutation.
    ///
    /// # Errors
    /// When what it replaces is not there exactly once: the code has moved on.
    fn apply(&self, texts: &Texts) -> Result<Texts> {
        let mut texts = texts.clone();
        for edit in self.edits {
            let found = (texts.iter_mut()).find(|(path, _)| path.ends_with(edit.file));
            let (_, text) = found.with_context(|| format!("{} was not read", edit.file))?;
            let n_found = text.matches(edit.find).count();
            ensure!(
                n_found == 1,
                "{}: what it replaces is {n_found} times in {}",
                self.name,
                edit.file
            );
            *text = text.replace(edit.find, edit.replace);
        }
        Ok(texts)
    }
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_still_applies() {
        for mutation in MUTATIONS {
            let texts = mutation.files(&cargo::root()).unwrap();
            let mutated = mutation.apply(&texts).unwrap();
            assert_ne!(mutated, texts, "{}", mutation.name);
        }
    }

    #[test]
    fn every_promise_is_broken_by_some_mutation() {
        for promise in 1..=8 {
            assert!(
                MUTATIONS.iter().any(|mutation| mutation.promise == promise),
                "nothing breaks promise {promise}"
            );
        }
    }
}
