//! The store, and how its calls run: on a connection of the right kind, within a time
//! limit, in a transaction where they need one.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::StoreError;
use crate::backend::{MysqlBackend, MysqlSettings, SqliteBackend};
use crate::migrations;

/// Everything in SQL. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Backend,
}

#[derive(Clone)]
pub(crate) enum Backend {
    Mysql(Arc<MysqlBackend>),
    Sqlite(Arc<SqliteBackend>),
}

impl Store {
    /// The MySQL or MariaDB server that `settings` name. Connects when first used.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the settings cannot be used at all.
    pub fn mysql(settings: &MysqlSettings) -> Result<Self, StoreError> {
        let backend = Backend::Mysql(Arc::new(MysqlBackend::new(settings)?));
        Ok(Self { backend })
    }

    /// The SQLite file at `path`, made if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the file cannot be opened.
    pub async fn sqlite(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let backend = Backend::Sqlite(Arc::new(SqliteBackend::open(path.into()).await?));
        Ok(Self { backend })
    }

    /// Brings the schema up to date; safe to call from several processes at once.
    ///
    /// # Errors
    /// [`StoreError`]; migrations that went through stay.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Mysql(mysql) => migrations::mysql(mysql.url.clone()).await,
            Backend::Sqlite(sqlite) => migrations::sqlite(sqlite.path.clone()).await,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.backend {
            Backend::Mysql(_) => "Store::mysql",
            Backend::Sqlite(_) => "Store::sqlite",
        })
    }
}

/// How often a write is tried while other transactions are in its way.
pub(crate) const WRITE_TRIES: u32 = 8;

/// The wait before try `n` of a write, in which the others finish.
pub(crate) async fn make_way(n: u32) {
    tokio::time::sleep(Duration::from_millis(5 << n.min(6))).await;
}

/// Runs `call`, no longer than `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::TooSlow(format!("no answer within {limit:?}"))),
    }
}

/// Runs a query function that reads with one statement.
macro_rules! read {
    ($store:expr, $module:ident::$function:ident($($argument:expr),* $(,)?)) => {
        match &$store.backend {
            $crate::run::Backend::Mysql(backend) => {
                let mut lease = backend.reader().await?;
                let call = $crate::mysql::$module::$function(lease.connection()?, $($argument),*);
                let result = $crate::run::within(backend.call_timeout, call).await;
                lease.finish(result.as_ref().err());
                result
            }
            $crate::run::Backend::Sqlite(backend) => {
                let mut lease = backend.reader().await?;
                let result =
                    $crate::sqlite::$module::$function(lease.connection(), $($argument),*).await;
                lease.finish();
                result
            }
        }
    };
}

/// Runs a query function that reads with several statements, all of which see the same
/// moment.
macro_rules! read_snapshot {
    ($store:expr, $module:ident::$function:ident($($argument:expr),* $(,)?)) => {
        match &$store.backend {
            $crate::run::Backend::Mysql(backend) => {
                use diesel_async::AsyncConnection as _;
                let mut lease = backend.reader().await?;
                let call = lease.connection()?.transaction(async |connection| {
                    $crate::mysql::$module::$function(connection, $($argument),*).await
                });
                let result = $crate::run::within(backend.call_timeout, call).await;
                lease.finish(result.as_ref().err());
                result
            }
            $crate::run::Backend::Sqlite(backend) => {
                use diesel_async::AsyncConnection as _;
                let mut lease = backend.reader().await?;
                let result = lease.connection().transaction(async |connection| {
                    $crate::sqlite::$module::$function(connection, $($argument),*).await
                }).await;
                lease.finish();
                result
            }
        }
    };
}

/// Runs a query function in a transaction that writes, once; [`StoreError::Contention`]
/// is the caller's to retry.
macro_rules! write_once {
    ($store:expr, $module:ident::$function:ident($($argument:expr),* $(,)?)) => {
        match &$store.backend {
            $crate::run::Backend::Mysql(backend) => {
                use diesel_async::AsyncConnection as _;
                let mut lease = backend.writer().await?;
                let call = lease.connection()?.transaction(async |connection| {
                    $crate::mysql::$module::$function(connection, $($argument),*).await
                });
                let result = $crate::run::within(backend.call_timeout, call).await;
                lease.finish(result.as_ref().err());
                result
            }
            $crate::run::Backend::Sqlite(backend) => {
                let mut lease = backend.writer().await?;
                let result = lease.connection().immediate_transaction(async |connection| {
                    $crate::sqlite::$module::$function(connection, $($argument),*).await
                }).await;
                lease.finish();
                result
            }
        }
    };
}

/// Runs a query function in a transaction that writes, again while others are in its way.
macro_rules! write {
    ($store:expr, $module:ident::$function:ident($($argument:expr),* $(,)?)) => {{
        let mut n_tries = 0;
        loop {
            let result: Result<_, $crate::StoreError> = async {
                $crate::run::write_once!($store, $module::$function($($argument),*))
            }.await;
            n_tries += 1;
            match result {
                Err($crate::StoreError::Contention(_)) if n_tries < $crate::run::WRITE_TRIES => {
                    $crate::run::make_way(n_tries).await;
                }
                result => break result,
            }
        }
    }};
}

pub(crate) use {read, read_snapshot, write, write_once};
