//! Carrying a plan out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use test_stack::ServiceProcess;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::plan::{Fault, Plan, Step};
use crate::campaign::arena::Arena;
use crate::chaos::{freeze_service, lock_tables, restart_service};

/// How often each kind of fault happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct CarriedOut(BTreeMap<&'static str, usize>);

impl CarriedOut {
    fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

impl fmt::Display for CarriedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self
            .0
            .iter()
            .map(|(what, n)| format!("{n} {what}"))
            .collect();
        write!(f, "{}", all.join(" "))
    }
}

/// Breaks everything as planned around `ends_at`, but nothing once it `is_done`.
///
/// # Errors
/// When something does not come back.
pub(crate) async fn carry_out(
    plan: &Plan,
    arena: &Arena,
    campaign: Uuid,
    ends_at: Instant,
    is_done: watch::Receiver<bool>,
) -> Result<CarriedOut> {
    let injections = plan.steps.iter().map(|step| {
        let mut is_done = is_done.clone();
        async move {
            let before = Duration::from_millis(step.at_ms.unsigned_abs());
            let at = if step.at_ms < 0 {
                ends_at.checked_sub(before).unwrap_or(ends_at)
            } else {
                ends_at + before
            };
            tokio::select! {
                () = sleep_until(at) => inject(step, arena, campaign).await,
                _ = is_done.wait_for(|done| *done) => Ok(None),
            }
        }
    });
    let mut carried_out = CarriedOut::default();
    for outcome in join_all(injections).await {
        if let Some(what) = outcome? {
            carried_out.note(what);
        }
    }
    Ok(carried_out)
}

async fn inject(step: &Step, arena: &Arena, campaign: Uuid) -> Result<Option<&'static str>> {
    let (workers, gateways) = (&arena.stack.workers, &arena.stack.gateways);
    let what = match step.fault {
        Fault::KillWorker(which) => {
            restart_service(workers, which, step.away).await?;
            "workers killed"
        }
        Fault::KillCloser => {
            let Some(closer) = closer_of(workers, campaign).await else {
                return Ok(None);
            };
            restart_service(workers, closer, step.away).await?;
            "closers killed"
        }
        Fault::KillGateway(which) => {
            restart_service(gateways, which, step.away).await?;
            "gateways killed"
        }
        Fault::FreezeWorker(which) => {
            freeze_service(workers, which, step.away).await?;
            "workers frozen"
        }
        Fault::FreezeGateway(which) => {
            freeze_service(gateways, which, step.away).await?;
            "gateways frozen"
        }
        Fault::LockTables => {
            lock_tables(step.away, &arena.stack).await?;
            "times tables locked"
        }
    };
    Ok(Some(what))
}

/// The worker that last said that it closes the campaign, waited for a little.
pub(crate) async fn closer_of(workers: &[ServiceProcess], campaign: Uuid) -> Option<usize> {
    let campaign = campaign.to_string();
    for _ in 0..20 {
        let said_at = |worker: &ServiceProcess| {
            let log = worker.log();
            let mut lines = log.lines().rev();
            let line = lines
                .find(|line| line.contains("closing the campaign") && line.contains(&campaign))?;
            // Lines begin with their time.
            Some(line.to_owned())
        };
        let said = workers.iter().map(said_at).enumerate();
        let last = said
            .filter_map(|(n, line)| Some((line?, n)))
            .max_by(|a, b| a.0.cmp(&b.0));
        if let Some((_, closer)) = last {
            return Some(closer);
        }
        sleep(Duration::from_millis(100)).await;
    }
    None
}
