//! What is killed when: drawn from the seed.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::Options;

/// A part of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Worker,
    Gateway,
    Redis,
    RabbitMq,
    MariaDb,
}

impl Part {
    /// Every part.
    pub(crate) const ALL: [Self; 5] = [
        Self::Worker,
        Self::Gateway,
        Self::Redis,
        Self::RabbitMq,
        Self::MariaDb,
    ];
}

/// Something that breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A worker or gateway ends by `kill -9` and starts again; Redis comes back with
    /// nothing, RabbitMQ and MariaDB with what they had.
    Restart(Part),
    /// It stands still for a while: connections stay open, nothing is answered, and then
    /// it goes on as if no time had passed.
    Freeze(Part),
    /// Redis is emptied while no worker settles: what members spent lies in the queue
    /// alone, so that only SQL can hold them to their quota.
    Amnesia,
}

impl Kind {
    fn part(self) -> Part {
        match self {
            Self::Restart(part) | Self::Freeze(part) => part,
            Self::Amnesia => Part::Redis,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restart(Part::Worker) => "kill a worker",
            Self::Restart(Part::Gateway) => "kill a gateway",
            Self::Restart(Part::Redis) => "empty Redis",
            Self::Restart(Part::RabbitMq) => "restart RabbitMQ",
            Self::Restart(Part::MariaDb) => "restart MariaDB",
            Self::Freeze(Part::Worker) => "freeze a worker",
            Self::Freeze(Part::Gateway) => "freeze a gateway",
            Self::Freeze(Part::Redis) => "freeze Redis",
            Self::Freeze(Part::RabbitMq) => "freeze RabbitMQ",
            Self::Freeze(Part::MariaDb) => "freeze MariaDB",
            Self::Amnesia => "empty Redis while no worker settles",
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
const FAULT_TAKES: Duration = Duration::from_secs(3);

/// Parts that freeze in each round, beside those that are restarted, which are all.
const FREEZES: usize = 2;

impl Plan {
    /// Draws a plan: rounds in which each part is restarted once, some freeze, and Redis forgets what
    /// the workers have not seen, in an
    /// order of their own; some with another at once.
    pub(crate) fn draw(options: &Options) -> Self {
        let mut rng = StdRng::seed_from_u64(options.seed);
        let each_takes = FAULT_TAKES + Duration::from_secs(2);
        let n_each_round = Part::ALL.len() + 1 + FREEZES;
        let round_takes = each_takes.as_secs_f64() * n_each_round as f64;
        let fitting = (options.voting.as_secs_f64() / round_takes).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few hundred rounds at most"
        )]
        let n_rounds = options.n_rounds.max(fitting as usize);
        let mut faults = Vec::new();
        for _ in 0..n_rounds {
            let mut freezes = Part::ALL;
            freezes.shuffle(&mut rng);
            let freezes = freezes.iter().take(FREEZES).copied().map(Kind::Freeze);
            let mut round: Vec<Kind> = Part::ALL
                .map(Kind::Restart)
                .into_iter()
                .chain([Kind::Amnesia])
                .chain(freezes)
                .collect();
            round.shuffle(&mut rng);
            faults.extend(round.into_iter().map(|kind| draw_fault(kind, &mut rng)));
        }
        let each = options.voting / u32::try_from(faults.len()).unwrap_or(u32::MAX);
        let rest_mean = each
            .saturating_sub(FAULT_TAKES)
            .max(Duration::from_millis(500));
        let mut steps: Vec<Step> = Vec::new();
        for fault in faults {
            match steps.last_mut() {
                // The same part cannot break twice at once.
                Some(step)
                    if step
                        .faults
                        .iter()
                        .all(|other| other.kind.part() != fault.kind.part())
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
        away: Duration::from_millis(match kind {
            Kind::Restart(_) => rng.random_range(0..2_500),
            Kind::Amnesia => rng.random_range(500..1_500),
            // Some longer than a vote may wait for its answer, some shorter.
            Kind::Freeze(_) => rng.random_range(500..6_000),
        }),
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
                for kind in Part::ALL.map(Kind::Restart) {
                    assert!(count(&plan, kind) >= n_least, "{kind}: {plan}");
                }
            }
        }
    }
}
