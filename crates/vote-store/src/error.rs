//! What can go wrong, told apart by what the caller can do about it.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};

/// Why the store did not do what it was asked; nothing was written then, except that
/// after [`StoreError::Unavailable`] a commit may have gone through unseen. Everything
/// the store does may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQL cannot be reached, or takes no writes now: connection lost, disk full,
    /// read-only, too slow. Never the fault of what was to be written.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// Another transaction was in the way (deadlock, lock wait): try again.
    #[error("database contention: {0}")]
    Contention(String),
    /// A row with this key is there already.
    #[error("duplicate key: {0}")]
    Duplicate(String),
    /// SQL refuses the statement or its values.
    #[error("database refused: {0}")]
    Refused(String),
}

impl StoreError {
    /// Whether waiting and trying again is the remedy, whatever was to be written.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Contention(_) => true,
            Self::Duplicate(_) | Self::Refused(_) => false,
        }
    }
}

/// What another transaction in the way reads like. diesel-async hides MySQL's error
/// numbers (1213, 1205, MariaDB's 1020, SQLite's BUSY), so the texts are matched; the
/// tests of this crate provoke each.
const CONTENTION: [&str; 5] = [
    "Deadlock found",
    "Lock wait timeout",
    "Record has changed since last read",
    "database is locked",
    "Write conflict",
];

/// What an outage reads like that arrives as an ordinary error of the server (MySQL
/// 1290 and 1836, 1021 and 1114, 1053, 1040, 1927, 1317, 3024).
const OUTAGE: [&str; 13] = [
    "read-only",
    "read only",
    "Disk full",
    "No space left",
    "disk is full",
    "is full",
    "shutdown in progress",
    "Too many connections",
    "Connection was killed",
    "Query execution was interrupted",
    "maximum statement execution time exceeded",
    "disk I/O error",
    "Input/output error",
];

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Duplicate(text),
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
                Self::Contention(text)
            }
            Error::DatabaseError(
                DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | Error::BrokenTransactionManager
            | Error::AlreadyInTransaction
            | Error::NotInTransaction
            | Error::RollbackTransaction => Self::Unavailable(text),
            Error::RollbackErrorOnCommit {
                commit_error,
                rollback_error,
            } => match Self::from(*commit_error) {
                Self::Contention(text) => Self::Contention(text),
                commit => Self::Unavailable(format!("{commit}; roll-back: {rollback_error}")),
            },
            Error::DatabaseError(DatabaseErrorKind::Unknown, _) => {
                if CONTENTION.iter().any(|sign| text.contains(sign)) {
                    Self::Contention(text)
                } else if OUTAGE.iter().any(|sign| text.contains(sign)) || is_of_the_driver(&text) {
                    Self::Unavailable(text)
                } else {
                    Self::Refused(text)
                }
            }
            _ => Self::Refused(text),
        }
    }
}

/// Whether `text` comes from the client, not the server: the connection is broken then.
/// mysql_async prefixes its own errors so.
fn is_of_the_driver(text: &str) -> bool {
    text.starts_with("Input/output error")
        || text.starts_with("Driver error")
        || text.starts_with("Other error")
        || text.contains("connection closed")
        || text.contains("Connection refused")
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
