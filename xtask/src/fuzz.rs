//! `cargo xtask fuzz`: bytes that nobody meant, for what reads bytes from outside.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo;

/// The instrumentation that libFuzzer is guided by, on a stable compiler. Address checks
/// are left out: they need a nightly one, and Tally's own code has no unsafe block.
const FLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=4 --cfg fuzzing -Cdebug-assertions";

/// Makes up bytes for what reads bytes that anybody may send, guided by which code they
/// reach, and stops at the first that makes it panic.
///
/// Needs a C++ compiler. What was found stays in `fuzz/corpus/` for the next run; an input
/// that fails is put into `fuzz/artifacts/`, and repeats with
/// `cargo xtask fuzz <target> -- <file>`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to fuzz: a name in `fuzz/fuzz_targets/`; all of them, one after the other,
    /// without.
    target: Option<String>,
    /// How long each is fuzzed, in seconds; 0 runs the seeds only.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Handed to libFuzzer, for example a file to repeat.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds the targets and runs them.
///
/// # Errors
/// When the build fails, or a target found an input that it does not survive.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = targets()?;
    let chosen: Vec<&String> = match &arguments.target {
        Some(name) => all.iter().filter(|target| *target == name).collect(),
        None => all.iter().collect(),
    };
    if chosen.is_empty() {
        bail!(
            "there is no such target; these are there: {}",
            all.join(", ")
        );
    }
    let programs = build()?;
    let mut failed = Vec::new();
    for target in chosen {
        println!("\n── {target}");
        if let Err(error) = fuzz(&programs.join(target), target, arguments) {
            println!("error: {error:#}");
            failed.push(target.as_str());
        }
    }
    ensure!(failed.is_empty(), "found something: {}", failed.join(", "));
    Ok(())
}

fn folder() -> PathBuf {
    cargo::root().join("fuzz")
}

/// The names of all targets.
fn targets() -> Result<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(
                path.file_stem()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Builds all targets and returns the folder they lie in.
fn build() -> Result<PathBuf> {
    let host = host()?;
    // With `--target`, build scripts and macros are spared the instrumentation.
    cargo::run(
        cargo::cargo(&["build", "--release", "--target", &host])
            .current_dir(folder())
            .env("RUSTFLAGS", FLAGS)
            .env_remove("CARGO_TARGET_DIR"),
    )?;
    Ok(folder().join("target").join(host).join("release"))
}

/// The machine's own target triple.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

fn fuzz(program: &Path, target: &str, arguments: &Arguments) -> Result<()> {
    let corpus = folder().join("corpus").join(target);
    let artifacts = folder().join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let seeds = folder().join("seeds").join(target);
    let mut command = Command::new(program);
    command
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args([
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-max_len=4096",
            "-print_final_stats=1",
        ])
        .current_dir(folder());
    if !arguments.rest.is_empty() {
        command.args(&arguments.rest);
    } else if arguments.seconds == 0 {
        command.arg("-runs=0").arg(&seeds).arg(&corpus);
    } else {
        command
            .arg(format!("-max_total_time={}", arguments.seconds))
            .arg(&corpus)
            .arg(&seeds);
    }
    cargo::run(&mut command)
}
