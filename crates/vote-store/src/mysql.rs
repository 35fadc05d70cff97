//! The queries on MySQL and MariaDB.

pub(crate) use crate::backend::MysqlConn as Conn;

crate::queries!();
