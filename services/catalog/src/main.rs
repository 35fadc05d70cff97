//! The catalog as a process of its own.

use std::time::Duration;

use actix_web::web::Data;
use anyhow::Context;
use bootstrap::{ConfigFile, Settings};
use catalog::{
    Api, Catalog, CatalogParts, CatalogSettings, RATE_RULES, configure, ensure_admin,
    keep_ballot_boxes, reseal_partner_secrets,
};
use clap::Parser;
use http_kit::{Meter, RateLimits, Site, Tokens};
use partner_auth::{PartnerAuth, Vault};
use utoipa::OpenApi;
use vote_cache::Cache;
use vote_domain::{Clock, Ids};
use vote_queue::{BallotBox, Queue, RabbitSettings, TopologyError};
use vote_store::{MysqlSettings, Store};

/// Cheaper than the system's where many small pieces come and go on several threads; see
/// `docs/PERFORMANCE.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The service's own default for `http.port`.
const PORT: u16 = 8082;

/// How long to wait before a server that is away is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Serves accounts, restaurants, reviews, campaigns, boards and partners.
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
    let (clock, ids) = (Clock::system(), Ids::random());
    let meter = Meter::install()?;

    let store = Store::mysql(&MysqlSettings::from_settings(&settings.mysql)?)?;
    let cache = Cache::redis(&settings.redis, settings.cache.jitter_percent, ids.clone())?;
    let tokens = Tokens::new(
        &settings.auth.signing_keys()?,
        settings.auth.access_token_s,
        clock.clone(),
    )?;
    let rabbit = RabbitSettings::from_settings(&settings.rabbitmq, "catalog")?;
    let queue = Queue::rabbit(&rabbit, &ids)?;
    let preparing = prepare(&settings, &store, &queue);
    match shutdown.run_until_cancelled(preparing).await {
        Some(prepared) => prepared?,
        None => return Ok(()),
    }

    let vault = Vault::from_settings(&settings.partners);
    let partners = PartnerAuth::new(store.clone(), cache.clone(), vault, &Api::openapi());
    let parts = CatalogParts {
        store,
        cache,
        queue: queue.clone(),
        tokens: tokens.clone(),
        clock,
        ids: ids.clone(),
    };
    let catalog = Catalog::new(parts, CatalogSettings::from_settings(&settings));
    ensure_admin(&catalog, &settings.admin)
        .await
        .context("the first admin")?;
    reseal_partner_secrets(&catalog)
        .await
        .context("partners' secrets")?;

    let (boxes, until) = (keep_ballot_boxes(catalog.clone()), shutdown.clone());
    let keeping = tokio::spawn(async move { until.run_until_cancelled(boxes).await });

    let serving = catalog.clone();
    let listening = Site::new(&settings.http, Api::openapi(), meter, ids)
        .with_tokens(tokens)
        .with_gate(partners.gate())
        .with_rate_limits(
            RateLimits::from_settings(&settings.rate_limits),
            &RATE_RULES,
        )
        .with_readiness(catalog.readiness())
        .with_routes(move |config| {
            config.app_data(Data::new(serving.clone()));
            configure(config);
        })
        .listen(shutdown)
        .context("catalog")?;
    tracing::info!(address = %listening.address(), "catalog listens");
    listening.stopped().await?;
    keeping.await.context("looking after ballot boxes")?;
    queue.close().await;
    tracing::info!("catalog stopped");
    Ok(())
}

/// Brings the schema up to date, or waits for it, and declares the ballot box: gateways and workers expect
/// both, and make neither. Waits for servers that are not there yet.
async fn prepare(settings: &Settings, store: &Store, queue: &Queue) -> anyhow::Result<()> {
    bring_up_schema(store, settings.mysql.migrate_on_start).await?;
    loop {
        match queue.declare(&BallotBox::reviews()).await {
            Ok(()) => return Ok(()),
            Err(TopologyError::Unavailable(reason)) => {
                tracing::warn!(%reason, "waiting for the queue");
                tokio::time::sleep(RETRY_AFTER).await;
            }
            Err(error) => return Err(error).context("the ballot box"),
        }
    }
}

/// Brings the schema up to date, or waits until somebody else has.
async fn bring_up_schema(store: &Store, migrates: bool) -> anyhow::Result<()> {
    loop {
        let pending = if migrates {
            store.migrate().await.map(|()| Vec::new())
        } else {
            store.schema_version().await.map(|version| version.pending)
        };
        match pending {
            Ok(pending) if pending.is_empty() => return Ok(()),
            Ok(pending) => tracing::warn!(
                ?pending,
                "waiting for `votectl migrate`: `mysql.migrate_on_start` is off"
            ),
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "waiting for the database");
            }
            Err(error) => return Err(error).context("the schema"),
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}
