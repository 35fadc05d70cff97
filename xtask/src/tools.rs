//! Cargo's own tools that the checks need.

use anyhow::{Context, Result};

use crate::cargo::{cargo, run, succeeds};

/// Makes sure that `cargo nextest` is installed.
///
/// # Errors
/// When it is missing and cannot be built.
pub(crate) fn require_nextest() -> Result<()> {
    require("nextest", "cargo-nextest", "0.9.143")
}

/// Makes sure that `cargo deny` is installed.
///
/// # Errors
/// When it is missing and cannot be built.
pub(crate) fn require_deny() -> Result<()> {
    require("deny", "cargo-deny", "0.20.2")
}

fn require(subcommand: &str, package: &str, version: &str) -> Result<()> {
    if succeeds(&mut cargo(&[subcommand, "--version"])) {
        return Ok(());
    }
    println!("installing {package} {version} …");
    // Unoptimised, it builds in a quarter of the time and is fast enough.
    run(
        cargo(&["install", "--locked", "--version", version, package])
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS"),
    )
    .with_context(|| format!("cannot install {package}"))
}
