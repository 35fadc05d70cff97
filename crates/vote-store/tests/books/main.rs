//! What operators have for SQL: `verify`, `recount`, retention, export. Held to one suite
//! on MariaDB and on SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../backends/mod.rs"]
mod backends;
#[path = "../campaign_votes/world.rs"]
#[allow(dead_code, reason = "written for another suite")]
mod world;

mod export;
mod recount;
mod retention;
mod site;
mod verify;
