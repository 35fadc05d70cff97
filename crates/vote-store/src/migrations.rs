//! Brings the schema up to date.

use std::path::PathBuf;

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::{Connection, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::StoreError;
use crate::backend::MysqlConn;

const MYSQL: EmbeddedMigrations = embed_migrations!("migrations/mysql");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Seconds to wait while another process migrates.
const LOCK_WAIT_S: u32 = 120;

pub(crate) async fn mysql(url: String) -> Result<(), StoreError> {
    let mut connection = MysqlConn::establish(&url).await?;
    // DDL commits by itself, so a named lock keeps two processes apart; the server lets
    // go of it with the connection. The name is per database.
    connection
        .batch_execute(&format!(
            "DO GET_LOCK(CONCAT('tally.migrate.', DATABASE()), {LOCK_WAIT_S})"
        ))
        .await?;
    in_background(move || {
        let mut harness = AsyncMigrationHarness::new(connection);
        run(&mut harness, MYSQL)
    })
    .await
}

pub(crate) async fn sqlite(path: PathBuf) -> Result<(), StoreError> {
    in_background(move || {
        let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
        run(&mut connection, SQLITE)
    })
    .await
}

async fn in_background(
    migrate: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
) -> Result<(), StoreError> {
    match tokio::task::spawn_blocking(migrate).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Refused(error.to_string())),
    }
}

fn run<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<(), StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let versions = harness
        .run_pending_migrations(migrations)
        .map_err(|error| StoreError::Refused(error.to_string()))?;
    if !versions.is_empty() {
        let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
        tracing::info!(?versions, "schema migrated");
    }
    Ok(())
}
