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
use crate::broker_api::{BrokerApi, Copies};
use crate::campaign::arena::Arena;
use crate::chaos::{freeze_service, lock_tables, restart_service};

/// The pause between messages of a late publisher: far shorter than the silence that a
/// close waits for.
const LATE_EVERY: Duration = Duration::from_millis(200);

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
                () = sleep_until(at) => {}
                _ = is_done.wait_for(|done| *done) => return Ok(None),
            }
            inject(step, arena, campaign, is_done).await
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

/// Breaks something and heals it; answers what it was, if it came to that.
async fn inject(
    step: &Step,
    arena: &Arena,
    campaign: Uuid,
    is_done: watch::Receiver<bool>,
) -> Result<Option<&'static str>> {
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
        Fault::LatePublisher => {
            if !publish_until(is_done, arena, campaign).await? {
                return Ok(None);
            }
            "late publishers"
        }
    };
    Ok(Some(what))
}

/// Publishes a message of the campaign again and again until the campaign `is_done`, as a
/// gateway might whose clocks stood still: none of its own time limits would hold it back.
/// The message's votes are in the ledger, so that only the close can be harmed. `false` if
/// there was no message to publish.
async fn publish_until(
    mut is_done: watch::Receiver<bool>,
    arena: &Arena,
    campaign: Uuid,
) -> Result<bool> {
    let api = BrokerApi::of(&arena.stack)?;
    let copies = Copies::begin(&arena.stack, &api).await?;
    let key = format!("votes.campaign.{campaign}");
    let found = loop {
        let taken = copies.take().await;
        let found = taken.map(|messages| messages.into_iter().find(|one| one.key == key));
        match found {
            Ok(None) if !*is_done.borrow() => sleep(LATE_EVERY).await,
            found => break found,
        }
    };
    copies.end().await?;
    let Some(message) = found? else {
        return Ok(false);
    };
    loop {
        tokio::select! {
            () = sleep(LATE_EVERY) => {}
            _ = is_done.wait_for(|done| *done) => return Ok(true),
        }
        // Before the box is unbound it is taken, and settles to nothing.
        api.publish(&message).await?;
    }
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
