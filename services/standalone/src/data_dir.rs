//! Where the data lie.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bootstrap::Secret;
use vote_domain::Ids;

/// The folder that holds everything.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The folder at `path`, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn at(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let path =
            fs::canonicalize(path).with_context(|| format!("cannot resolve {}", path.display()))?;
        Ok(Self(path))
    }

    /// Its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The SQLite file.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("tally.db")
    }

    /// The queue's file.
    pub(crate) fn queue(&self) -> PathBuf {
        self.0.join("votes.queue")
    }

    /// The secret that signs access tokens: drawn at the first start, then kept, so that
    /// a restart signs nobody out.
    pub(crate) fn signing_secret(&self, ids: &Ids) -> Result<Secret> {
        let path = self.0.join("signing.secret");
        let failed = || format!("cannot keep {}", path.display());
        if let Ok(secret) = fs::read_to_string(&path) {
            return Ok(Secret::new(secret));
        }
        let secret: String = ids
            .bytes::<32>()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(failed)?;
        file.write_all(secret.as_bytes()).with_context(failed)?;
        Ok(Secret::new(secret))
    }
}
