//! Connections: pools for MySQL and MariaDB, one file for SQLite.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::SqliteConnection;
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, SimpleAsyncConnection};
use tokio::sync::{Mutex, MutexGuard};

use crate::StoreError;

/// The connection that the MySQL instance of the queries runs on.
pub(crate) type MysqlConn = AsyncMysqlConnection;
/// The connection that the SQLite instance of the queries runs on.
pub(crate) type SqliteConn = SyncConnectionWrapper<SqliteConnection>;

/// How to reach MySQL or MariaDB.
#[derive(Clone)]
pub struct MysqlSettings {
    /// `mysql://user:password@host:port/database`
    pub url: String,
    /// The most connections for reads, and again for writes.
    pub connections_max: usize,
    /// The longest wait for a connection, and for a new one to be made.
    pub connect_timeout: Duration,
    /// The longest a call may take, all its statements together.
    pub call_timeout: Duration,
}

impl fmt::Debug for MysqlSettings {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url: _,
            connections_max,
            connect_timeout,
            call_timeout,
        } = self;
        f.debug_struct("MysqlSettings")
            .field("connections_max", connections_max)
            .field("connect_timeout", connect_timeout)
            .field("call_timeout", call_timeout)
            .finish_non_exhaustive()
    }
}

impl MysqlSettings {
    /// The server at `url`, with the limits that suit a service.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections_max: 8,
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(20),
        }
    }

    /// The server that `mysql` names.
    ///
    /// # Errors
    /// [`bootstrap::SettingsError::Missing`] when there is no URL.
    pub fn from_settings(
        mysql: &bootstrap::settings::Mysql,
    ) -> Result<Self, bootstrap::SettingsError> {
        Ok(Self {
            connections_max: mysql.connections_max,
            connect_timeout: Duration::from_millis(mysql.connect_timeout_ms),
            ..Self::new(mysql.required_url()?.expose())
        })
    }
}

/// Session settings of every connection. MySQL and MariaDB both know these words.
///
/// Reads that take several statements see one moment (REPEATABLE READ); writes lock what
/// they decide on, and must see what was committed while they waited (READ COMMITTED).
const READS: &str = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
const WRITES: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
const STRICT: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,\
                      NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', \
                      SESSION lc_messages = 'en_US', \
                      SESSION innodb_lock_wait_timeout = 2, \
                      SESSION wait_timeout = 60";

/// A connection that rested longer is asked whether it still stands before it is used:
/// the server lets go of one that rests for a minute, so that a worker cut off in the
/// middle of a transaction locks its rows no longer than that.
const RESTED_LONG: Duration = Duration::from_secs(10);

/// A MySQL or MariaDB server.
pub(crate) struct MysqlBackend {
    reads: Pool<MysqlConn>,
    writes: Pool<MysqlConn>,
    connect_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) url: String,
}

impl MysqlBackend {
    pub(crate) fn new(settings: &MysqlSettings) -> Result<Self, StoreError> {
        Ok(Self {
            reads: pool(settings, READS)?,
            writes: pool(settings, WRITES)?,
            connect_timeout: settings.connect_timeout,
            call_timeout: settings.call_timeout,
            url: settings.url.clone(),
        })
    }

    pub(crate) async fn reader(&self) -> Result<MysqlLease, StoreError> {
        self.lease(&self.reads).await
    }

    pub(crate) async fn writer(&self) -> Result<MysqlLease, StoreError> {
        self.lease(&self.writes).await
    }

    async fn lease(&self, pool: &Pool<MysqlConn>) -> Result<MysqlLease, StoreError> {
        match tokio::time::timeout(self.connect_timeout, connection_of(pool)).await {
            Ok(Ok(connection)) => Ok(MysqlLease {
                connection: Some(connection),
                pool: pool.clone(),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StoreError::Unavailable("no connection in time".to_owned())),
        }
    }
}

/// A connection in use. Dropped before it is [finished](MysqlLease::finish), it is not
/// used again: nobody knows what it was doing.
pub(crate) struct MysqlLease {
    connection: Option<Object<MysqlConn>>,
    pool: Pool<MysqlConn>,
}

impl MysqlLease {
    pub(crate) fn connection(&mut self) -> Result<&mut MysqlConn, StoreError> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            None => Err(StoreError::Unavailable("no connection".to_owned())),
        }
    }

    /// Hands the connection back, unless `error` leaves its condition in doubt. Where the
    /// server is away, the others that rest are let go of too.
    pub(crate) fn finish(mut self, error: Option<&StoreError>) {
        match error {
            Some(StoreError::Unavailable(_)) => {
                self.pool.retain(|_, _| false);
            }
            Some(StoreError::TooSlow(_)) => {}
            _ => drop(self.connection.take()),
        }
    }
}

impl Drop for MysqlLease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

/// A connection that stands, as far as anyone can tell.
async fn connection_of(pool: &Pool<MysqlConn>) -> Result<Object<MysqlConn>, StoreError> {
    let connection = pool.get().await;
    connection.map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Whether a connection that rested in the pool still stands. (Once the pool has handed it
/// out, it no longer tells how long it rested.)
fn still_stands() -> Hook<MysqlConn> {
    Hook::async_fn(|connection: &mut MysqlConn, metrics| {
        Box::pin(async move {
            if metrics.last_used() < RESTED_LONG {
                return Ok(());
            }
            let asked = connection.batch_execute("DO 0").await;
            asked.map_err(|error| HookError::message(error.to_string()))
        })
    })
}

fn pool(settings: &MysqlSettings, isolation: &'static str) -> Result<Pool<MysqlConn>, StoreError> {
    let mut config = ManagerConfig::<MysqlConn>::default();
    // A dead connection is let go of when it fails, not asked after before each use.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |url| {
        Box::pin(async move {
            let mut connection = MysqlConn::establish(url).await?;
            for set in [STRICT, isolation] {
                connection
                    .batch_execute(set)
                    .await
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            }
            Ok(connection)
        })
    });
    let manager = AsyncDieselConnectionManager::new_with_config(&settings.url, config);
    Pool::builder(manager)
        .max_size(settings.connections_max)
        .pre_recycle(still_stands())
        .build()
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// An SQLite file: one connection that writes, and some that read beside it.
pub(crate) struct SqliteBackend {
    writer: Place,
    readers: Vec<Place>,
    next: AtomicUsize,
    pub(crate) path: PathBuf,
}

/// Where a connection rests; empty after one was given up.
type Place = Mutex<Option<SqliteConn>>;

/// Connections that read an SQLite file.
const SQLITE_READERS: usize = 4;

impl SqliteBackend {
    pub(crate) async fn open(path: PathBuf) -> Result<Self, StoreError> {
        let writer = Mutex::new(Some(connect_sqlite(&path).await?));
        let mut readers = Vec::new();
        for _ in 0..SQLITE_READERS {
            readers.push(Mutex::new(Some(connect_sqlite(&path).await?)));
        }
        Ok(Self {
            writer,
            readers,
            next: AtomicUsize::new(0),
            path,
        })
    }

    pub(crate) async fn reader(&self) -> Result<SqliteLease<'_>, StoreError> {
        let free = self.readers.iter().find_map(|place| place.try_lock().ok());
        let place = match free {
            Some(place) => place,
            None => {
                let turn = self.next.fetch_add(1, Ordering::Relaxed);
                self.readers[turn % self.readers.len()].lock().await
            }
        };
        self.lease(place).await
    }

    pub(crate) async fn writer(&self) -> Result<SqliteLease<'_>, StoreError> {
        self.lease(self.writer.lock().await).await
    }

    async fn lease<'s>(
        &self,
        mut place: MutexGuard<'s, Option<SqliteConn>>,
    ) -> Result<SqliteLease<'s>, StoreError> {
        let connection = match place.take() {
            Some(connection) => connection,
            None => connect_sqlite(&self.path).await?,
        };
        Ok(SqliteLease { place, connection })
    }
}

/// A connection in use. Dropped before it is [finished](SqliteLease::finish), it is
/// closed, which rolls back what it was doing.
pub(crate) struct SqliteLease<'s> {
    place: MutexGuard<'s, Option<SqliteConn>>,
    connection: SqliteConn,
}

impl SqliteLease<'_> {
    pub(crate) fn connection(&mut self) -> &mut SqliteConn {
        &mut self.connection
    }

    /// Puts the connection back to rest.
    pub(crate) fn finish(mut self) {
        *self.place = Some(self.connection);
    }
}

async fn connect_sqlite(path: &Path) -> Result<SqliteConn, StoreError> {
    let mut connection = SqliteConn::establish(&path.to_string_lossy()).await?;
    connection
        .batch_execute(
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;",
        )
        .await?;
    Ok(connection)
}
