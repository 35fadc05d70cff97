//! A voter's state, told piece by piece of what settled.

use chrono::NaiveDate;

use super::*;
use crate::Seq;
use crate::testing::campaigns::{Arrival, Books, Deed, Event, arrivals, steps};
use crate::voter_state::{Base as _, Fold, Settled};

/// Histories in which tickets are granted and votes cast, and nothing settles.
fn in_flight() -> impl Strategy<Value = (Facts, Run)> {
    (any_facts(), steps(1)).prop_map(|(facts, mut steps)| {
        steps.retain(|step| matches!(step.deed, Deed::Grant { .. } | Deed::Cast { .. }));
        (facts.clone(), Run::of(facts, 1, 1, &steps))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn folding_what_was_settled_leaves_the_state_of_admission(
        (facts, run) in in_flight(),
        seed in any::<u64>(),
    ) {
        let terms = &facts.terms;
        let voter = run.voters[0].voter_id();
        let admitted = &run.states[0];
        let balance = admitted.wallet(terms, voter, run.now).balance;
        let votes: Vec<_> = run.votes().cloned().map(Event::Vote).collect();
        let mut books = run.books.clone();
        let mut state = admitted.clone();
        let mut untold = 0;
        for (n, arrival) in arrivals(&votes, seed).into_iter().enumerate() {
            let Arrival::Votes(batch) = arrival else {
                unreachable!("votes alone happened");
            };
            let settled = books.settle(&batch, run.now).remove(0).1;
            if n % 5 == 4 {
                untold += 1;
                continue;
            }
            let before = state.clone();
            let fold = state.fold(&settled, run.now);
            if untold > 0 {
                // A settlement is missing between: nothing is taken, the base is loaded.
                prop_assert_eq!(fold, Fold::BaseTooOld);
                prop_assert_eq!(&state, &before);
                let ids = state.in_flight.iter().map(|sent| sent.vote.vote_id);
                let known = books.known(ids);
                state.refresh(books.base(voter, run.now), |vote| known.contains(vote), run.now);
                untold = 0;
            } else {
                prop_assert_eq!(fold, Fold::Done);
            }
            let once = state.clone();
            prop_assert_eq!(state.fold(&settled, run.now), Fold::Done);
            prop_assert_eq!(&state, &once);

            let wallet = state.wallet(terms, voter, run.now);
            prop_assert_eq!(wallet.balance, balance);
            prop_assert_eq!(state.last_seq(), admitted.last_seq());
            let today = terms.day(run.now);
            for (channel, at) in facts.channels.iter().zip((0..).map(ChannelNo)) {
                if channel.daily_ticket_limit.is_none() {
                    continue;
                }
                prop_assert_eq!(
                    state.used_on(at, today),
                    admitted.used_on(at, today)
                );
            }
        }
    }

    #[test]
    fn of_two_histories_that_know_nothing_of_each_other_no_more_is_spent_than_granted(
        facts in any_facts(),
        mut steps in steps(2),
        seed in any::<u64>(),
    ) {
        steps.retain(|step| matches!(step.deed, Deed::Grant { .. } | Deed::Cast { .. }));
        let run = Run::of(facts.clone(), 1, 2, &steps);
        let mut events = run.events.clone();
        for event in &run.events {
            if let Event::Vote(vote) = event {
                let mut other = vote.clone();
                other.vote_id = VoteId(Uuid::from_u128(vote.vote_id.0.as_u128() ^ (1 << 100)));
                events.push(Event::Vote(other));
            }
        }
        let mut books = Books::new(facts.terms.clone());
        for arrival in arrivals(&events, seed) {
            match arrival {
                Arrival::Grant(grant) => drop(books.grant(&grant)),
                Arrival::Votes(votes) => drop(books.settle(&votes, run.now)),
                Arrival::Void(void) => drop(books.void(&void)),
            }
        }
        super::audit::check_books(&facts, &books)?;
        prop_assert_eq!(books.ends().len(), 2 * run.votes().count());
    }
}

fn told(version: u64, lots: Vec<(LotId, Lot)>) -> Settled<Touched> {
    Settled {
        version,
        last_seq: Seq(9),
        touched: Touched {
            lots,
            uses: Vec::new(),
        },
        votes: Vec::new(),
    }
}

#[test]
fn a_lot_that_was_spent_leaves_the_base_and_comes_back_with_what_returns_to_it() {
    let facts = facts();
    let at = facts.terms.starts_at;
    let mut state = holding(&facts, &[3]);
    let lot = |spent| Lot {
        spent,
        ..granted(3, at, 1)
    };
    assert_eq!(
        state.fold(&told(1, vec![(lot_id(1), lot(3))]), at),
        Fold::Done
    );
    assert!(state.base.lots.is_empty());
    assert_eq!(
        state.fold(&told(2, vec![(lot_id(1), lot(1))]), at),
        Fold::Done
    );
    let wallet = state.wallet(&facts.terms, voter().voter_id(), at);
    assert_eq!(wallet.balance, 2);
}

#[test]
fn a_base_keeps_spent_free_lots_and_the_use_of_days_that_may_still_be_today() {
    let facts = facts();
    let now = utc("2026-03-29T10:00:00Z");
    let day: NaiveDate = "2026-03-27".parse().unwrap();
    let mut base = Base::default();
    let free = Lot {
        source: Source::FreeDaily(day),
        spent: 2,
        ..granted(2, now, 1)
    };
    base.lots.insert(lot_id(1), free);
    for day in [day, day.pred_opt().unwrap()] {
        base.uses.insert((APP, day), Default::default());
    }
    base.trim(now);
    assert_eq!(base.lots.len(), 1);
    assert_eq!(base.uses.keys().collect::<Vec<_>>(), [&(APP, day)]);
    assert!(facts.terms.day(now) >= Base::first_day(now));
}
