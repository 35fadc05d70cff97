//! What the demo is furnished with, the same every time: words only, no IO.
//!
//! The embedded mode writes it into its fresh database, `votectl seed` brings it to any
//! Tally through the API.

pub mod people;
pub mod places;
pub mod words;
