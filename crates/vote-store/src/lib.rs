//! The only user of SQL: schema, queries, migrations, transactions.
//!
//! [`Store`] is what others see: one method for each thing that can be asked or done.
//! The queries behind them, in `queries/`, are written once and compiled for each
//! backend, MySQL or MariaDB and SQLite; what differs is in `rows` and `run`.

#![expect(
    clippy::duplicate_mod,
    reason = "the queries are compiled once for each backend"
)]

mod backend;
mod error;
mod key;
mod migrations;
mod mysql;
mod rows;
mod run;
mod schema;
mod sqlite;

pub mod accounts;
pub mod audit;
pub mod campaigns;
pub mod catalog;
pub mod dead_letters;
pub mod epochs;
pub mod ledger;
pub mod partners;
pub mod settle;
#[cfg(feature = "testing")]
mod testing;
pub mod voters;

pub use backend::MysqlSettings;
pub use error::StoreError;
pub use run::Store;

/// Compiles the queries for the connection that the module calling this names `Conn`.
macro_rules! queries {
    () => {
        #[path = "queries/accounts.rs"]
        pub(crate) mod accounts;
        #[path = "queries/audit.rs"]
        pub(crate) mod audit;
        #[path = "queries/campaigns.rs"]
        pub(crate) mod campaigns;
        #[path = "queries/catalog.rs"]
        pub(crate) mod catalog;
        #[path = "queries/dead_letters.rs"]
        pub(crate) mod dead_letters;
        #[path = "queries/epochs.rs"]
        pub(crate) mod epochs;
        #[path = "queries/furnish.rs"]
        pub(crate) mod furnish;
        #[path = "queries/leanings.rs"]
        pub(crate) mod leanings;
        #[path = "queries/ledger.rs"]
        pub(crate) mod ledger;
        #[path = "queries/partners.rs"]
        pub(crate) mod partners;
        #[path = "queries/reviews.rs"]
        pub(crate) mod reviews;
        #[path = "queries/settle.rs"]
        pub(crate) mod settle;
        #[path = "queries/voters.rs"]
        pub(crate) mod voters;
    };
}
use queries;
