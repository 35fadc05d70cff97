//! `cargo xtask api-check`: schemathesis tries every route against its description.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::packages::require_python;

/// Where the pinned versions of schemathesis and all it needs stand.
const REQUIREMENTS: &str = "tests/schemathesis/requirements.txt";

/// Lets schemathesis try every route of Tally in one process against its description:
/// nothing may answer 5xx, with a status, a content type or a body that is not described.
///
/// Schemathesis is installed into a folder below `target` when it is missing; Python 3.10
/// or later must be there.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many requests are made up for each route, at most, each time.
    #[arg(long, default_value_t = 8)]
    examples: u32,
    /// Decides what is made up.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shows all that schemathesis says, not only of what failed.
    #[arg(long)]
    verbose: bool,
}

impl Arguments {
    /// What `cargo xtask test` runs: two minutes or so.
    pub(crate) fn of_tests() -> Self {
        Self {
            examples: 8,
            seed: 1,
            verbose: false,
        }
    }
}

/// Builds Tally, installs schemathesis if need be, and runs the check.
///
/// # Errors
/// When a build fails, schemathesis cannot be installed, or found something.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = require()?;
    let api_check = cargo::build_all()?.join("api-check");
    let mut command = Command::new(api_check);
    command
        .arg("--program")
        .arg(program)
        .args(["--examples", &arguments.examples.to_string()])
        .args(["--seed", &arguments.seed.to_string()])
        .current_dir(cargo::root());
    if arguments.verbose {
        command.arg("--verbose");
    }
    cargo::run(&mut command)
}

/// Makes sure that the pinned schemathesis is installed, and returns its program.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn require() -> Result<PathBuf> {
    let folder = cargo::root().join("target/tools/schemathesis");
    let requirements = cargo::root().join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let program = folder.join("bin/st");
    // Written last, so that what was half installed is installed again.
    let note = folder.join("installed.txt");
    if program.is_file() && std::fs::read_to_string(&note).is_ok_and(|text| text == wanted) {
        return Ok(program);
    }
    require_python()?;
    println!("installing schemathesis …");
    cargo::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )
    .context("cannot make a folder for Python packages")?;
    cargo::run(
        Command::new(folder.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(&requirements),
    )
    .context("cannot install schemathesis")?;
    if !program.is_file() {
        bail!(
            "schemathesis was installed, but there is no {}",
            program.display()
        );
    }
    std::fs::write(&note, wanted).with_context(|| format!("cannot write {}", note.display()))?;
    Ok(program)
}
