//! Members over whose votes workers panic: programs built with debug assertions read a
//! file that names them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::Mutex;
use tokio::time::sleep;
use uuid::Uuid;

/// Tells workers the file's name.
pub(crate) const FILE_VARIABLE: &str = "TALLY_PANIC_OVER_VOTERS";

/// Who may be picked, and who was.
#[derive(Debug)]
pub(crate) struct Panics {
    file: PathBuf,
    members: Vec<Uuid>,
    picked: Mutex<BTreeSet<Uuid>>,
}

impl Panics {
    /// Picks among `members`, by way of `file`.
    pub(crate) fn new(file: &Path, members: Vec<Uuid>) -> Self {
        Self {
            file: file.to_owned(),
            members,
            picked: Mutex::default(),
        }
    }

    /// Lets workers panic over the votes of one member for `away`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) async fn begin_and_end(&self, which: usize, away: Duration) -> Result<()> {
        let member = self.members[which % self.members.len()];
        self.picked.lock().await.insert(member);
        tokio::fs::write(&self.file, member.to_string())
            .await
            .context("cannot say over whom to panic")?;
        sleep(away).await;
        self.end().await
    }

    /// Lets workers settle everybody's votes.
    ///
    /// # Errors
    /// When the file cannot be emptied.
    pub(crate) async fn end(&self) -> Result<()> {
        tokio::fs::write(&self.file, "")
            .await
            .context("cannot end the panics")
    }

    /// Everybody who was picked.
    pub(crate) async fn picked(&self) -> BTreeSet<Uuid> {
        self.picked.lock().await.clone()
    }
}
