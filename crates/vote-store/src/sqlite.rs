//! The queries on SQLite.

pub(crate) use crate::backend::SqliteConn as Conn;

crate::queries!();
