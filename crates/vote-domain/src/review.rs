//! The rules of review votes.
//!
//! [`admit`] decides, at the gateway, whether a ballot may be cast, and stamps the vote
//! with all that settling needs. [`merge`] settles, in the worker, against rows locked
//! in SQL. Whatever history `admit` produced, `merge` reaches the same rows, in any
//! order, with any repetition, in any split: so any number of workers may compete.

mod admission;
mod ballot;
mod counts;
mod merge;
mod quota;
mod voter;

pub use admission::{Admission, Rejection, ReviewFacts, admit};
pub use ballot::{Ballot, Direction, ReviewVote, Seq};
pub use counts::Counts;
pub use merge::{
    CounterChange, LedgerEntry, Outcome, RejectReason, Rows, Settlement, StandingRow, merge,
};
pub use quota::{DayUse, Quota, QuotaPolicy};
pub use voter::{Base, Fold, InFlight, Remembered, STANDINGS_MAX, Settled, Standing, VoterState};

#[cfg(test)]
mod tests;
