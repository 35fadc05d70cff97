//! Small disks for servers, which can be filled.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// The folders of servers below a stack's, and how large each disk is: room for the data
/// of an hour, and for what a broker and a database take at once when they start.
const DISKS: [(&str, &str); 3] = [("mariadb", "3G"), ("rabbitmq", "2G"), ("redis", "1G")];

/// File systems in memory, one for each server; they go when this is dropped, or with the
/// mount namespace.
#[derive(Debug)]
pub(crate) struct SmallDisks {
    mounted: Vec<PathBuf>,
    folder: TempDir,
}

impl SmallDisks {
    /// Mounts them.
    ///
    /// # Errors
    /// When this user may not.
    pub(crate) fn mount() -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut disks = Self {
            mounted: Vec::new(),
            folder,
        };
        for (name, size) in DISKS {
            let path = disks.folder.path().join(name);
            std::fs::create_dir(&path)?;
            let mounting = Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
                .arg(&path)
                .status();
            let done = mounting.context("cannot run mount")?;
            ensure!(done.success(), "cannot mount a small disk: {done}");
            disks.mounted.push(path);
        }
        Ok(disks)
    }

    /// The folder with a disk for each server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisks {
    fn drop(&mut self) {
        for path in &self.mounted {
            // Lazily: what runs there still has a moment to end.
            let _ = Command::new("umount").arg("--lazy").arg(path).status();
        }
    }
}
