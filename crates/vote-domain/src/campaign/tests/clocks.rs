//! Clocks that run backwards: nothing that was admitted is rejected for it.

use chrono::TimeDelta;

use super::audit::check_books;
use super::wallets::statement_of;
use super::*;
use crate::testing::campaigns::{End, Step, steps};

/// Steps, before each of which the clock is put back by so many seconds, mostly none.
fn steps_put_back() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let back_s = prop_oneof![6 => Just(0), 2 => 0_i64..10, 1 => 0_i64..80_000];
    (steps(2), prop::collection::vec(back_s, 50))
        .prop_map(|(steps, back_s)| steps.into_iter().zip(back_s).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_clock_put_back_lets_nothing_be_spent_twice(
        facts in any_facts(),
        steps in steps_put_back(),
    ) {
        let mut run = Run::new(facts, 1, 2);
        let mut latest = run.now;
        for (step, back_s) in &steps {
            // By no more than a day in all.
            latest = latest.max(run.now);
            let back = run.now - TimeDelta::seconds(*back_s);
            run.now = back.max(latest - TimeDelta::days(1));
            run.step(step);
            check_books(&run.facts, &run.books)?;
            for (n, voter) in run.voters.iter().enumerate() {
                let state = run.fresh(n);
                let wallet = state.wallet(&run.facts.terms, voter.voter_id(), run.now);
                let statement = statement_of(&run, n, &state);
                let balance = statement.last().map_or(0, |entry| entry.balance);
                prop_assert_eq!(balance.unsigned_abs(), wallet.balance, "{:#?}", statement);
            }
        }
        run.settle_all();
        check_books(&run.facts, &run.books)?;
        prop_assert!(run.books.votes().all(|(_, end)| !matches!(end, End::Rejected(_))));
        for pair in run.votes().collect::<Vec<_>>().windows(2) {
            prop_assert!(pair[0].voter != pair[1].voter || pair[0].seq < pair[1].seq);
        }
    }
}
