//! Tickets are conserved, and wallet and statement tell of each.

use std::collections::BTreeMap;

use super::audit::{check_books, lots, spending};
use super::*;
use crate::testing::campaigns::{Step, forgetful_steps, steps};

/// The statement of one voter, as the gateway would give it.
pub(super) fn statement_of(run: &Run, n: usize, state: &VoterState) -> Vec<Entry> {
    let voter = run.voters[n].voter_id();
    let in_flight = state.in_flight.iter().map(|sent| Posted {
        vote: sent.vote.clone(),
        end: PostedEnd::Spent,
    });
    let posted: Vec<_> = run
        .books
        .posted(voter)
        .into_iter()
        .chain(in_flight)
        .collect();
    let lots: Vec<_> = run.books.lots(voter).collect();
    statement(&run.facts.terms, voter, &lots, &posted, run.now)
}

/// Checks wallet and statement of each voter against the auditor's.
fn check_voters(run: &Run) -> Result<(), TestCaseError> {
    for (n, voter) in run.voters.iter().enumerate() {
        let voter = voter.voter_id();
        let state = run.fresh(n);
        let wallet = state.wallet(&run.facts.terms, voter, run.now);
        let audited = lots(run, voter);
        let held: BTreeMap<_, _> = audited
            .iter()
            .filter(|(_, lot)| lot.remaining > 0)
            .map(|(id, lot)| (*id, lot.remaining))
            .collect();
        let shown: BTreeMap<_, _> = wallet
            .lots
            .iter()
            .map(|held| (held.lot_id, i64::from(held.remaining)))
            .collect();
        prop_assert_eq!(shown, held);
        let sum = |of: fn(&super::audit::Where) -> i64| audited.values().map(of).sum::<i64>();
        prop_assert_eq!(wallet.balance, sum(|lot| lot.remaining).unsigned_abs());
        for lot in audited.values() {
            prop_assert_eq!(lot.granted, lot.remaining + lot.spent + lot.expired);
            prop_assert!(lot.remaining >= 0 && lot.spent >= 0 && lot.expired >= 0);
        }

        let entries = statement_of(run, n, &state);
        let (mut balance, mut granted, mut spent, mut expired) = (0, 0, 0, 0);
        for entry in &entries {
            balance += entry.tickets;
            prop_assert_eq!(entry.balance, balance);
            match entry.kind {
                Kind::Granted { .. } => granted += entry.tickets,
                Kind::Spent { .. } | Kind::Returned { .. } => spent -= entry.tickets,
                Kind::Expired { .. } => expired -= entry.tickets,
            }
            let comes = matches!(entry.kind, Kind::Granted { .. } | Kind::Returned { .. });
            prop_assert!(
                if comes {
                    entry.tickets > 0
                } else {
                    entry.tickets < 0
                },
                "{:?}",
                entry
            );
        }
        prop_assert!(entries.is_sorted_by_key(|entry| entry.at));
        prop_assert_eq!(balance.unsigned_abs(), wallet.balance, "{:#?}", entries);
        prop_assert_eq!(granted, sum(|lot| lot.granted));
        prop_assert_eq!(expired, sum(|lot| lot.expired));
        prop_assert_eq!(spent, sum(|lot| lot.spent));
    }
    Ok(())
}

/// Checks the vote that a step admitted, if it did, against the wallet before it.
fn check_admission(before: &Run, after: &Run) -> Result<(), TestCaseError> {
    let Some(vote) = after.votes().nth(before.votes().count()) else {
        return Ok(());
    };
    let n = before
        .voters
        .iter()
        .position(|voter| *voter == vote.voter)
        .unwrap();
    let terms = &before.facts.terms;
    let at = vote.seq.at();
    let wallet = before.states[n].wallet(terms, vote.voter.voter_id(), at);
    let drawn: BTreeMap<_, _> = vote.draws.iter().map(|d| (d.lot, d.tickets)).collect();
    prop_assert_eq!(drawn.len(), vote.draws.len());
    prop_assert_eq!(drawn.values().sum::<u32>(), vote.ballot.tickets);
    let last = wallet
        .lots
        .iter()
        .filter(|held| drawn.contains_key(&held.lot_id))
        .map(|held| held.expires_at)
        .max();
    for held in &wallet.lots {
        let taken = drawn.get(&held.lot_id).copied().unwrap_or_default();
        prop_assert!(taken <= held.remaining);
        prop_assert!(at < held.expires_at);
        if Some(held.expires_at) < last {
            prop_assert_eq!(taken, held.remaining, "one that expires later was taken");
        }
    }
    let known: Vec<_> = wallet.lots.iter().map(|held| held.lot_id).collect();
    prop_assert!(drawn.keys().all(|lot| known.contains(lot)));
    Ok(())
}

fn check_steps(facts: Facts, steps: &[Step]) -> Result<Run, TestCaseError> {
    let mut run = Run::new(facts, 1, 3);
    for step in steps {
        let before = run.clone();
        run.step(step);
        check_admission(&before, &run)?;
        check_voters(&run)?;
        check_books(&run.facts, &run.books)?;
    }
    Ok(run)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tickets_are_conserved_and_told_of_at_every_step(
        facts in any_facts(),
        steps in steps(3),
    ) {
        let run = check_steps(facts, &steps)?;
        // With what is in flight, too, no channel's limit is passed.
        let mut used: BTreeMap<_, u32> = BTreeMap::new();
        for vote in spending(&run).used {
            if let Some(limit) = vote.limit {
                let key = (vote.voter.voter_id(), vote.ballot.channel, vote.day);
                let used = used.entry(key).or_default();
                *used += vote.ballot.tickets;
                prop_assert!(*used <= limit);
            }
        }
    }

    #[test]
    fn tickets_are_conserved_where_states_are_lost(
        facts in any_facts(),
        steps in forgetful_steps(3),
    ) {
        let mut run = check_steps(facts, &steps)?;
        run.settle_all();
        check_voters(&run)?;
        check_books(&run.facts, &run.books)?;
    }

    #[test]
    fn a_state_that_was_told_of_all_is_as_one_that_was_loaded(
        facts in any_facts(),
        steps in steps(2),
    ) {
        let mut run = Run::new(facts, 1, 2);
        for step in &steps {
            run.step(step);
            for (n, voter) in run.voters.iter().enumerate() {
                let (told, loaded) = (&run.states[n], run.fresh(n));
                let voter = voter.voter_id();
                if told.base.version < run.books.version(voter) {
                    continue;
                }
                let terms = &run.facts.terms;
                prop_assert_eq!(
                    told.wallet(terms, voter, run.now),
                    loaded.wallet(terms, voter, run.now)
                );
                prop_assert_eq!(told.last_seq(), loaded.last_seq());
                prop_assert_eq!(&told.in_flight, &loaded.in_flight);
                let today = terms.day(run.now);
                for channel in (0..terms.n_channels).map(ChannelNo) {
                    prop_assert_eq!(
                        told.used_on(channel, today),
                        loaded.used_on(channel, today)
                    );
                }
            }
        }
    }
}
