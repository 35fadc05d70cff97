//! Random histories for property tests, here and in the crates that keep rows in SQL.

pub mod campaigns;
mod reviews;

pub use reviews::{History, Step, beginning, history, steps};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// `votes` shuffled, some of them repeated, and split into batches, as `seed` says.
#[must_use]
pub fn shuffled<V: Clone>(votes: &[V], seed: u64) -> Vec<Vec<V>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut events = votes.to_vec();
    events.extend(votes.iter().filter(|_| random.random_bool(0.3)).cloned());
    events.shuffle(&mut random);
    let mut batches = Vec::new();
    while !events.is_empty() {
        let n = random.random_range(1..=events.len().min(12));
        batches.push(events.drain(..n).collect());
    }
    batches
}
