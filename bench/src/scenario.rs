//! What is measured of Tally.

pub(crate) mod burst;
pub(crate) mod growth;
pub(crate) mod polls;
pub(crate) mod rivals;
pub(crate) mod steady;
pub(crate) mod sustained;
