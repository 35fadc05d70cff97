//! Ends what this process started, should this process die without doing so.
//!
//! A destructor does not run when a test is killed, and `PR_SET_PDEATHSIG` fires
//! when the *thread* that spawned a child ends, which for a test is too early.
//! So a small shell waits on a pipe whose other end only this process holds: the
//! kernel closes it whatever this process dies of, and the shell then kills every
//! process whose pid file it was told of. It has its own process group, so that a
//! Ctrl-C on the terminal does not end it first.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// `$1` is a folder to remove at the end, or empty; the rest are pid files.
///
/// A pid is killed only while its working directory lies beside its pid file, so
/// a pid that the kernel gave to somebody else in the meantime is left alone.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
while read -r line; do
    [ "$line" = leave ] && exit 0
done
folder=$1; shift
for file in "$@"; do
    [ -r "$file" ] && read -r pid <"$file" || continue
    case $(readlink "/proc/$pid/cwd") in
        "${file%/*}"/*) kill -KILL "$pid" ;;
    esac
done
[ -n "$folder" ] || exit 0
for attempt in 1 2 3 4 5; do
    rm -rf -- "$folder" && exit 0
    sleep 0.2
done
"#;

/// What becomes of the folder once its processes are gone.
#[derive(Debug, Clone)]
pub(crate) enum Afterwards {
    /// Everything below the folder is deleted.
    Remove(PathBuf),
    /// The folder and what lies in it stay.
    Keep,
}

/// The shell that waits for this process to end.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Watches the processes that `pid_files` name, now or later.
    ///
    /// # Errors
    /// When `sh` cannot be started.
    pub(crate) fn guard(pid_files: &[&Path], afterwards: &Afterwards) -> Result<Self> {
        let folder = match afterwards {
            Afterwards::Remove(folder) => folder.as_path(),
            Afterwards::Keep => Path::new(""),
        };
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "tally-watchdog"])
            .arg(folder)
            .args(pid_files)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start the watchdog shell")?;
        Ok(Self { shell })
    }

    /// Lets the processes live on when this process ends.
    pub(crate) fn stand_down(mut self) {
        if let Some(pipe) = self.shell.stdin.as_mut() {
            // A shell that is gone already has nothing left to be told.
            let _ = pipe.write_all(b"leave\n");
        }
    }
}

impl Drop for Watchdog {
    /// Closes the pipe and waits until everything watched is gone.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Makes an empty folder that only a [`Watchdog`] will remove.
///
/// # Errors
/// When the folder cannot be made.
pub(crate) fn temporary_folder() -> Result<PathBuf> {
    let folder = tempfile::Builder::new()
        .prefix("tally-")
        .tempdir()
        .context("cannot make a temporary folder")?
        .keep();
    fs::canonicalize(&folder).with_context(|| format!("cannot resolve {}", folder.display()))
}
