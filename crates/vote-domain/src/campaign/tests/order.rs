//! Any order, repetition and split of the same events ends in the same rows.

use super::audit::check_books;
use super::*;
use crate::testing::campaigns::{Arrival, Books, End, arrivals, forgetful_steps, steps};

fn replay(run: &Run, seed: u64) -> Books {
    let mut books = Books::new(run.facts.terms.clone());
    for arrival in arrivals(&run.events, seed) {
        match arrival {
            Arrival::Grant(grant) => drop(books.grant(&grant)),
            Arrival::Votes(votes) => drop(books.settle(&votes, run.now)),
            Arrival::Void(void) => drop(books.void(&void)),
        }
    }
    books
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_repetition_and_split_ends_in_the_same_rows(
        facts in any_facts(),
        steps in steps(3),
        seed in any::<u64>(),
    ) {
        let mut run = Run::of(facts, 1, 3, &steps);
        run.settle_all();
        let books = replay(&run, seed);
        prop_assert_eq!(books.ends(), run.books.ends());
        prop_assert_eq!(books.spent(), run.books.spent());
        prop_assert_eq!(books.used(), run.books.used());
        prop_assert_eq!(&books.tallies, &run.books.tallies);
        prop_assert_eq!(&books.fans, &run.books.fans);
        prop_assert_eq!(&books.rows.known, &run.books.rows.known);
        check_books(&run.facts, &books)?;
        // No vote is rejected that was admitted on a state that was never lost.
        prop_assert!(books.votes().all(|(_, end)| !matches!(end, End::Rejected(_))));
    }

    #[test]
    fn whatever_states_were_lost_nothing_is_spent_twice(
        facts in any_facts(),
        steps in forgetful_steps(2),
        seed in any::<u64>(),
    ) {
        let run = Run::of(facts, 1, 2, &steps);
        let books = replay(&run, seed);
        check_books(&run.facts, &books)?;
        let votes: Vec<_> = run.votes().map(|vote| vote.vote_id).collect();
        prop_assert_eq!(books.ends().len(), votes.len());
        prop_assert!(votes.iter().all(|vote| books.ends().contains_key(vote)));
    }
}
