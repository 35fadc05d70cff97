//! The worker: collects votes, settles them in one transaction, tells the voters' states
//! and the counters, acknowledges. In that order: what is not acknowledged is delivered
//! again, and settling it again changes nothing.
//!
//! [`Worker::run`] is the loop; [`collect`](mod@collect) gathers a batch, `settle` brings
//! it through, `blame` finds the one vote that cannot be settled, `show` tells Redis.

mod app;
mod blame;
mod collect;
mod retry;
mod settle;
mod show;
mod undeliverable;
mod worker;

pub use worker::{Worker, WorkerParts, WorkerSettings};
