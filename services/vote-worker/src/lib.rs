//! The worker: collects votes, settles them in one transaction, tells the voters' states
//! and the counters, acknowledges. In that order: what is not acknowledged is delivered
//! again, and settling it again changes nothing.
//!
//! One code serves both products; [`product`] says what they differ in. [`Worker::run`]
//! starts a [`box_worker`] for each consumer: `collect` gathers a batch, `settle` brings it
//! through, `blame` finds the one vote that cannot be settled, `show` tells Redis.
//! [`discovery`] finds campaigns as they open, and those that are over; [`close`](mod@close)
//! closes these.

mod app;
mod blame;
mod box_worker;
mod campaign;
mod close;
mod collect;
mod discovery;
mod induced;
mod lag;
mod letters;
mod product;
mod retry;
mod reviews;
mod settle;
mod show;
mod silence;
mod trouble;
mod undeliverable;
mod worker;

pub use worker::{DrainError, Worker, WorkerParts, WorkerSettings};
