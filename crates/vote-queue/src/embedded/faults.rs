//! What goes wrong on purpose, for tests.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Faults that a broker may well have, drawn from a seed. Each number is a probability
/// from 0 to 1. Whoever consumes the queue must come to the same end under all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// The same seed and calls give the same faults.
    pub seed: u64,
    /// An acknowledgement is lost: the message is delivered again.
    pub redeliver: f64,
    /// A published message is stored twice.
    pub duplicate: f64,
    /// Any waiting message is delivered rather than the first.
    pub reorder: f64,
    /// A message goes to [`BallotBox::dead`](crate::BallotBox::dead) rather than to a consumer.
    pub dead_letter: f64,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self {
            seed: 0,
            redeliver: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            dead_letter: 0.0,
        }
    }

    /// Redelivers, duplicates and reorders often; loses nothing to the dead.
    #[must_use]
    pub fn nasty(seed: u64) -> Self {
        Self {
            seed,
            redeliver: 0.2,
            duplicate: 0.1,
            reorder: 0.5,
            dead_letter: 0.0,
        }
    }
}

/// Draws faults.
pub(super) struct Dice {
    faults: Faults,
    dice: StdRng,
}

impl Dice {
    pub(super) fn new(faults: Faults) -> Self {
        let dice = StdRng::seed_from_u64(faults.seed);
        Self { faults, dice }
    }

    pub(super) fn redelivers(&mut self) -> bool {
        let p = self.faults.redeliver;
        self.roll(p)
    }

    pub(super) fn duplicates(&mut self) -> bool {
        let p = self.faults.duplicate;
        self.roll(p)
    }

    pub(super) fn dead_letters(&mut self) -> bool {
        let p = self.faults.dead_letter;
        self.roll(p)
    }

    /// Which of `n` waiting messages is delivered next; the first is 0.
    pub(super) fn pick(&mut self, n: usize) -> usize {
        let p = self.faults.reorder;
        if n > 1 && self.roll(p) {
            self.dice.random_range(0..n)
        } else {
            0
        }
    }

    fn roll(&mut self, p: f64) -> bool {
        p > 0.0 && self.dice.random_bool(p.min(1.0))
    }
}
