//! A deployed Tally, seen through its API gateway alone.

mod journey;
mod judge;
mod load;
mod record;

pub use journey::journeys;
pub use judge::judge;
pub use load::{Load, vote_until};
pub use record::Record;
