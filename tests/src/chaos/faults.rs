//! Carrying a plan out, and healing afterwards.

mod broker;
mod disk;
mod links;
mod processes;
mod sql;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures::future::{join_all, try_join_all};
use test_stack::{Link, ServiceProcess};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;
use uuid::Uuid;
use vote_domain::Clock;

use super::panics::Panics;
use super::plan::{Fault, Kind, Part, Plan};
use super::record::Record;
use crate::real_stack::RealStack;

pub(crate) use broker::POISON;
pub(crate) use processes::{freeze_service, restart_service};
pub(crate) use sql::lock_tables;

/// How often each kind of fault happened, and how often a part was broken already.
#[derive(Clone, Debug, Default)]
pub(crate) struct CarriedOut {
    pub(crate) happened: BTreeMap<Kind, usize>,
    pub(crate) skipped: usize,
    /// When Redis first lost what it knew; `None` if it never did.
    pub(crate) lost_at: Option<DateTime<Utc>>,
    /// Processes ended.
    pub(crate) n_kills: usize,
    /// Messages that were no votes.
    pub(crate) n_poison: usize,
    /// Votes that were replayed from dead letters, for workers had panicked over them.
    pub(crate) n_replayed: usize,
    /// Messages published once more.
    pub(crate) n_copies: usize,
    /// Faults that could not be carried out or healed, as sentences.
    pub(crate) broken_off: Vec<String>,
}

/// Who may break what.
#[derive(Debug, Default)]
pub(crate) struct Parts(BTreeMap<Part, Mutex<()>>);

impl Parts {
    pub(crate) fn new() -> Self {
        Self(Part::ALL.map(|part| (part, Mutex::new(()))).into())
    }

    /// Takes all parts that `kind` breaks; `None` if one is broken already.
    pub(crate) fn take(&self, kind: Kind) -> Option<Vec<MutexGuard<'_, ()>>> {
        let taken = kind.parts().iter().map(|part| self.0[part].try_lock().ok());
        taken.collect()
    }
}

/// What is broken, and where it is written down.
#[derive(Debug)]
pub(crate) struct Breaker<'a> {
    pub(crate) stack: &'a RealStack,
    pub(crate) parts: &'a Parts,
    pub(crate) record: &'a Record,
    pub(crate) panics: &'a Panics,
    pub(crate) done: Mutex<CarriedOut>,
    /// The campaign that runs just now.
    pub(crate) campaign: Mutex<Option<Uuid>>,
}

impl<'a> Breaker<'a> {
    pub(crate) fn new(
        stack: &'a RealStack,
        parts: &'a Parts,
        record: &'a Record,
        panics: &'a Panics,
    ) -> Self {
        Self {
            stack,
            parts,
            record,
            panics,
            done: Mutex::default(),
            campaign: Mutex::default(),
        }
    }

    /// Breaks everything as planned; each fault is healed before the next step.
    ///
    /// # Errors
    /// When something does not come back.
    pub(crate) async fn carry_out(&self, plan: &Plan) -> Result<()> {
        let steps = async {
            for step in &plan.steps {
                sleep(step.rest).await;
                try_join_all(step.faults.iter().map(|fault| self.inject(*fault))).await?;
            }
            anyhow::Ok(())
        };
        let outage = async {
            let Some((at, fault)) = plan.outage else {
                return Ok(());
            };
            sleep(at).await;
            // Whoever breaks the server just then is let finish.
            while !self.inject(fault).await? {
                sleep(Duration::from_millis(100)).await;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(steps, outage)?;
        Ok(())
    }

    /// Breaks something and heals it; `false` if a part of it was broken already.
    ///
    /// # Errors
    /// When it does not come back.
    pub(crate) async fn inject(&self, fault: Fault) -> Result<bool> {
        let kind = fault.kind;
        let Some(_parts) = self.parts.take(kind) else {
            self.done.lock().await.skipped += 1;
            return Ok(false);
        };
        self.record.fault(&fault, "begins");
        if kind.empties_redis() {
            let now = Clock::system().now();
            self.done.lock().await.lost_at.get_or_insert(now);
        }
        let broken = self.break_and_heal(fault).await;
        let mut done = self.done.lock().await;
        if let Err(error) = broken {
            // The run goes on: what is broken now is healed in the end, and judged.
            self.record.fault(&fault, "breaks off");
            done.broken_off.push(format!("{kind}: {error:#}"));
            return Ok(true);
        }
        self.record.fault(&fault, "is healed");
        *done.happened.entry(kind).or_default() += 1;
        done.n_kills += kind.n_kills();
        Ok(true)
    }

    async fn break_and_heal(&self, fault: Fault) -> Result<()> {
        let Fault {
            kind,
            which,
            end,
            away,
        } = fault;
        let stack = self.stack;
        match kind {
            Kind::Restart(part) => processes::restart(part, which, end, away, stack).await,
            Kind::Freeze(part) => processes::freeze(part, which, away, stack).await,
            Kind::Flush => stack.servers()?.flush_redis().await,
            Kind::Amnesia => processes::forget_what_is_queued(which, away, stack).await,
            Kind::CutOff => processes::cut_off(which, away, stack).await,
            Kind::Alarm(alarm) => broker::raise(alarm, away, stack).await,
            Kind::Link(part, trouble) => {
                links::trouble(part, which, trouble, away, stack).await;
                Ok(())
            }
            Kind::CutCommits(moment) => {
                links::cut_commits(moment, away, stack).await;
                Ok(())
            }
            Kind::Outage(part) => {
                links::put_out_of_reach(part, which, away, stack).await;
                Ok(())
            }
            Kind::LockedTables => sql::lock_tables(away, stack).await,
            Kind::Deadlocks => sql::provoke_deadlocks(which, away, stack).await,
            Kind::Duplicates => {
                let n_copies = broker::publish_twice(away, stack).await?;
                self.done.lock().await.n_copies += n_copies;
                Ok(())
            }
            Kind::Poison => {
                let first = self.done.lock().await.n_poison;
                let campaign = *self.campaign.lock().await;
                let n_poison = broker::publish_poison(first, campaign, stack).await?;
                self.done.lock().await.n_poison += n_poison;
                Ok(())
            }
            Kind::Panic => self.panics.begin_and_end(which, away).await,
            Kind::FullDisk(part) => disk::fill(part, away, stack).await,
        }
    }
}

/// Brings everything back and waits until it is ready; answers which services had ended
/// without anybody killing them.
///
/// # Errors
/// When something does not come back.
pub(crate) async fn heal(stack: &RealStack) -> Result<Vec<String>> {
    for links in &stack.links {
        for link in [&links.mysql, &links.amqp, &links.redis] {
            link.set(Link::Whole);
        }
    }
    let services: Vec<&ServiceProcess> = [&stack.catalog]
        .into_iter()
        .chain(&stack.gateways)
        .chain(&stack.workers)
        .collect();
    let gone = services
        .iter()
        .filter(|service| service.pid().is_none())
        .map(|service| {
            format!(
                "a service ended by itself, see {}",
                service.log_path().display()
            )
        })
        .collect();
    let started = join_all(services.into_iter().map(ServiceProcess::start)).await;
    started.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(gone)
}
