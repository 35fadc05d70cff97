//! Carrying a plan out, and healing afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use test_stack::{Server, ServiceProcess};
use tokio::time::sleep;

use super::plan::{End, Fault, Kind, Plan};
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
    let servers = stack.servers()?;
    let broken = match kind {
        Kind::Worker => restart_service(&stack.workers, which, away).await,
        Kind::Gateway => restart_service(&stack.gateways, which, away).await,
        Kind::Redis => {
            servers.redis.kill();
            sleep(away).await;
            servers.restart_redis_empty().await
        }
        Kind::RabbitMq => restart_server(&servers.rabbitmq, end, away).await,
        Kind::MariaDb => restart_server(&servers.mariadb, end, away).await,
    };
    broken.with_context(|| format!("it did not come back after: {kind}"))
}

async fn restart_service(of: &[ServiceProcess], which: usize, away: Duration) -> Result<()> {
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

/// Brings everything back and waits until it is ready.
///
/// # Errors
/// When something does not come back.
pub(crate) async fn heal(stack: &RealStack) -> Result<()> {
    let services = [&stack.catalog]
        .into_iter()
        .chain(&stack.gateways)
        .chain(&stack.workers);
    try_join_all(services.map(ServiceProcess::start)).await?;
    Ok(())
}
