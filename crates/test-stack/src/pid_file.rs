//! Processes that outlive the program that started them, found by pid file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// A file that names a process which runs below the same folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PidFile {
    path: PathBuf,
    pid: u32,
}

impl PidFile {
    /// The processes that run from `folder`, by name; stale files are passed over.
    ///
    /// # Errors
    /// When the folder exists and cannot be read.
    pub fn running_in(folder: &Path) -> Result<Vec<Self>> {
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let folder = fs::canonicalize(folder)
            .with_context(|| format!("cannot resolve {}", folder.display()))?;
        let mut found = Vec::new();
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry.context("cannot read a folder entry")?.path();
            if path.extension().is_some_and(|extension| extension == "pid") {
                found.extend(Self::read(path));
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// The process's name: that of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("process")
    }

    /// The process's pid.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks the process to end and waits for `limit` at most; then the file goes.
    ///
    /// Safe to repeat.
    ///
    /// # Errors
    /// When it did not end within `limit`; it was killed then.
    pub async fn terminate(&self, limit: Duration) -> Result<()> {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
        let asked_at = Instant::now();
        while asked_at.elapsed() < limit {
            if !self.runs() {
                let _ = fs::remove_file(&self.path);
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.signal(Signal::KILL);
        let _ = fs::remove_file(&self.path);
        bail!(
            "{} did not end within {limit:?}, so it was killed",
            self.name()
        )
    }

    fn read(path: PathBuf) -> Option<Self> {
        let pid = fs::read_to_string(&path).ok()?.trim().parse().ok()?;
        let file = Self { path, pid };
        file.runs().then_some(file)
    }

    /// Whether the pid is still the process that the file was written for.
    ///
    /// Its working directory lies beside the file; a process that got the same
    /// pid later, or a zombie, has another one or none.
    fn runs(&self) -> bool {
        let Ok(working_dir) = fs::read_link(format!("/proc/{}/cwd", self.pid)) else {
            return false;
        };
        self.path
            .parent()
            .is_some_and(|folder| working_dir.starts_with(folder))
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.runs()) {
            // Fails only when the process ended a moment ago.
            let _ = kill_process(pid, signal);
        }
    }
}
