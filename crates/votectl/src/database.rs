//! The database that a command works on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bootstrap::{ConfigFile, Settings};
use clap::Args;
use vote_store::{MysqlSettings, Store};

/// The name of the SQLite file in the folder of the embedded mode.
const FILE: &str = "tally.db";

/// The port that a service would listen on; settings want one.
const NO_PORT: u16 = 1;

/// The longest one snapshot may take: of a campaign, all its votes are read in one.
const SNAPSHOT_MAX: Duration = Duration::from_secs(4 * 60 * 60);

/// Where SQL is reached.
#[derive(Clone, Debug, Args)]
pub(crate) struct Database {
    /// The folder of the embedded mode, instead of a server
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

impl Database {
    /// Opens it for reading alone.
    ///
    /// # Errors
    /// When there is none, or the settings are wrong.
    pub(crate) async fn reader(&self) -> Result<Store> {
        match &self.data_dir {
            Some(folder) => embedded(folder).await,
            None => self.server(),
        }
    }

    /// Opens it for writing, too.
    ///
    /// # Errors
    /// When there is none, or the settings are wrong.
    pub(crate) async fn writer(&self) -> Result<Store> {
        match &self.data_dir {
            Some(folder) => {
                let file = file_in(folder)?;
                let store = Store::sqlite(&file).await;
                store.with_context(|| format!("cannot open {}", file.display()))
            }
            None => self.server(),
        }
    }

    /// All settings; the defaults where nothing is set.
    ///
    /// # Errors
    /// When they are wrong.
    pub(crate) fn settings(&self) -> Result<Settings> {
        Ok(self.config.clone().load(NO_PORT)?)
    }

    /// The server that the settings of the services name.
    fn server(&self) -> Result<Store> {
        let settings = self.settings()?;
        let mut mysql = MysqlSettings::from_settings(&settings.mysql)
            .context("give the services' settings, or --data-dir for the embedded mode")?;
        mysql.call_timeout = SNAPSHOT_MAX;
        Ok(Store::mysql(&mysql)?)
    }
}

/// The SQLite file in `folder`.
fn file_in(folder: &Path) -> Result<PathBuf> {
    let file = folder.join(FILE);
    ensure!(
        file.is_file(),
        "{} is no folder of the embedded mode: it holds no {FILE}",
        folder.display()
    );
    Ok(std::path::absolute(file)?)
}

/// The SQLite file of the embedded mode in `folder`, opened for reading alone.
///
/// # Errors
/// When there is none.
async fn embedded(folder: &Path) -> Result<Store> {
    let file = file_in(folder)?;
    let uri = uri(file.to_str().context("an odd path")?);
    Store::sqlite(uri)
        .await
        .with_context(|| format!("cannot read {}", file.display()))
}

/// How SQLite is told to open `path` for reading alone.
fn uri(path: &str) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                uri.push(byte.into());
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?mode=ro");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_of_a_path_is_taken_for_the_uris_own() {
        assert_eq!(
            uri("/a b/ü?#%.db"),
            "file:///a%20b/%C3%BC%3F%23%25.db?mode=ro"
        );
    }

    #[tokio::test]
    async fn a_database_is_read_and_not_written_or_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(embedded(folder.path()).await.is_err());
        let odd = folder.path().join("odd ?#%");
        std::fs::create_dir(&odd).unwrap();
        let owner = Store::sqlite(odd.join(FILE)).await.unwrap();
        owner.migrate().await.unwrap();
        let reader = embedded(&odd).await.unwrap();
        let campaign = vote_domain::CampaignId(uuid::Uuid::nil());
        assert!(reader.frozen_result(campaign).await.unwrap().is_none());
        assert!(
            reader
                .release_closing_lease(campaign, uuid::Uuid::nil())
                .await
                .is_err()
        );
        // Also when nobody has it open.
        drop((owner, reader));
        let reader = embedded(&odd).await.unwrap();
        assert!(reader.frozen_result(campaign).await.unwrap().is_none());
    }
}
