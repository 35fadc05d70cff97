//! Campaigns: created, edited, listed and read; boards, hours, fans and results.

mod bad_input;
mod boards;
mod boxes;
mod editing;
mod fans;
mod results;
mod scene;
