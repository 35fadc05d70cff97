//! What is killed when: drawn from the seed.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::Options;

/// Something that breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `kill -9` of a worker.
    Worker,
    /// `kill -9` of a gateway.
    Gateway,
    /// Redis dies and comes back with nothing.
    Redis,
    /// RabbitMQ goes and comes back.
    RabbitMq,
    /// MariaDB goes and comes back.
    MariaDb,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 5] = [
        Self::Worker,
        Self::Gateway,
        Self::Redis,
        Self::RabbitMq,
        Self::MariaDb,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Worker => "kill a worker",
            Self::Gateway => "kill a gateway",
            Self::Redis => "empty Redis",
            Self::RabbitMq => "restart RabbitMQ",
            Self::MariaDb => "restart MariaDB",
        })
    }
}

/// How a server that is to be restarted ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// SIGTERM.
    Orderly,
    /// SIGKILL.
    Sudden,
}

/// One thing that breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// Which one, where there are several.
    pub(crate) which: usize,
    pub(crate) end: End,
    /// How long it stays away.
    pub(crate) away: Duration,
}

/// Faults that happen at once, after a rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) rest: Duration,
    pub(crate) faults: Vec<Fault>,
}

/// Everything that breaks in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

/// Time that a fault takes on average, its healing included.
const FAULT_TAKES: Duration = Duration::from_secs(4);

impl Plan {
    /// Draws a plan: rounds in which each kind happens once, in an order of its own;
    /// some with another at once.
    pub(crate) fn draw(options: &Options) -> Self {
        let mut rng = StdRng::seed_from_u64(options.seed);
        let round_takes = FAULT_TAKES.as_secs_f64() * 5.0 * 1.5;
        let fitting = (options.voting.as_secs_f64() / round_takes).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few hundred rounds at most"
        )]
        let n_rounds = options.n_rounds.max(fitting as usize);
        let mut faults = Vec::new();
        for _ in 0..n_rounds {
            let mut round = Kind::ALL;
            round.shuffle(&mut rng);
            faults.extend(round.map(|kind| draw_fault(kind, &mut rng)));
        }
        let each = options.voting / u32::try_from(faults.len()).unwrap_or(u32::MAX);
        let rest_mean = each
            .saturating_sub(FAULT_TAKES)
            .max(Duration::from_millis(500));
        let mut steps: Vec<Step> = Vec::new();
        for fault in faults {
            match steps.last_mut() {
                // The same thing cannot break twice at once.
                Some(step)
                    if step.faults.iter().all(|other| other.kind != fault.kind)
                        && rng.random_bool(0.2) =>
                {
                    step.faults.push(fault);
                }
                _ => steps.push(Step {
                    rest: rest_mean.mul_f64(rng.random_range(0.3..1.7)),
                    faults: vec![fault],
                }),
            }
        }
        Self { steps }
    }
}

fn draw_fault(kind: Kind, rng: &mut StdRng) -> Fault {
    let end = if rng.random_bool(0.5) {
        End::Orderly
    } else {
        End::Sudden
    };
    Fault {
        kind,
        which: rng.random_range(0..64),
        end,
        away: Duration::from_millis(rng.random_range(0..2_500)),
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let faults: Vec<String> = step
                .faults
                .iter()
                .map(|fault| fault.kind.to_string())
                .collect();
            writeln!(
                f,
                "after {:>5.1} s: {}",
                step.rest.as_secs_f64(),
                faults.join(", and ")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(plan: &Plan, kind: Kind) -> usize {
        let faults = plan.steps.iter().flat_map(|step| &step.faults);
        faults.filter(|fault| fault.kind == kind).count()
    }

    #[test]
    fn the_same_seed_gives_the_same_plan() {
        let options = Options::long(2, 7, 64);
        assert_eq!(Plan::draw(&options), Plan::draw(&options));
        let other = Options::long(2, 8, 64);
        assert_ne!(Plan::draw(&options), Plan::draw(&other));
    }

    #[test]
    fn each_kind_happens_as_often_as_was_promised() {
        for seed in 0..20 {
            for (options, n_least) in [
                (Options::long(1, seed, 64), 5),
                (Options::long(10, seed, 64), 5),
                (Options::short(seed), 1),
            ] {
                let plan = Plan::draw(&options);
                for kind in Kind::ALL {
                    assert!(count(&plan, kind) >= n_least, "{kind}: {plan}");
                }
            }
        }
    }
}
