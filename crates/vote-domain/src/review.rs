//! The rules of review votes.
//!
//! [`admit`] decides, at the gateway, whether a ballot may be cast, and stamps the vote
//! with all that settling needs. [`merge`] settles, in the worker, against rows locked
//! in SQL, and [`void`] takes votes out again. Whatever history `admit` produced, `merge`
//! reaches the same rows, in any order, with any repetition, in any split: so any number
//! of workers may compete.

mod admission;
mod ballot;
mod counts;
mod merge;
mod quota;
mod void;
mod voter;

pub use admission::{Admission, Rejection, ReviewFacts, admit};
pub use ballot::{Ballot, Direction, ReviewVote};
pub use counts::Counts;
pub use merge::{CounterChange, LedgerEntry, Rows, Settlement, StandingRow, merge};
pub use quota::{DayUse, Quota, QuotaPolicy};
pub use void::{Mark, Marks, VoterMark, void};
pub use voter::{Base, STANDINGS_MAX, Standing, Touched, VoterState};

#[cfg(test)]
mod tests;
