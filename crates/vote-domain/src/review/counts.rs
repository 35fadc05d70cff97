//! What the votes on a review come to.

/// The counters of a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Up votes that stand.
    pub up: u64,
    /// Down votes that stand.
    pub down: u64,
    /// One higher with each transaction that changed them; 0 before the first.
    pub version: u64,
}
