//! Debian packages: the servers that tests start, what sets clocks wrong, what makes a root
//! of newer servers, and Python for schemathesis.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{run, succeeds};

/// Debian packages, and a program that each of them brings.
const SERVERS: [(&str, &str); 4] = [
    ("faketime", "faketime"),
    ("mariadb-server", "mariadbd"),
    ("rabbitmq-server", "rabbitmq-server"),
    ("redis-server", "redis-server"),
];

/// Tells package scripts not to start what they install.
pub(crate) const POLICY_PATH: &str = "/usr/sbin/policy-rc.d";
/// What stands there: nothing may be started.
pub(crate) const POLICY: &str =
    "#!/bin/sh\n# Put here by `cargo xtask` while it installs packages.\nexit 101\n";

/// Makes sure that the servers are installed, if need be by apt-get.
///
/// # Errors
/// When some are missing and this user may not install them; the message says
/// what to run.
pub(crate) fn require_servers() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
}

/// Makes sure that Python can make virtual environments, if need be by apt-get.
///
/// # Errors
/// As [`require_servers`].
pub(crate) fn require_python() -> Result<()> {
    // Debian leaves this module out of its python3.
    if succeeds(Command::new("python3").args(["-c", "import ensurepip"])) {
        return Ok(());
    }
    install(&["python3-venv"])
}

/// Makes sure that Node.js and npm are there, of whatever version, if need be by apt-get.
///
/// # Errors
/// As [`require_servers`].
pub(crate) fn require_node() -> Result<()> {
    if is_installed("node") && is_installed("npm") {
        return Ok(());
    }
    install(&["nodejs", "npm"])
}

/// Makes sure that Chromium is installed, if need be by apt-get, and returns its program.
///
/// # Errors
/// As [`require_servers`].
pub(crate) fn require_browser() -> Result<PathBuf> {
    let find = || {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        names.into_iter().find_map(find_program)
    };
    if let Some(program) = find() {
        return Ok(program);
    }
    install(&["chromium"])?;
    find().context("chromium was installed, but there is no such program")
}

/// Makes sure that `debootstrap` is installed, if need be by apt-get.
///
/// # Errors
/// As [`require_servers`].
pub(crate) fn require_debootstrap() -> Result<()> {
    if is_installed("debootstrap") {
        return Ok(());
    }
    install(&["debootstrap", "debian-archive-keyring"])
}

fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("these packages are missing; install them the way of this system: {list}");
    }
    if !is_root() {
        bail!(
            "these packages are missing; install them:\n    sudo apt-get install --no-install-recommends {list}"
        );
    }
    println!("installing {list} …");
    let _policy = Policy::put()?;
    run(apt_get().arg("update")).context("cannot refresh the package lists")?;
    run(apt_get()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
    .with_context(|| format!("cannot install {list}"))
}

fn missing() -> Vec<&'static str> {
    SERVERS
        .into_iter()
        .filter(|(_, program)| !is_installed(program))
        .map(|(package, _)| package)
        .collect()
}

fn is_installed(program: &str) -> bool {
    find_program(program).is_some()
}

fn find_program(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
}

/// Whether this user may install packages.
pub(crate) fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Keeps newly installed servers from being started, until dropped.
struct Policy {
    ours: bool,
}

impl Policy {
    /// Leaves a policy alone that somebody else put there.
    fn put() -> Result<Self> {
        let path = Path::new(POLICY_PATH);
        // One of ours was left behind if an earlier run was killed.
        let ours = fs::read_to_string(path).map_or(true, |text| text == POLICY);
        if ours {
            fs::write(path, POLICY)
                .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
                .with_context(|| format!("cannot write {POLICY_PATH}"))?;
        }
        Ok(Self { ours })
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(POLICY_PATH);
        }
    }
}
