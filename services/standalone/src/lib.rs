//! All of Tally in one process, on embedded adapters: SQLite, a queue in a file, voter
//! states and cache in memory. The same services, routes and rules as on real servers;
//! for trying Tally, for front-end work and for tests, not for a nation-wide audience.

mod data_dir;
mod demo;
mod running;
mod web;

pub use data_dir::DataDir;
pub use running::{Options, Standalone};
pub use web::built_web;
