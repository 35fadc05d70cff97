//! Where the data lie.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
        self.kept("signing.secret", || hex(ids.bytes::<32>()))
    }

    /// The key that seals partners' secrets: drawn at the first start, then kept, or
    /// nobody could open them again.
    pub(crate) fn partner_secret_key(&self, ids: &Ids) -> Result<Secret> {
        self.kept("partners.key", || STANDARD.encode(ids.bytes::<32>()))
    }

    /// The password of the admin to try operating with: drawn at the first start, then kept.
    ///
    /// # Errors
    /// Its file cannot be read or written.
    pub fn admin_password(&self, ids: &Ids) -> Result<Secret> {
        self.kept("admin.password", || hex(ids.bytes::<6>()))
    }

    /// The text in the file called `name`; `draw` makes it if it is not there.
    fn kept(&self, name: &str, draw: impl FnOnce() -> String) -> Result<Secret> {
        let path = self.0.join(name);
        let failed = || format!("cannot keep {}", path.display());
        match fs::read_to_string(&path) {
            Ok(secret) => return Ok(Secret::new(secret)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(failed),
        }
        // Under another name first: a crash leaves the whole secret or none.
        let draft = path.with_added_extension("new");
        let secret = draw();
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .with_context(failed)?;
        file.write_all(secret.as_bytes()).with_context(failed)?;
        file.sync_all().with_context(failed)?;
        fs::rename(&draft, &path).with_context(failed)?;
        Ok(Secret::new(secret))
    }
}

fn hex<const N: usize>(bytes: [u8; N]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_drawn_once_and_is_for_its_owner_alone() -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let data = DataDir::at(folder.path())?;
        let ids = Ids::random();
        let (signing, sealing) = (data.signing_secret(&ids)?, data.partner_secret_key(&ids)?);
        assert_eq!(data.signing_secret(&ids)?, signing);
        assert_eq!(data.partner_secret_key(&ids)?, sealing);
        assert_eq!(STANDARD.decode(sealing.expose())?.len(), 32);
        assert_eq!(data.admin_password(&ids)?, data.admin_password(&ids)?);
        for name in ["signing.secret", "partners.key", "admin.password"] {
            let mode = fs::metadata(folder.path().join(name))?.permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        Ok(())
    }
}
