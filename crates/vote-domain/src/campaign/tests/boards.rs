//! Ranks, against counting who is ahead.

use std::collections::HashSet;

use super::*;

proptest! {
    #[test]
    fn a_rank_is_one_more_than_the_number_of_those_with_more_votes(
        votes in prop::collection::vec(0_u64..6, 0..30),
        seed in any::<u64>(),
    ) {
        let options: Vec<_> = (0_usize..).zip(votes.iter().copied()).collect();
        let board = ranked(options.clone());
        prop_assert_eq!(board.len(), votes.len());
        for row in &board {
            let ahead = votes.iter().filter(|other| **other > row.votes).count();
            prop_assert_eq!(row.rank, ahead as u64 + 1);
            prop_assert_eq!(votes[row.of], row.votes);
        }
        prop_assert!(board.is_sorted_by_key(|row| (row.rank, row.of)));
        let shuffled = crate::testing::shuffled(&options, seed);
        let mut again: Vec<_> = shuffled.into_iter().flatten().collect();
        let mut seen = HashSet::new();
        again.retain(|row| seen.insert(*row));
        prop_assert_eq!(ranked(again), board);
    }
}
