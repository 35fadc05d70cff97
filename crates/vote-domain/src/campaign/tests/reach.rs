//! The random histories reach what the properties are about.

use std::collections::BTreeMap;

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::testing::campaigns::{Deed, End, Event, forgetful_steps, steps};

#[test]
fn random_histories_reach_every_end_every_refusal_and_every_expiry() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..600 {
        let facts = any_facts().new_tree(&mut runner).unwrap().current();
        let steps = match n % 2 {
            0 => steps(2).new_tree(&mut runner).unwrap().current(),
            _ => forgetful_steps(2).new_tree(&mut runner).unwrap().current(),
        };
        let mut run = Run::new(facts, 1, 2);
        let mut note = |what: &str| *seen.entry(what.to_owned()).or_default() += 1;
        for step in &steps {
            let queued = run.queue.len();
            run.step(step);
            match step.deed {
                Deed::VoidVoter { .. } | Deed::VoidVote { .. } if queued > 0 => {
                    note("void while votes are queued");
                }
                _ => {}
            }
        }
        for rejection in &run.refused {
            note(match rejection {
                Rejection::NotOpen(Stage::Scheduled) => "scheduled",
                Rejection::NotOpen(_) => "over",
                Rejection::ChannelClosedToVoter => "channel closed",
                Rejection::TooManyTickets { .. } => "too many",
                Rejection::InsufficientTickets { .. } => "insufficient",
                Rejection::ChannelLimitReached { .. } => "limit",
            });
        }
        run.settle_all();
        for (vote, end) in run.books.votes() {
            note(match end {
                End::Counted => "counted",
                End::Rejected(crate::RejectReason::ChannelLimitReached) => "rejected by limit",
                End::Rejected(_) => "rejected",
                End::Returned => "returned",
                End::Forfeited => "forfeited",
            });
            if vote.draws.len() > 1 {
                note("several lots");
            }
            if vote.draws.iter().any(|draw| draw.free_day.is_some()) {
                note("a free lot");
            }
        }
        for event in &run.events {
            if let Event::Grant(grant) = event
                && run.facts.terms.expires_at(grant.lot.granted_at) <= run.now
            {
                note("expired");
            }
        }
    }
    for what in [
        "void while votes are queued",
        "scheduled",
        "over",
        "channel closed",
        "too many",
        "insufficient",
        "limit",
        "counted",
        "rejected by limit",
        "rejected",
        "returned",
        "forfeited",
        "several lots",
        "a free lot",
        "expired",
    ] {
        let n = seen.get(what).copied().unwrap_or_default();
        assert!(n >= 5, "{what}: {n} of {seen:?}");
    }
}
