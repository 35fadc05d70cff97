//! A root folder with current programs, made by `debootstrap`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::packages::{POLICY, POLICY_PATH, is_root, require_debootstrap};

/// Debian's unstable distribution: the newest that is packaged.
const SUITE: &str = "sid";

/// Says in the root which packages it was made with.
const MARK: &str = "tally-servers";

/// The root called `name` below `home`, which is made if it is not there, or was made with
/// other packages than `packages`.
///
/// Takes about 700 MB and, on a fast line, two minutes.
///
/// # Errors
/// When it cannot be made; what `debootstrap` said is in its log below `home`.
pub(crate) fn require(home: &Path, name: &str, packages: &[&str]) -> Result<PathBuf> {
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    let home =
        fs::canonicalize(home).with_context(|| format!("cannot resolve {}", home.display()))?;
    let lock = File::create(home.join("lock")).context("cannot write a lock file")?;
    lock.lock().context("cannot take the lock")?;
    let root = home.join(name);
    let mark = packages.join(" ");
    if fs::read_to_string(root.join(MARK)).is_ok_and(|made_with| made_with == mark) {
        println!("Current programs lie in {}.", root.display());
    } else {
        make(&home, &root, packages)?;
    }
    tell_versions(&root, packages);
    Ok(root)
}

fn make(home: &Path, root: &Path, packages: &[&str]) -> Result<()> {
    ensure!(
        is_root(),
        "only root can make a root folder with current programs: run this as root"
    );
    let merged = fs::symlink_metadata("/lib").is_ok_and(|lib| lib.is_symlink());
    ensure!(
        merged,
        "this system's /lib is not in /usr, so that another system's /usr cannot be laid over it"
    );
    require_debootstrap()?;
    // Made beside its place: a half-made one must not pass for a whole one.
    let partial = root.with_extension("partial");
    for old in [&partial, &root.to_owned()] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    println!(
        "Fetching current programs from Debian's {SUITE} into {}: about 700 MB, two minutes …",
        root.display()
    );
    forbid_services(&partial)?;
    debootstrap(&partial, packages, &home.join("debootstrap.log"))?;
    fs::write(partial.join("etc/hosts"), "127.0.0.1 localhost\n")
        .context("cannot write the root's hosts")?;
    remove_archives(&partial)?;
    fs::write(partial.join(MARK), packages.join(" ")).context("cannot mark the root as whole")?;
    fs::rename(&partial, root).context("cannot put the root into its place")
}

/// Before any package is in there.
fn forbid_services(root: &Path) -> Result<()> {
    let policy = root.join(POLICY_PATH.trim_start_matches('/'));
    fs::create_dir_all(policy.parent().unwrap_or(root))
        .and_then(|()| fs::write(&policy, POLICY))
        .and_then(|()| fs::set_permissions(&policy, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot write {}", policy.display()))
}

/// Runs `debootstrap` and prints a line for each of its phases.
///
/// What it mounts is in a namespace of its own, so that a run that is killed leaves
/// nothing mounted.
fn debootstrap(root: &Path, packages: &[&str], log_path: &Path) -> Result<()> {
    let mut log =
        File::create(log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
    let mut child = Command::new("unshare")
        .args(["--mount", "--", "debootstrap", "--variant=minbase"])
        .arg(format!("--include={}", packages.join(",")))
        .arg(SUITE)
        .arg(root)
        .args(mirror())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone().context("cannot share the log file")?)
        .spawn()
        .context("cannot run debootstrap")?;
    let lines = child.stdout.take().map(BufReader::new);
    let began_at = Instant::now();
    let mut phase = "";
    for line in lines.into_iter().flat_map(BufRead::lines) {
        let line = line.context("cannot read what debootstrap says")?;
        writeln!(log, "{line}").context("cannot write debootstrap's log")?;
        if let Some(next) = phase_of(&line).filter(|next| *next != phase) {
            println!(
                "   {:>4} s  {next} packages …",
                began_at.elapsed().as_secs()
            );
            phase = next;
        }
    }
    let status = child.wait().context("cannot wait for debootstrap")?;
    if !status.success() {
        let said = fs::read_to_string(log_path).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(15)..].join("\n");
        bail!(
            "debootstrap ended with {status}; its log is {}:\n{tail}",
            log_path.display()
        );
    }
    println!("   {:>4} s  done", began_at.elapsed().as_secs());
    Ok(())
}

/// What `debootstrap` does with one package after another, by a line of its output.
fn phase_of(line: &str) -> Option<&'static str> {
    match line.strip_prefix("I: ")?.split(' ').next()? {
        "Retrieving" | "Validating" => Some("fetching"),
        "Extracting" | "Unpacking" => Some("unpacking"),
        "Configuring" => Some("configuring"),
        _ => None,
    }
}

/// The Debian mirror this machine's apt is set up with; without one, `debootstrap` has its
/// own.
fn mirror() -> Option<String> {
    let output = Command::new("apt-get")
        .args(["indextargets", "--format", "$(LABEL) $(REPO_URI)"])
        .arg("Identifier: Packages")
        .output()
        .ok()?;
    let targets = String::from_utf8(output.stdout).ok()?;
    mirror_among(&targets).map(str::to_owned)
}

fn mirror_among(targets: &str) -> Option<&str> {
    targets
        .lines()
        .filter_map(|line| line.strip_prefix("Debian "))
        .find(|uri| uri.starts_with("http"))
}

/// The packages themselves are of no more use once unpacked.
fn remove_archives(root: &Path) -> Result<()> {
    for folder in ["var/cache/apt/archives", "var/lib/apt/lists"] {
        let folder = root.join(folder);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    Ok(())
}

/// Best effort: tests do not need to know.
fn tell_versions(root: &Path, packages: &[&str]) {
    let _ = Command::new("dpkg-query")
        .arg(format!(
            "--admindir={}",
            root.join("var/lib/dpkg").display()
        ))
        .args(["--show", "--showformat=   ${Package} ${Version}\n"])
        .args(packages)
        .status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_debians_own_and_not_that_of_security_fixes() {
        let targets = "Debian-Security http://fixes/\nnodistro http://other/\n\
                       Debian http://mirror/debian/\nDebian http://second/\n";
        assert_eq!(mirror_among(targets), Some("http://mirror/debian/"));
        assert_eq!(mirror_among("Ubuntu http://mirror/\n"), None);
    }

    #[test]
    fn only_what_is_done_to_packages_is_a_phase() {
        assert_eq!(phase_of("I: Retrieving libc6 2.43-1"), Some("fetching"));
        assert_eq!(phase_of("I: Base system installed successfully."), None);
        assert_eq!(phase_of("W: Retrieving"), None);
    }
}
