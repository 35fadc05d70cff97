//! The catalog over HTTP: a real server that listens, on SQLite and memory for breadth,
//! and on MariaDB and Redis where those could make a difference.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on fails; bodies are handed over"
)]

mod accounts;
mod audit;
mod bad_input;
mod campaigns;
mod demo;
mod description;
mod floods;
mod own_votes;
mod partners;
mod places;
mod reviews;
mod roles;
mod server;
mod without_redis;
