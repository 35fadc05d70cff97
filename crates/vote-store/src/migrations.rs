//! Brings the schema up to date, and says how far it is.

use std::path::PathBuf;

use diesel::backend::Backend as DieselBackend;
use diesel::migration::MigrationSource;
use diesel::mysql::Mysql;
use diesel::sqlite::Sqlite;
use diesel::{Connection, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::backend::{MysqlConn, SqliteConn};
use crate::run::Backend;
use crate::{Store, StoreError};

const MYSQL: EmbeddedMigrations = embed_migrations!("migrations/mysql");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Which migrations a schema has, and which it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaVersion {
    /// Those that were carried out, in their order.
    pub applied: Vec<String>,
    /// Those that this program knows and the schema lacks, in their order.
    pub pending: Vec<String>,
}

impl SchemaVersion {
    /// The last migration that was carried out.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.applied.last().map(String::as_str)
    }
}

impl Store {
    /// Reads which migrations the schema has. Nothing is written: not even where there is
    /// no schema at all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn schema_version(&self) -> Result<SchemaVersion, StoreError> {
        let (applied, known) = match &self.backend {
            Backend::Mysql(backend) => {
                let mut lease = backend.reader().await?;
                let applied = applied_mysql(lease.connection()?).await;
                lease.finish(applied.as_ref().err());
                (applied?, names::<Mysql>(&MYSQL)?)
            }
            Backend::Sqlite(backend) => {
                let mut lease = backend.reader().await?;
                let applied = applied_sqlite(lease.connection()).await;
                lease.finish();
                (applied?, names::<Sqlite>(&SQLITE)?)
            }
        };
        // Versions are kept without what follows the number in a migration's name.
        let is_applied = |name: &str| applied.iter().any(|version| number(name) == *version);
        let (applied_names, pending) = known.into_iter().partition(|name| is_applied(name));
        Ok(SchemaVersion {
            applied: applied_names,
            pending,
        })
    }
}

/// The version that a migration's name begins with, as the schema keeps it.
fn number(name: &str) -> String {
    let version = name.split('_').next().unwrap_or_default();
    version.replace('-', "")
}

/// The migrations that this program knows.
fn names<DB: DieselBackend>(migrations: &EmbeddedMigrations) -> Result<Vec<String>, StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known = MigrationSource::<DB>::migrations(migrations)
        .map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut names: Vec<String> = known.iter().map(|one| one.name().to_string()).collect();
    names.sort_unstable();
    Ok(names)
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

#[derive(diesel::QueryableByName)]
struct Tables {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

const APPLIED: &str = "SELECT version FROM __diesel_schema_migrations ORDER BY version";
const TABLES_MYSQL: &str = "SELECT COUNT(*) AS n FROM information_schema.tables \
                            WHERE table_schema = DATABASE() \
                            AND table_name = '__diesel_schema_migrations'";
const TABLES_SQLITE: &str = "SELECT COUNT(*) AS n FROM sqlite_master \
                             WHERE type = 'table' AND name = '__diesel_schema_migrations'";

macro_rules! applied {
    ($name:ident, $connection:ty, $tables:expr) => {
        async fn $name(connection: &mut $connection) -> Result<Vec<String>, StoreError> {
            let tables: Tables = diesel::sql_query($tables).get_result(connection).await?;
            if tables.n == 0 {
                return Ok(Vec::new());
            }
            let applied: Vec<Version> = diesel::sql_query(APPLIED).load(connection).await?;
            Ok(applied.into_iter().map(|row| row.version).collect())
        }
    };
}

applied!(applied_mysql, MysqlConn, TABLES_MYSQL);
applied!(applied_sqlite, SqliteConn, TABLES_SQLITE);

/// Seconds to wait while another process migrates.
const LOCK_WAIT_S: u32 = 120;

pub(crate) async fn mysql(url: String) -> Result<(), StoreError> {
    let mut connection = MysqlConn::establish(&url).await?;
    // DDL commits by itself, so a named lock keeps two processes apart; the server lets
    // go of it with the connection. The name is per database; MySQL takes 64 characters of
    // it, as many as a database's own name may have.
    connection
        .batch_execute(&format!(
            "DO GET_LOCK(CONCAT('tally.migrate.', LEFT(SHA2(DATABASE(), 256), 32)), {LOCK_WAIT_S})"
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

fn run<DB: DieselBackend>(
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
