//! The database that is verified.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bootstrap::ConfigFile;
use vote_store::{MysqlSettings, Store};

/// The name of the SQLite file in the folder of the embedded mode.
const FILE: &str = "tally.db";

/// The port that a service would listen on; settings want one.
const NO_PORT: u16 = 1;

/// The server that the settings of the services name.
///
/// # Errors
/// When they are wrong, or name none.
pub(super) fn server(config: ConfigFile) -> Result<Store> {
    let settings = config.load(NO_PORT)?;
    let mysql = MysqlSettings::from_settings(&settings.mysql)
        .context("give the services' settings, or --data-dir for the embedded mode")?;
    Ok(Store::mysql(&mysql)?)
}

/// The SQLite file of the embedded mode in `folder`, opened for reading alone.
///
/// # Errors
/// When there is none.
pub(super) async fn embedded(folder: &Path) -> Result<Store> {
    let file = folder.join(FILE);
    ensure!(
        file.is_file(),
        "{} is no folder of the embedded mode: it holds no {FILE}",
        folder.display()
    );
    let file = std::path::absolute(file)?;
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
