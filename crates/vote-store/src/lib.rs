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
pub mod migrations;
mod mysql;
mod orphans;
mod rows;
mod run;
mod schema;
mod sqlite;
mod statements;

pub mod accounts;
pub mod audit;
pub mod boards;
pub mod campaign_ledger;
pub mod campaign_settle;
pub mod campaigns;
pub mod catalog;
pub mod closing;
pub mod dead_letters;
pub mod epochs;
pub mod export;
pub mod grants;
pub mod ledger;
pub mod partners;
pub mod recount;
pub mod retention;
pub mod review_voids;
pub mod settle;
#[cfg(feature = "testing")]
pub mod testing;
pub mod verify;
pub mod voids;
pub mod voters;
pub mod wallets;

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
        #[path = "queries/boards.rs"]
        pub(crate) mod boards;
        #[path = "queries/campaign_change.rs"]
        pub(crate) mod campaign_change;
        #[path = "queries/campaign_edits.rs"]
        pub(crate) mod campaign_edits;
        #[path = "queries/campaign_ledger.rs"]
        pub(crate) mod campaign_ledger;
        #[path = "queries/campaign_rows.rs"]
        pub(crate) mod campaign_rows;
        #[path = "queries/campaign_settle.rs"]
        pub(crate) mod campaign_settle;
        #[path = "queries/campaigns.rs"]
        pub(crate) mod campaigns;
        #[path = "queries/catalog.rs"]
        pub(crate) mod catalog;
        #[path = "queries/closing.rs"]
        pub(crate) mod closing;
        #[path = "queries/dead_letters.rs"]
        pub(crate) mod dead_letters;
        #[path = "queries/epochs.rs"]
        pub(crate) mod epochs;
        #[path = "queries/export.rs"]
        pub(crate) mod export;
        #[path = "queries/furnish.rs"]
        pub(crate) mod furnish;
        #[path = "queries/grants.rs"]
        pub(crate) mod grants;
        #[path = "queries/leanings.rs"]
        pub(crate) mod leanings;
        #[path = "queries/ledger.rs"]
        pub(crate) mod ledger;
        #[path = "queries/letter_decisions.rs"]
        pub(crate) mod letter_decisions;
        #[path = "queries/orphans.rs"]
        pub(crate) mod orphans;
        #[path = "queries/partners.rs"]
        pub(crate) mod partners;
        #[path = "queries/recount.rs"]
        pub(crate) mod recount;
        #[path = "queries/retention.rs"]
        pub(crate) mod retention;
        #[path = "queries/review_rows.rs"]
        pub(crate) mod review_rows;
        #[path = "queries/review_voids.rs"]
        pub(crate) mod review_voids;
        #[path = "queries/reviews.rs"]
        pub(crate) mod reviews;
        #[path = "queries/settle.rs"]
        pub(crate) mod settle;
        #[path = "queries/verify_campaigns.rs"]
        pub(crate) mod verify_campaigns;
        #[path = "queries/verify_reviews.rs"]
        pub(crate) mod verify_reviews;
        #[path = "queries/voids.rs"]
        pub(crate) mod voids;
        #[path = "queries/voters.rs"]
        pub(crate) mod voters;
        #[path = "queries/wallets.rs"]
        pub(crate) mod wallets;
    };
}
use queries;
