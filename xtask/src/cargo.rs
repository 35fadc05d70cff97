//! Calls to cargo, and where things lie in the workspace.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The profile that programs are built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Builds in a third of the time; what tests use.
    Dev,
    /// Optimised.
    Release,
    /// Optimised, with the checks of a debug build: what runs for long under faults.
    Chaos,
}

impl Profile {
    /// `release` when asked for, else `dev`.
    pub(crate) fn from_flag(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
            Self::Chaos => "chaos",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release | Self::Chaos => self.name(),
        }
    }
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// `cargo` with `args`, to be run at the workspace's root.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}

/// Builds the program of each of `packages` and returns the folder they lie in.
///
/// # Errors
/// When a build fails; cargo has said why.
pub(crate) fn build(packages: &[&str], profile: Profile) -> Result<PathBuf> {
    let mut command = cargo(&["build"]);
    for package in packages {
        command.args(["--package", package, "--bin", package]);
    }
    run(command.args(["--profile", profile.name()]))?;
    Ok(programs(profile))
}

/// What a run on real servers starts, beside the program that judges it.
const SERVICES: [&str; 4] = ["catalog", "vote-gateway", "vote-worker", "votectl"];

/// Builds `programs`, the services and `votectl` with `profile`, and returns the folder they
/// lie in.
///
/// # Errors
/// When the build fails; cargo has said why.
pub(crate) fn build_with_services(programs: &[&str], profile: Profile) -> Result<PathBuf> {
    run(&mut with_services(programs, profile))?;
    Ok(self::programs(profile))
}

/// The command that builds `programs`, the services and `votectl`.
pub(crate) fn with_services(programs: &[&str], profile: Profile) -> Command {
    // All packages decide on the features, so that dependencies are built once.
    let mut command = cargo(&["build", "--workspace", "--profile", profile.name()]);
    for program in SERVICES.iter().chain(programs) {
        command.args(["--bin", program]);
    }
    command
}

/// Builds every program and test of the workspace and returns the folder that
/// the programs lie in.
///
/// Always all at once: with some packages alone, or without tests, features come
/// out differently and most dependencies would be built once more.
///
/// # Errors
/// When the build fails; cargo has said why.
pub(crate) fn build_all() -> Result<PathBuf> {
    let all = ["build", "--workspace", "--bins", "--examples", "--tests"];
    run(&mut cargo(&all))?;
    Ok(programs(Profile::Dev))
}

fn programs(profile: Profile) -> PathBuf {
    target().join(profile.folder())
}

/// The folder of what is built.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Runs `command` with its output shown.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    ensure!(status.success(), "`{shown}` ended with {status}");
    Ok(())
}

/// Whether `command` succeeds; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    command.get_args().fold(name.into_owned(), |line, arg| {
        format!("{line} {}", arg.to_string_lossy())
    })
}
