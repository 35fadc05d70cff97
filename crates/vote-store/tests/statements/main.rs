//! The storage rules, held against every statement that the store sends and every table it
//! keeps, so that MySQL, MariaDB and TiDB stay possible. TiDB itself is not run here.
//!
//! `mysql.sql` lists the statements; see `tests/backends/statements.rs` for how they come
//! to be listed. What the tests of this package do not reach is not in it: so every method
//! of [`Store`](vote_store::Store) must be called by some test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../backends/mod.rs"]
mod backends;
mod calls;
mod methods;
mod plans;
mod statement;
mod tables;
mod words;

use statement::Statement;

/// The list.
fn listed() -> Vec<Statement> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/statements/mysql.sql");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(Statement::new).collect()
}
