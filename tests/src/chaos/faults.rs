//! Carrying a plan out, and healing afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use test_stack::{Server, ServiceProcess};
use tokio::time::sleep;

use super::plan::{End, Fault, Kind, Part, Plan};
use crate::real_stack::RealStack;

/// How often each kind of fault happened.
pub(crate) type CarriedOut = BTreeMap<Kind, usize>;

/// Breaks everything as planned; each fault is healed before the next step.
///
/// # Errors
/// When something does not come back.
pub(crate) async fn carry_out(plan: &Plan, stack: &RealStack) -> Result<CarriedOut> {
    let mut carried_out = CarriedOut::new();
    for step in &plan.steps {
        sleep(step.rest).await;
        try_join_all(step.faults.iter().map(|fault| inject(*fault, stack))).await?;
        for fault in &step.faults {
            *carried_out.entry(fault.kind).or_default() += 1;
        }
    }
    Ok(carried_out)
}

async fn inject(fault: Fault, stack: &RealStack) -> Result<()> {
    let Fault {
        kind,
        which,
        end,
        away,
    } = fault;
    let broken = match kind {
        Kind::Restart(part) => restart(part, which, end, away, stack).await,
        Kind::Freeze(part) => freeze(part, which, away, stack).await,
        Kind::Amnesia => forget_what_is_queued(away, stack).await,
    };
    broken.with_context(|| format!("it did not come back after: {kind}"))
}

async fn restart(
    part: Part,
    which: usize,
    end: End,
    away: Duration,
    stack: &RealStack,
) -> Result<()> {
    let servers = stack.servers()?;
    match part {
        Part::Worker => restart_service(&stack.workers, which, away).await,
        Part::Gateway => restart_service(&stack.gateways, which, away).await,
        Part::Redis => {
            servers.redis.kill();
            sleep(away).await;
            servers.restart_redis_empty().await
        }
        Part::RabbitMq => restart_server(&servers.rabbitmq, end, away).await,
        Part::MariaDb => restart_server(&servers.mariadb, end, away).await,
    }
}

async fn freeze(part: Part, which: usize, away: Duration, stack: &RealStack) -> Result<()> {
    let servers = stack.servers()?;
    match part {
        Part::Worker => freeze_service(&stack.workers, which, away).await,
        Part::Gateway => freeze_service(&stack.gateways, which, away).await,
        Part::Redis => freeze_server(&servers.redis, away).await,
        Part::RabbitMq => freeze_server(&servers.rabbitmq, away).await,
        Part::MariaDb => freeze_server(&servers.mariadb, away).await,
    }
}

/// Freezes a service for `away`.
pub(crate) async fn freeze_service(
    of: &[ServiceProcess],
    which: usize,
    away: Duration,
) -> Result<()> {
    let service = &of[which % of.len()];
    // One that just ended by a fault before is about to start: there is nothing to freeze.
    if service.pause().is_ok() {
        sleep(away).await;
        service.resume()?;
    }
    Ok(())
}

/// Lets votes gather in the queue for `away`, empties Redis, and lets votes gather again.
async fn forget_what_is_queued(away: Duration, stack: &RealStack) -> Result<()> {
    // One that just ended by another fault settles nothing either.
    let frozen: Vec<&ServiceProcess> = stack
        .workers
        .iter()
        .filter(|worker| worker.pause().is_ok())
        .collect();
    sleep(away).await;
    let emptied = stack.servers()?.restart_redis_empty().await;
    sleep(away * 2).await;
    for worker in frozen {
        worker.resume()?;
    }
    emptied
}

async fn freeze_server(server: &Server, away: Duration) -> Result<()> {
    server.pause()?;
    sleep(away).await;
    server.resume()
}

/// Kills a service and starts it again after `away`.
pub(crate) async fn restart_service(
    of: &[ServiceProcess],
    which: usize,
    away: Duration,
) -> Result<()> {
    let service = &of[which % of.len()];
    service.kill();
    sleep(away).await;
    // Not waited for: while something else is broken too, it cannot be ready.
    start_without_waiting(service).await
}

/// Starts `service`; an error only where the process ends at once.
async fn start_without_waiting(service: &ServiceProcess) -> Result<()> {
    let starting = tokio::time::timeout(Duration::from_secs(5), service.start());
    match starting.await {
        Ok(started) => started,
        Err(_still_starting) => Ok(()),
    }
}

async fn restart_server(server: &Server, end: End, away: Duration) -> Result<()> {
    match end {
        End::Orderly => server.stop().await?,
        End::Sudden => server.kill(),
    }
    sleep(away).await;
    server.start().await
}

/// Brings everything back and waits until it is ready; answers which services had ended
/// without anybody killing them.
///
/// # Errors
/// When something does not come back.
pub(crate) async fn heal(stack: &RealStack) -> Result<Vec<String>> {
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
    try_join_all(services.into_iter().map(ServiceProcess::start)).await?;
    Ok(gone)
}
