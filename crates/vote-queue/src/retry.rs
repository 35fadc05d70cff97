//! How long to wait before trying again.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const FIRST: Duration = Duration::from_millis(100);

/// Pauses that double from 100 ms to a limit, each shortened by up to half at random, so
/// that many processes that lost the same broker do not come back in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    dice: StdRng,
    next: Duration,
    max: Duration,
}

impl Backoff {
    /// Pauses of at most `max`, with the jitter that `seed` gives.
    pub(crate) fn new(seed: u64, max: Duration) -> Self {
        Self {
            dice: StdRng::seed_from_u64(seed),
            next: FIRST.min(max),
            max,
        }
    }

    /// The next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.next.mul_f64(self.dice.random_range(0.5..=1.0));
        self.next = (self.next * 2).min(self.max);
        pause
    }

    /// Starts over with the shortest pause, after a success that lasted.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST.min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_limit_and_start_over_after_a_success() {
        let max = Duration::from_secs(5);
        let mut backoff = Backoff::new(1, max);
        let pauses: Vec<_> = (0..20).map(|_| backoff.pause()).collect();
        assert!(pauses[0] <= FIRST && pauses[0] >= FIRST / 2);
        assert!(pauses.iter().all(|pause| *pause <= max));
        assert!(pauses[10..].iter().all(|pause| *pause >= max / 2));
        backoff.reset();
        assert!(backoff.pause() <= FIRST);
    }

    #[test]
    fn two_processes_do_not_wait_in_step() {
        let max = Duration::from_secs(5);
        let (mut one, mut two) = (Backoff::new(1, max), Backoff::new(2, max));
        assert!((0..10).any(|_| one.pause() != two.pause()));
    }
}
