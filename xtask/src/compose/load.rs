//! Members who vote while something else is done.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};

/// A running `compose-check load`; it is ended when this is dropped.
pub(super) struct Load {
    child: Child,
    until: PathBuf,
    record: PathBuf,
}

impl Load {
    pub(super) fn start(
        check: &Path,
        url: &str,
        home: &Path,
        name: &str,
        voters: usize,
    ) -> Result<Self> {
        let until = home.join(format!("{name}.stop"));
        let record = home.join(format!("{name}.json"));
        for old in [&until, &record] {
            if old.exists() {
                fs::remove_file(old).context("cannot remove what an earlier run wrote")?;
            }
        }
        let child = Command::new(check)
            .args(["--url", url, "load"])
            .args(["--voters", &voters.to_string()])
            .arg("--until")
            .arg(&until)
            .arg("--record")
            .arg(&record)
            .spawn()
            .with_context(|| format!("cannot run {}", check.display()))?;
        Ok(Self {
            child,
            until,
            record,
        })
    }

    /// Lets members end what they have begun; the file with what they were told.
    pub(super) fn stop(mut self) -> Result<PathBuf> {
        fs::write(&self.until, "").context("cannot tell voters to stop")?;
        let status = self.child.wait().context("cannot wait for voters")?;
        ensure!(status.success(), "voters ended with {status}");
        Ok(self.record.clone())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
