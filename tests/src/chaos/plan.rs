//! What breaks when: drawn from the seed.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::Options;

/// A part of the stack. A fault has its parts to itself: nothing breaks twice at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Catalog,
    Worker,
    Gateway,
    Redis,
    RabbitMq,
    MariaDb,
}

impl Part {
    /// Every part.
    pub(crate) const ALL: [Self; 6] = [
        Self::Catalog,
        Self::Worker,
        Self::Gateway,
        Self::Redis,
        Self::RabbitMq,
        Self::MariaDb,
    ];

    /// The parts that are servers.
    pub(crate) const SERVERS: [Self; 3] = [Self::Redis, Self::RabbitMq, Self::MariaDb];

    fn name(self) -> &'static str {
        match self {
            Self::Catalog => "the catalog",
            Self::Worker => "a worker",
            Self::Gateway => "a gateway",
            Self::Redis => "Redis",
            Self::RabbitMq => "RabbitMQ",
            Self::MariaDb => "MariaDB",
        }
    }
}

/// Why the broker takes no messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    Memory,
    Disk,
}

/// What is wrong with the link between one service and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    Cut,
    BlackHole,
    Slow,
}

/// When a connection is cut that commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    BeforeCommit,
    AfterCommit,
}

/// Something that breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A service or server ends, by SIGKILL or SIGTERM, and starts again; Redis comes back
    /// with nothing, RabbitMQ and MariaDB with what they had.
    Restart(Part),
    /// It stands still for a while: connections stay open, nothing is answered, and then
    /// it goes on as if no time had passed.
    Freeze(Part),
    /// Redis is emptied while it runs.
    Flush,
    /// Redis is emptied while no worker settles: what members spent lies in the queue
    /// alone, so that only SQL can hold them to their quota.
    Amnesia,
    /// The broker raises an alarm, and takes no messages.
    Alarm(Alarm),
    /// One service's link to a server breaks.
    Link(Part, Trouble),
    /// Connections to SQL are cut that commit: nobody knows whether they did.
    CutCommits(Moment),
    /// Nobody can write to any table.
    LockedTables,
    /// Somebody else locks the rows that votes count in, in the wrong order.
    Deadlocks,
    /// Each message is published once more.
    Duplicates,
    /// Messages arrive that are no votes.
    Poison,
    /// Workers panic over the votes of one member.
    Panic,
    /// One broker of a cluster is cut off from the others, while clients still reach it.
    CutOff,
    /// A server's disk is full.
    FullDisk(Part),
    /// A server is out of everybody's reach for minutes.
    Outage(Part),
}

impl Kind {
    /// The parts that the fault has to itself, in their order.
    pub(crate) fn parts(self) -> &'static [Part] {
        match self {
            Self::Restart(part) | Self::Freeze(part) => match part {
                Part::Catalog => &[Part::Catalog],
                Part::Worker => &[Part::Worker],
                Part::Gateway => &[Part::Gateway],
                Part::Redis => &[Part::Redis],
                Part::RabbitMq => &[Part::RabbitMq],
                Part::MariaDb => &[Part::MariaDb],
            },
            Self::Link(part, _) | Self::FullDisk(part) | Self::Outage(part) => {
                Self::Restart(part).parts()
            }
            Self::Flush => &[Part::Redis],
            Self::Amnesia => &[Part::Worker, Part::Redis],
            Self::Panic => &[Part::Worker],
            Self::Alarm(_) | Self::Duplicates | Self::Poison | Self::CutOff => &[Part::RabbitMq],
            Self::CutCommits(_) | Self::LockedTables | Self::Deadlocks => &[Part::MariaDb],
        }
    }

    /// Whether Redis may lose by it what it knows.
    pub(crate) fn empties_redis(self) -> bool {
        matches!(
            self,
            // With a full disk it may end, and starts with what its file has.
            Self::Restart(Part::Redis) | Self::FullDisk(Part::Redis) | Self::Flush | Self::Amnesia
        )
    }

    /// Processes that the fault ends.
    pub(crate) fn n_kills(self) -> usize {
        match self {
            Self::Restart(_) | Self::Amnesia => 1,
            _ => 0,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart(Part::Redis) => write!(f, "kill and empty Redis"),
            Self::Restart(part) => write!(f, "kill {}", part.name()),
            Self::Freeze(part) => write!(f, "freeze {}", part.name()),
            Self::Flush => write!(f, "flush Redis"),
            Self::Amnesia => write!(f, "kill and empty Redis while no worker settles"),
            Self::Alarm(Alarm::Memory) => write!(f, "memory alarm of the broker"),
            Self::Alarm(Alarm::Disk) => write!(f, "disk alarm of the broker"),
            Self::Link(part, Trouble::Cut) => write!(f, "cut a link to {}", part.name()),
            Self::Link(part, Trouble::BlackHole) => {
                write!(f, "black-hole a link to {}", part.name())
            }
            Self::Link(part, Trouble::Slow) => write!(f, "slow a link to {}", part.name()),
            Self::CutCommits(Moment::BeforeCommit) => write!(f, "cut instead of a COMMIT"),
            Self::CutCommits(Moment::AfterCommit) => write!(f, "cut after a COMMIT"),
            Self::LockedTables => write!(f, "lock all tables"),
            Self::Deadlocks => write!(f, "provoke deadlocks"),
            Self::Duplicates => write!(f, "publish every message twice"),
            Self::Poison => write!(f, "publish poison"),
            Self::Panic => write!(f, "panic over a member's votes"),
            Self::CutOff => write!(f, "cut a broker off from the others"),
            Self::FullDisk(part) => write!(f, "fill the disk of {}", part.name()),
            Self::Outage(part) => write!(f, "{} out of reach for minutes", part.name()),
        }
    }
}

/// How a process that is to be restarted ends.
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
    /// How long it lasts.
    pub(crate) away: Duration,
}

/// Faults that happen at once, after a rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) rest: Duration,
    pub(crate) faults: Vec<Fault>,
}

/// Everything that breaks in a run, beside what breaks when a campaign ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// A server that is out of reach, from when on.
    pub(crate) outage: Option<(Duration, Fault)>,
}

/// Time that a fault takes on average, its healing included.
const FAULT_TAKES: Duration = Duration::from_secs(4);

/// How likely a fault comes together with the one before.
const TOGETHER: f64 = 0.3;

/// How long a server is out of reach.
const OUTAGE: Duration = Duration::from_secs(300);

/// Parts that freeze in each round.
const FREEZES: usize = 2;

/// Links that break in each round.
const LINKS: usize = 4;

impl Plan {
    /// Draws a plan: rounds in which each kind of fault happens once and the more telling
    /// ones more often, in an order of their own; some with another at once.
    pub(crate) fn draw(options: &Options) -> Self {
        let mut rng = StdRng::seed_from_u64(options.seed);
        let first = draw_round(options, &mut rng);
        let round_takes = (FAULT_TAKES * u32::try_from(first.len()).unwrap_or(u32::MAX))
            .mul_f64(1.0 - TOGETHER / 2.0);
        let fitting = options.voting.div_duration_f64(round_takes).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few hundred rounds at most"
        )]
        let n_rounds = options.n_rounds.max(fitting as usize);
        let mut kinds = first;
        for _ in 1..n_rounds {
            kinds.extend(draw_round(options, &mut rng));
        }
        let faults: Vec<Fault> = kinds
            .into_iter()
            .map(|kind| draw_fault(kind, &mut rng))
            .collect();
        let each = options.voting / u32::try_from(faults.len()).unwrap_or(u32::MAX);
        let rest_mean = each
            .saturating_sub(FAULT_TAKES)
            .max(Duration::from_millis(300));
        let mut steps: Vec<Step> = Vec::new();
        for fault in faults {
            match steps.last_mut() {
                Some(step)
                    if rng.random_bool(TOGETHER)
                        && step.faults.iter().all(|other| is_apart(*other, fault)) =>
                {
                    step.faults.push(fault);
                }
                _ => steps.push(Step {
                    rest: rest_mean.mul_f64(rng.random_range(0.3..1.7)),
                    faults: vec![fault],
                }),
            }
        }
        let outage = options.outage.then(|| {
            let part = Part::SERVERS[rng.random_range(0..Part::SERVERS.len())];
            let mut fault = draw_fault(Kind::Outage(part), &mut rng);
            fault.away = OUTAGE;
            (options.voting.mul_f64(rng.random_range(0.2..0.5)), fault)
        });
        Self { steps, outage }
    }
}

fn draw_round(options: &Options, rng: &mut StdRng) -> Vec<Kind> {
    let mut freezes = Part::ALL;
    freezes.shuffle(rng);
    let mut links: Vec<Kind> = Part::SERVERS
        .into_iter()
        .flat_map(|part| {
            [Trouble::Cut, Trouble::BlackHole, Trouble::Slow]
                .map(|trouble| Kind::Link(part, trouble))
        })
        .collect();
    links.shuffle(rng);
    let alarm = if rng.random_bool(0.5) {
        Alarm::Memory
    } else {
        Alarm::Disk
    };
    let mut round: Vec<Kind> = Part::ALL.map(Kind::Restart).to_vec();
    // Most of what can be lost is in a worker's or a gateway's hands.
    round.extend([Part::Worker, Part::Worker, Part::Gateway].map(Kind::Restart));
    round.extend(freezes.iter().take(FREEZES).copied().map(Kind::Freeze));
    round.extend(links.into_iter().take(LINKS));
    round.extend([
        Kind::Flush,
        Kind::Amnesia,
        Kind::Alarm(alarm),
        Kind::CutCommits(Moment::BeforeCommit),
        Kind::CutCommits(Moment::AfterCommit),
        Kind::LockedTables,
        Kind::Deadlocks,
        Kind::Duplicates,
        Kind::Poison,
        Kind::Panic,
    ]);
    if options.cluster {
        round.extend([Part::RabbitMq, Part::Redis].map(Kind::Restart));
        round.extend([Part::RabbitMq, Part::Redis].map(Kind::Freeze));
        round.extend([Kind::CutOff; 2]);
    }
    if options.small_disks {
        let part = Part::SERVERS[rng.random_range(0..Part::SERVERS.len())];
        round.push(Kind::FullDisk(part));
    }
    round.shuffle(rng);
    round
}

fn is_apart(one: Fault, other: Fault) -> bool {
    let parts = other.kind.parts();
    one.kind.parts().iter().all(|part| !parts.contains(part))
}

fn draw_fault(kind: Kind, rng: &mut StdRng) -> Fault {
    let end = if rng.random_bool(0.4) {
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
            Kind::Freeze(_) | Kind::Link(..) => rng.random_range(500..6_000),
            Kind::Alarm(_) | Kind::LockedTables | Kind::FullDisk(_) => {
                rng.random_range(1_000..5_000)
            }
            Kind::CutCommits(_) => rng.random_range(300..2_000),
            Kind::Deadlocks | Kind::Duplicates => rng.random_range(2_000..6_000),
            // Longer than brokers need to find out.
            Kind::CutOff => rng.random_range(3_000..12_000),
            // Most longer than a vote is tried before it is blamed.
            Kind::Panic => rng.random_range(8_000..25_000),
            Kind::Flush | Kind::Poison | Kind::Outage(_) => 0,
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
            let rest = step.rest.as_secs_f64();
            writeln!(f, "after {rest:>5.1} s: {}", faults.join(", and "))?;
        }
        if let Some((at, fault)) = &self.outage {
            writeln!(f, "from {:.0} s on: {}", at.as_secs_f64(), fault.kind)?;
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
                (Options::long(1, seed, 64), 2),
                (Options::long(15, seed, 64), 5),
                (Options::short(seed), 1),
            ] {
                let plan = Plan::draw(&options);
                for kind in Part::ALL.map(Kind::Restart) {
                    assert!(count(&plan, kind) >= n_least, "{kind}: {plan}");
                }
                for kind in [
                    Kind::Poison,
                    Kind::Panic,
                    Kind::CutCommits(Moment::AfterCommit),
                ] {
                    assert!(count(&plan, kind) >= n_least, "{kind}: {plan}");
                }
            }
        }
    }

    #[test]
    fn a_long_run_has_a_long_outage() {
        assert!(Plan::draw(&Options::long(15, 1, 64)).outage.is_some());
        assert!(Plan::draw(&Options::short(1)).outage.is_none());
    }
}
