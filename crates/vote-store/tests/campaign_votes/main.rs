//! Campaign votes in SQL, held to one suite on MariaDB and on SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../backends/mod.rs"]
mod backends;
mod closing;
mod grants;
mod histories;
mod letters;
mod plans;
mod settling;
mod voids;
mod world;
