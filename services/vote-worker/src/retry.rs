//! Waiting before another try.

use std::time::Duration;

use vote_domain::Ids;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double up to 5 s, each between half of that and the whole, so that workers
/// that failed together do not try together.
pub(crate) struct Backoff {
    ids: Ids,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(ids: &Ids) -> Self {
        Self {
            ids: ids.clone(),
            next: FIRST,
        }
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(LONGEST);
        jittered(whole, &self.ids)
    }
}

/// Between half of `whole` and the whole.
pub(crate) fn jittered(whole: Duration, ids: &Ids) -> Duration {
    let [share] = ids.bytes();
    whole / 2 + whole / 2 * u32::from(share) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        let mut backoff = Backoff::new(&Ids::seeded(1));
        let waits: Vec<_> = (0..20).map(|_| backoff.next()).collect();
        assert!(waits[0] >= FIRST / 2 && waits[0] <= FIRST);
        assert!(waits[19] >= LONGEST / 2 && waits[19] <= LONGEST);
        assert_ne!(waits[18], waits[19]);
    }
}
