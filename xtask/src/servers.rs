//! Current servers, from Debian's unstable distribution, beside the installed ones.
//!
//! `debootstrap` makes a root folder once; small scripts then run its programs in place of
//! themselves, with the root's `/usr` and `/etc` laid over the machine's in a mount
//! namespace of their own. All other paths stay what they are, and the process that was
//! started is the server itself: signals, pids and working directories are as always.

pub(crate) mod root;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// MySQL without the package that would make a database and a service of it.
const PACKAGES: [&str; 4] = [
    "mysql-server-core",
    "mysql-client",
    "rabbitmq-server",
    "redis-server",
];

/// What the tests start, and where it lies in the root.
const PROGRAMS: [&str; 6] = [
    "/usr/sbin/mysqld",
    "/usr/bin/mysql",
    "/usr/bin/epmd",
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/lib/rabbitmq/bin/rabbitmqctl",
    "/usr/bin/redis-server",
];

/// The folder with the programs of current servers, which are fetched if need be.
///
/// Safe to repeat: what is there is used again. `target/servers` may be removed, to have
/// newer ones the next time.
///
/// # Errors
/// When they cannot be fetched, or this machine lets nobody make a mount namespace.
pub(crate) fn require_current() -> Result<PathBuf> {
    let home = cargo::target().join("servers");
    let root = root::require(&home, "sid", &PACKAGES)?;
    let bin = home.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot make {}", bin.display()))?;
    for program in PROGRAMS {
        write_script(&bin, &root, Path::new(program))?;
    }
    let tried = Command::new(bin.join("redis-server"))
        .arg("--version")
        .output();
    let tried = tried.context("cannot run the server's script")?;
    ensure!(
        tried.status.success(),
        "programs of {} cannot be run here, which takes a right to mount (CAP_SYS_ADMIN): {}",
        root.display(),
        String::from_utf8_lossy(&tried.stderr).trim()
    );
    Ok(bin)
}

fn write_script(bin: &Path, root: &Path, program: &Path) -> Result<()> {
    let name = program.file_name().context("a program without a name")?;
    let script = bin.join(name);
    fs::write(&script, script_text(root, program))
        .and_then(|()| fs::set_permissions(&script, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot write {}", script.display()))
}

/// What lays the root `$0` over the machine, and becomes a program of it with its arguments; to
/// be run by a shell in a mount namespace of its own.
pub(crate) const BECOME: &str =
    r#"mount --bind "$0/etc" /etc && mount --bind "$0/usr" /usr && exec "$@""#;

/// Becomes `program` of `root`.
fn script_text(root: &Path, program: &Path) -> String {
    let (root, program) = (quoted(root), program.display());
    format!(
        r#"#!/bin/sh
# Written by `cargo xtask`.
exec unshare --mount -- /bin/sh -c '{BECOME}' {root} {program} "$@"
"#
    )
}

/// `path` as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_any_name_is_one_word() {
        let word = quoted(Path::new("/a b/it's"));
        let told = Command::new("sh")
            .args(["-c", &format!("printf %s {word}")])
            .output()
            .unwrap();
        assert_eq!(told.stdout, b"/a b/it's");
    }
}
