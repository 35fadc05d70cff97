//! Reviews: written, read one by one, listed, counted.

pub(crate) mod answer;
pub(crate) mod counters;
pub(crate) mod counts;
pub(crate) mod list;
pub(crate) mod my_votes;
mod order;
pub(crate) mod rankings;
pub(crate) mod read;
pub(crate) mod write;
