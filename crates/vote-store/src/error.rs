//! What can go wrong, told apart by what the caller can do about it.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};

/// Why the store did not do what it was asked; nothing was written then, except that
/// after [`StoreError::Unavailable`] a commit may have gone through unseen. Everything
/// the store does may be repeated. The texts are matched in English, which the sessions
/// ask for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQL cannot be reached, or takes no writes now: connection lost, disk full,
    /// read-only, too slow. Never the fault of what was to be written.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The call took longer than it may; fewer rows at once may fit.
    #[error("database too slow: {0}")]
    TooSlow(String),
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
            Self::Unavailable(_) | Self::TooSlow(_) | Self::Contention(_) => true,
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

/// What a fault of the values themselves reads like, on MySQL, MariaDB and SQLite. Only
/// these can be a vote's fault; every other error (a table that is not there yet, a right
/// that is missing, memory, one shard away) is one of the servers, and passes.
const OF_THE_VALUES: [&str; 10] = [
    "Out of range value",
    "value is out of range in",
    "Data too long",
    "Incorrect ",
    "Data truncated",
    "Invalid utf8",
    "cannot be null",
    "Numeric value out of range",
    "cannot store ",
    "datatype mismatch",
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
                } else if OF_THE_VALUES.iter().any(|sign| text.contains(sign)) {
                    Self::Refused(text)
                } else {
                    Self::Unavailable(text)
                }
            }
            _ => Self::Refused(text),
        }
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
