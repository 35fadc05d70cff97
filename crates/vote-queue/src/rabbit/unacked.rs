//! Which deliveries of a channel are not settled yet.

use std::collections::BTreeSet;

/// One frame to send: settle `number`, and with `multiple` all before it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settlement {
    pub(super) number: u64,
    pub(super) multiple: bool,
}

/// The delivery numbers of one channel that were neither acknowledged nor handed back.
///
/// Numbers rise on a channel, so whatever has not been seen yet is higher than all here.
#[derive(Debug, Default)]
pub(super) struct Unacked(BTreeSet<u64>);

impl Unacked {
    pub(super) fn delivered(&mut self, number: u64) {
        self.0.insert(number);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets `numbers`, and says with which frames to settle them: one for all up to
    /// the first that stays, one for each after it. Numbers settled before are left out:
    /// the broker closes the channel over a number it does not know.
    pub(super) fn settle(&mut self, numbers: impl IntoIterator<Item = u64>) -> Vec<Settlement> {
        let settled: BTreeSet<u64> = numbers
            .into_iter()
            .filter(|number| self.0.remove(number))
            .collect();
        let first_kept = self.0.first().copied().unwrap_or(u64::MAX);
        let mut settlements = Vec::new();
        let mut numbers = settled.iter().copied().peekable();
        let mut n_together = 0;
        while let Some(number) = numbers.next_if(|number| *number < first_kept) {
            n_together += 1;
            settlements = vec![Settlement {
                number,
                multiple: n_together > 1,
            }];
        }
        settlements.extend(numbers.map(|number| Settlement {
            number,
            multiple: false,
        }));
        settlements
    }

    /// Forgets `numbers`, and says which of them to settle, each by a frame of its own.
    pub(super) fn settle_singly(&mut self, numbers: impl IntoIterator<Item = u64>) -> Vec<u64> {
        numbers
            .into_iter()
            .filter(|number| self.0.remove(number))
            .collect()
    }

    /// Settles everything delivered.
    pub(super) fn settle_all(&mut self) -> Vec<Settlement> {
        let all = self.0.clone();
        self.settle(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(number: u64) -> Settlement {
        Settlement {
            number,
            multiple: false,
        }
    }

    fn up_to(number: u64) -> Settlement {
        Settlement {
            number,
            multiple: true,
        }
    }

    #[test]
    fn one_by_one_each_number_is_settled_once() {
        let mut unacked = delivered([1, 2, 3]);
        assert_eq!(unacked.settle_singly([2, 2, 7]), [2]);
        assert_eq!(unacked.settle_all(), [up_to(3)]);
    }

    fn delivered(numbers: impl IntoIterator<Item = u64>) -> Unacked {
        let mut unacked = Unacked::default();
        numbers.into_iter().for_each(|n| unacked.delivered(n));
        unacked
    }

    #[test]
    fn what_leaves_no_gap_is_settled_by_one_frame() {
        let mut unacked = delivered(1..=5);
        assert_eq!(unacked.settle([3, 1, 2]), [up_to(3)]);
        assert_eq!(unacked.settle([4]), [one(4)]);
    }

    #[test]
    fn a_delivery_that_is_kept_is_not_settled_along() {
        let mut unacked = delivered(1..=5);
        assert_eq!(unacked.settle([1, 3, 5]), [one(1), one(3), one(5)]);
        assert_eq!(unacked.settle([4, 2]), [up_to(4)]);
    }

    #[test]
    fn a_number_is_settled_once() {
        let mut unacked = delivered(1..=2);
        assert_eq!(unacked.settle([1, 1]), [one(1)]);
        assert_eq!(unacked.settle([1, 7]), []);
        assert_eq!(unacked.settle_all(), [one(2)]);
    }

    /// What a broker makes of the frames.
    fn obey(open: &mut BTreeSet<u64>, settlement: Settlement) -> bool {
        let known = open.contains(&settlement.number);
        if settlement.multiple {
            open.retain(|number| *number > settlement.number);
        } else {
            open.remove(&settlement.number);
        }
        known
    }

    proptest! {
        #[test]
        fn frames_settle_exactly_what_was_asked(
            n_delivered in 0_u64..40,
            rounds in prop::collection::vec(prop::collection::vec(1_u64..50, 0..20), 1..6),
        ) {
            let mut unacked = delivered(1..=n_delivered);
            let mut expected: BTreeSet<u64> = (1..=n_delivered).collect();
            let mut broker = expected.clone();
            for round in rounds {
                for settlement in unacked.settle(round.clone()) {
                    prop_assert!(obey(&mut broker, settlement), "unknown number");
                }
                expected.retain(|number| !round.contains(number));
                prop_assert_eq!(&broker, &expected);
            }
        }
    }
}
