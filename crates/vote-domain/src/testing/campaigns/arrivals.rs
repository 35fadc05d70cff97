//! What happened, in another order in which SQL could learn it.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::books::{Grant, Void};
use super::run::Event;
use crate::VoterId;
use crate::campaign::CampaignVote;

/// What SQL learns at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A grant commits.
    Grant(Grant),
    /// A batch of votes is settled.
    Votes(Vec<CampaignVote>),
    /// A void commits.
    Void(Void),
}

/// `events` in another order, with votes repeated and split into batches, as `seed` says.
///
/// Grants and voids commit in the order in which they were decided. A vote arrives at any
/// time after those of its voter that were decided before it, for it was admitted on what
/// they left; whether a void meets its votes settled or still on their way is open.
#[must_use]
pub fn arrivals(events: &[Event], seed: u64) -> Vec<Arrival> {
    let mut random = StdRng::seed_from_u64(seed);
    let n_commits = events.iter().filter(|e| !matches!(e, Event::Vote(_)));
    let n_commits = n_commits.count();
    // Votes by the number of commits before them.
    let mut votes: Vec<Vec<CampaignVote>> = vec![Vec::new(); n_commits + 1];
    let mut commits = Vec::new();
    let mut last_of: BTreeMap<VoterId, usize> = BTreeMap::new();
    for event in events {
        match event {
            Event::Vote(vote) => {
                let from = last_of.get(&event.voter()).copied().unwrap_or_default();
                let at = random.random_range(from..=n_commits);
                votes[at].push(vote.clone());
                while random.random_bool(0.25) {
                    votes[random.random_range(at..=n_commits)].push(vote.clone());
                }
            }
            Event::Grant(grant) => commits.push(Arrival::Grant(*grant)),
            Event::Void(void) => commits.push(Arrival::Void(*void)),
        }
        if !matches!(event, Event::Vote(_)) {
            last_of.insert(event.voter(), commits.len());
        }
    }
    let mut arrivals = Vec::new();
    let mut commits = commits.into_iter();
    for mut votes in votes {
        votes.shuffle(&mut random);
        while !votes.is_empty() {
            let n = random.random_range(1..=votes.len().min(12));
            arrivals.push(Arrival::Votes(votes.drain(..n).collect()));
        }
        arrivals.extend(commits.next());
    }
    arrivals
}
