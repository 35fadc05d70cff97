//! The vote gateway as a process of its own.

use actix_web::web::Data;
use anyhow::Context;
use bootstrap::settings::ConfigFile;
use clap::Parser;
use http_kit::{Meter, RateLimits, Site, Tokens};
use partner_auth::{PartnerAuth, Vault};
use utoipa::OpenApi;
use vote_cache::Cache;
use vote_domain::{Clock, Ids};
use vote_gateway::{Gateway, GatewayParts, GatewaySettings, routes};
use vote_queue::{Queue, RabbitSettings};
use vote_store::{MysqlSettings, Store};

/// Cheaper than the system's where many small pieces come and go on several threads; see
/// `docs/PERFORMANCE.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The service's own default for `http.port`.
const PORT: u16 = 8081;

/// Admits votes and enqueues them to RabbitMQ.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(flatten)]
    config: ConfigFile,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Command::parse().config.load(PORT)?;
    bootstrap::tracing::init(&settings.log)?;
    let shutdown = bootstrap::signals::shutdown_token()?;
    let ids = Ids::random();
    let meter = Meter::install()?;

    let store = Store::mysql(&MysqlSettings::from_settings(&settings.mysql)?)?;
    let cache = Cache::redis(&settings.redis, settings.cache.jitter_percent, ids.clone())?;
    let rabbit = RabbitSettings::from_settings(&settings.rabbitmq, "vote-gateway")?;
    let queue = Queue::rabbit(&rabbit, &ids)?;
    let tokens = Tokens::new(
        &settings.auth.signing_keys()?,
        settings.auth.access_token_s,
        Clock::system(),
    )?;

    let api = routes::Api::openapi();
    let vault = Vault::from_settings(&settings.partners);
    let partners = PartnerAuth::new(store.clone(), cache.clone(), vault, &api);
    let parts = GatewayParts {
        store,
        cache,
        queue: queue.clone(),
        ids: ids.clone(),
    };
    let gateway = Gateway::new(parts, GatewaySettings::from_settings(&settings));
    let noting = gateway.clone();
    let stop = shutdown.clone();
    tokio::spawn(async move { noting.note_epoch(stop).await });

    let serving = gateway.clone();
    let listening = Site::new(&settings.http, api, meter, ids)
        .with_tokens(tokens)
        .with_gate(partners.gate())
        .with_rate_limits(RateLimits::from_settings(&settings.rate_limits), &[])
        .with_readiness(gateway.readiness())
        .with_routes(move |config| {
            config.app_data(Data::new(serving.clone()));
            routes::configure(config);
        })
        .listen(shutdown)
        .context("vote-gateway")?;
    tracing::info!(address = %listening.address(), "vote-gateway listens");
    listening.stopped().await?;
    gateway.drain().await;
    queue.close().await;
    tracing::info!("vote-gateway stopped");
    Ok(())
}
