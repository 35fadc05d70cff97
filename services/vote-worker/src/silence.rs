//! Knowing that a box is empty, and that nobody holds anything of it.

use std::time::Duration;

use tokio::time::Instant;
use vote_queue::{Depth, TopologyError};

/// A box that is empty and in nobody's hands but ours. (Nothing ready and no consumer
/// either would mean that the queue's leader is away.)
const EMPTY: Depth = Depth {
    n_ready: 0,
    n_consumers: 1,
};

/// Readings of one box, taken on the channel that consumes it.
///
/// The broker counts among the consumers also those that were cancelled and still hold
/// messages: where it counts only us, and we hold nothing, nobody does.
pub(crate) struct Silence {
    needed: Duration,
    /// The first and the last of an unbroken row of readings that found the box empty.
    row: Option<(Instant, Instant)>,
}

impl Silence {
    /// Silence that must last for `needed`, from one reading to another.
    pub(crate) fn of(needed: Duration) -> Self {
        Self { needed, row: None }
    }

    /// Something was delivered.
    pub(crate) fn broken(&mut self) {
        self.row = None;
    }

    /// Takes a reading.
    pub(crate) fn read(&mut self, depth: &Result<Depth, TopologyError>, now: Instant) {
        self.row = match (depth, self.row) {
            (Ok(depth), row) if *depth == EMPTY => {
                let first = row.map_or(now, |(first, _)| first);
                Some((first, now))
            }
            _ => None,
        };
    }

    /// Whether the readings prove it. Ask only when nothing was delivered for a moment
    /// after the last of them: what the broker sent before it answered may still be on
    /// its way through the client.
    pub(crate) fn is_enough(&self) -> bool {
        self.row
            .is_some_and(|(first, last)| last.duration_since(first) >= self.needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(5);

    fn depth(n_ready: u32, n_consumers: u32) -> Result<Depth, TopologyError> {
        Ok(Depth {
            n_ready,
            n_consumers,
        })
    }

    fn is_enough(readings: &[(u64, Result<Depth, TopologyError>)]) -> bool {
        let began = Instant::now();
        let mut silence = Silence::of(QUIET);
        for (at_s, reading) in readings {
            silence.read(reading, began + Duration::from_secs(*at_s));
        }
        silence.is_enough()
    }

    #[test]
    fn a_box_is_empty_when_two_readings_far_apart_say_so() {
        assert!(is_enough(&[(0, depth(0, 1)), (5, depth(0, 1))]));
        assert!(!is_enough(&[(0, depth(0, 1)), (4, depth(0, 1))]));
        assert!(!is_enough(&[(0, depth(0, 1))]));
        assert!(!is_enough(&[]));
    }

    #[test]
    fn what_is_unknown_or_held_by_others_is_not_empty() {
        let away = || Err(TopologyError::Unavailable("away".into()));
        for other in [depth(0, 0), depth(0, 2), depth(1, 1), away()] {
            assert!(
                !is_enough(&[(0, depth(0, 1)), (5, other.clone())]),
                "{other:?}"
            );
            let between = [(0, depth(0, 1)), (3, other.clone()), (6, depth(0, 1))];
            assert!(!is_enough(&between), "{other:?}");
        }
    }

    #[test]
    fn a_delivery_begins_it_anew() {
        let began = Instant::now();
        let mut silence = Silence::of(QUIET);
        silence.read(&depth(0, 1), began);
        silence.broken();
        silence.read(&depth(0, 1), began + QUIET);
        assert!(!silence.is_enough());
        silence.read(&depth(0, 1), began + QUIET * 2);
        assert!(silence.is_enough());
    }
}
