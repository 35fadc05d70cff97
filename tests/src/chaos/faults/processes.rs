//! Processes that end, or stand still.

use std::time::Duration;

use anyhow::Result;
use test_stack::{Server, ServiceProcess};
use tokio::time::sleep;

use crate::chaos::plan::{End, Part};
use crate::real_stack::RealStack;

/// Longest a service may take to end in good order before it is killed.
const ORDERLY_WITHIN: Duration = Duration::from_secs(20);

/// How long a start is waited for: while something else is broken too, a service cannot
/// be ready.
const START_WAIT: Duration = Duration::from_secs(5);

pub(super) async fn restart(
    part: Part,
    which: usize,
    end: End,
    away: Duration,
    stack: &RealStack,
) -> Result<()> {
    let servers = stack.servers()?;
    match part {
        Part::Catalog => end_service(&stack.catalog, end, away).await,
        Part::Worker => end_service(of(&stack.workers, which), end, away).await,
        Part::Gateway => end_service(of(&stack.gateways, which), end, away).await,
        Part::Redis => {
            let n = which % servers.redis_masters().len();
            servers.redis_masters()[n].kill();
            sleep(away).await;
            servers.restart_redis_master_empty(n).await
        }
        Part::RabbitMq => {
            let brokers = servers.brokers();
            restart_server(brokers[which % brokers.len()], end, away).await
        }
        Part::MariaDb => restart_server(&servers.mariadb, end, away).await,
    }
}

pub(super) async fn freeze(
    part: Part,
    which: usize,
    away: Duration,
    stack: &RealStack,
) -> Result<()> {
    let servers = stack.servers()?;
    match part {
        Part::Catalog => freeze_one(&stack.catalog, away).await,
        Part::Worker => freeze_service(&stack.workers, which, away).await,
        Part::Gateway => freeze_service(&stack.gateways, which, away).await,
        Part::Redis => {
            let masters = servers.redis_masters();
            freeze_server(masters[which % masters.len()], away).await
        }
        Part::RabbitMq => {
            let brokers = servers.brokers();
            freeze_server(brokers[which % brokers.len()], away).await
        }
        Part::MariaDb => freeze_server(&servers.mariadb, away).await,
    }
}

/// Cuts one broker of a cluster off from the others for `away`.
pub(super) async fn cut_off(which: usize, away: Duration, stack: &RealStack) -> Result<()> {
    let servers = stack.servers()?;
    let n = which % servers.brokers().len();
    servers.cut_off_broker(n).await?;
    sleep(away).await;
    servers.rejoin_broker(n).await
}

/// Lets votes gather in the queue for `away`, empties Redis, and lets votes gather again.
pub(super) async fn forget_what_is_queued(
    which: usize,
    away: Duration,
    stack: &RealStack,
) -> Result<()> {
    let servers = stack.servers()?;
    // One that just ended by another fault settles nothing either.
    let frozen: Vec<&ServiceProcess> = stack
        .workers
        .iter()
        .filter(|worker| worker.pause().is_ok())
        .collect();
    sleep(away).await;
    let n = which % servers.redis_masters().len();
    let emptied = servers.restart_redis_master_empty(n).await;
    sleep(away * 2).await;
    for worker in frozen {
        worker.resume()?;
    }
    emptied
}

/// Freezes one of several services for `away`.
pub(crate) async fn freeze_service(
    services: &[ServiceProcess],
    which: usize,
    away: Duration,
) -> Result<()> {
    freeze_one(of(services, which), away).await
}

/// Kills one of several services and starts it again after `away`.
pub(crate) async fn restart_service(
    services: &[ServiceProcess],
    which: usize,
    away: Duration,
) -> Result<()> {
    end_service(of(services, which), End::Sudden, away).await
}

fn of(services: &[ServiceProcess], which: usize) -> &ServiceProcess {
    &services[which % services.len()]
}

async fn freeze_one(service: &ServiceProcess, away: Duration) -> Result<()> {
    // One that just ended by a fault before is about to start: there is nothing to freeze.
    if service.pause().is_ok() {
        sleep(away).await;
        service.resume()?;
    }
    Ok(())
}

async fn end_service(service: &ServiceProcess, end: End, away: Duration) -> Result<()> {
    match end {
        End::Sudden => service.kill(),
        End::Orderly => {
            // One that cannot say goodbye to a server that is broken too is killed.
            let _ = service.terminate(ORDERLY_WITHIN).await;
        }
    }
    sleep(away).await;
    match tokio::time::timeout(START_WAIT, service.start()).await {
        Ok(started) => started,
        Err(_still_starting) => Ok(()),
    }
}

async fn freeze_server(server: &Server, away: Duration) -> Result<()> {
    server.pause()?;
    sleep(away).await;
    server.resume()
}

async fn restart_server(server: &Server, end: End, away: Duration) -> Result<()> {
    match end {
        End::Orderly => server.stop().await?,
        End::Sudden => server.kill(),
    }
    sleep(away).await;
    server.start().await
}
