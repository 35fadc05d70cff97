//! The vote worker as a process of its own.

use anyhow::Context;
use bootstrap::settings::ConfigFile;
use clap::Parser;
use http_kit::{Meter, Site};
use utoipa::OpenApi;
use vote_cache::Cache;
use vote_domain::{Clock, Ids};
use vote_queue::{Queue, RabbitSettings};
use vote_store::{MysqlSettings, Store};
use vote_worker::{Worker, WorkerParts, WorkerSettings};

/// Cheaper than the system's where many small pieces come and go on several threads; see
/// `docs/PERFORMANCE.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The service's own default for `http.port`.
const PORT: u16 = 8091;

/// Settles votes: from RabbitMQ to MySQL.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(flatten)]
    config: ConfigFile,
}

/// The worker has no routes of its own, only those of every service.
#[derive(OpenApi)]
#[openapi(info(title = "Tally: worker", description = "Settles votes."))]
struct Api;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Command::parse().config.load(PORT)?;
    bootstrap::tracing::init(&settings.log)?;
    let shutdown = bootstrap::signals::shutdown_token()?;
    let ids = Ids::random();
    let meter = Meter::install()?;

    let rabbit = RabbitSettings::from_settings(&settings.rabbitmq, "vote-worker")?;
    let queue = Queue::rabbit(&rabbit, &ids)?;
    let parts = WorkerParts {
        store: Store::mysql(&MysqlSettings::from_settings(&settings.mysql)?)?,
        cache: Cache::redis(&settings.redis, settings.cache.jitter_percent, ids.clone())?,
        queue: queue.clone(),
        clock: Clock::system(),
        ids: ids.clone(),
    };
    let worker = Worker::new(parts, WorkerSettings::from_settings(&settings));

    let listening = Site::new(&settings.http, Api::openapi(), meter, ids)
        .with_readiness(worker.readiness())
        .listen(shutdown.clone())
        .context("vote-worker")?;
    tracing::info!(address = %listening.address(), worker = %worker.id(), "vote-worker listens");
    worker.run(shutdown).await;
    listening.stopped().await?;
    queue.close().await;
    tracing::info!("vote-worker stopped");
    Ok(())
}
