//! The gate over HTTP: a real server that listens, on SQLite and memory for breadth, and
//! two of them on one MariaDB and one Redis where that makes the difference.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on fails; bodies are handed over"
)]

mod access;
mod outages;
mod secrets;
mod server;
mod signatures;
mod two_processes;
