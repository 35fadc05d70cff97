//! What would be built instead: the same votes, each in a transaction of its own.
//!
//! Both rivals keep the rules that cost something: one vote for each voter and review, a
//! daily quota, a balance of tickets, a ledger, counters that are right at once. They keep
//! none of the promises about retries, redelivery or a lost answer.

mod queued;
mod sync;
mod votes;

pub use queued::work;
pub use sync::serve;
