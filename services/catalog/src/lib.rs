//! The catalog: accounts, and the restaurants, items and reviews they write. All that is
//! read of these is read here, and all that is changed but votes.
//!
//! [`Catalog`] is the service, [`configure`] its routes, [`Api`] their description. A
//! route is found by its resource: [`accounts`], [`restaurants`], [`items`], [`reviews`],
//! [`campaigns`], [`partners`], [`audit`].
//! What they share has a file of its own: [`guard`] asks who may, [`texts`] what may be
//! written, [`entries`] reads through the cache.

mod accounts;
mod audit;
mod campaigns;
mod catalog;
mod entries;
mod failure;
mod gathered;
mod guard;
mod items;
mod lists;
mod names;
mod partners;
mod restaurants;
mod reviews;
mod routes;
mod texts;
mod turns;

pub mod demo;

pub use accounts::admin::ensure_admin;
pub use campaigns::boxes::keep_ballot_boxes;
pub use catalog::{Catalog, CatalogParts, CatalogSettings};
pub use partners::reseal::reseal_partner_secrets;
pub use routes::{Api, RATE_RULES, configure};
