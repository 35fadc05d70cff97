//! Workers on adapters of either kind: which boxes they serve, what they keep, and how
//! they close campaigns.

mod boxes;
mod close;
mod engine;
mod interrupted;
mod letters;
