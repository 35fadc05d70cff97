//! What is broken when, around the end of a campaign.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A worker is killed.
    KillWorker(usize),
    /// The worker is killed that closes the campaign just then, if one does.
    KillCloser,
    /// A worker is frozen.
    FreezeWorker(usize),
    /// A gateway is frozen.
    FreezeGateway(usize),
    /// A gateway is killed.
    KillGateway(usize),
    /// Nobody can write to any table, so that votes of the last moment wait.
    LockTables,
    /// Somebody goes on publishing to the box until the campaign is final: a gateway that
    /// does not know that time has passed.
    LatePublisher,
}

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// When, in milliseconds before (below 0) or after the end.
    pub(crate) at_ms: i64,
    pub(crate) fault: Fault,
    /// How long until it is healed.
    pub(crate) away: Duration,
}

/// All that is broken in a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// The plan of `seed`.
    pub(crate) fn draw(seed: u64, voting: Duration, n_workers: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let voting_ms = i64::try_from(voting.as_millis()).unwrap_or(i64::MAX);
        let mut steps = Vec::new();
        let away = |rng: &mut StdRng, least: u64, most: u64| {
            Duration::from_millis(rng.random_range(least..most))
        };
        for n in 0..rng.random_range(4..8) {
            // While people vote, close to the end, and while the campaign closes.
            let at_ms = match n % 3 {
                0 => rng.random_range(-voting_ms..-1_000),
                1 => rng.random_range(-1_500..3_500),
                _ => rng.random_range(2_500..14_000),
            };
            steps.push(Step {
                at_ms,
                fault: Fault::KillWorker(rng.random_range(0..n_workers)),
                away: away(&mut rng, 0, 2_500),
            });
        }
        if rng.random_bool(0.5) {
            steps.push(Step {
                at_ms: rng.random_range(3_500..9_500),
                fault: Fault::KillCloser,
                away: away(&mut rng, 0, 4_000),
            });
        }
        if rng.random_bool(0.5) {
            steps.push(Step {
                at_ms: rng.random_range(-2_500..-20),
                fault: Fault::FreezeGateway(rng.random_range(0..2)),
                away: away(&mut rng, 1_500, 7_000),
            });
        }
        if rng.random_bool(0.3) {
            steps.push(Step {
                at_ms: rng.random_range(-1_500..500),
                fault: Fault::KillGateway(rng.random_range(0..2)),
                away: away(&mut rng, 0, 1_500),
            });
        }
        if rng.random_bool(0.3) {
            steps.push(Step {
                at_ms: rng.random_range(-2_000..6_000),
                fault: Fault::FreezeWorker(rng.random_range(0..n_workers)),
                away: away(&mut rng, 2_000, 9_000),
            });
        }
        if rng.random_bool(0.5) {
            steps.push(Step {
                at_ms: rng.random_range(-2_500..1_500),
                fault: Fault::LockTables,
                away: away(&mut rng, 3_000, 9_000),
            });
        }
        if rng.random_bool(0.5) {
            steps.push(Step {
                at_ms: rng.random_range(-3_000..-1_000),
                fault: Fault::LatePublisher,
                away: Duration::ZERO,
            });
        }
        steps.sort_by_key(|step| step.at_ms);
        Self { steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_plan_and_every_kind_of_fault_comes_up() {
        let voting = Duration::from_secs(12);
        let plan = |seed| format!("{:?}", Plan::draw(seed, voting, 3));
        let all: String = (1..=20).map(plan).collect();
        for seed in 1..=20 {
            assert_eq!(plan(seed), plan(seed));
        }
        for kind in [
            "KillWorker",
            "KillCloser",
            "FreezeWorker",
            "FreezeGateway",
            "KillGateway",
            "LockTables",
            "LatePublisher",
        ] {
            assert!(all.contains(kind), "{kind} never happens");
        }
    }
}
