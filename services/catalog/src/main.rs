//! The catalog as a process of its own.

use actix_web::web::Data;
use anyhow::Context;
use bootstrap::settings::ConfigFile;
use catalog::{Api, Catalog, CatalogParts, CatalogSettings, configure, ensure_admin};
use clap::Parser;
use http_kit::{Meter, Site, Tokens};
use utoipa::OpenApi;
use vote_cache::Cache;
use vote_domain::{Clock, Ids};
use vote_store::{MysqlSettings, Store};

/// The service's own default for `http.port`.
const PORT: u16 = 8081;

/// Serves accounts, restaurants, items and reviews.
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
    if settings.mysql.migrate_on_start {
        store.migrate().await.context("the schema")?;
    }
    // The queues that votes need are declared here, before anything is listening.

    let parts = CatalogParts {
        store,
        cache,
        tokens: tokens.clone(),
        clock,
        ids: ids.clone(),
    };
    let catalog = Catalog::new(parts, CatalogSettings::from_settings(&settings));
    ensure_admin(&catalog, &settings.admin)
        .await
        .context("the first admin")?;

    let serving = catalog.clone();
    let listening = Site::new(&settings.http, Api::openapi(), meter, ids)
        .with_tokens(tokens)
        .with_readiness(catalog.readiness())
        .with_routes(move |config| {
            config.app_data(Data::new(serving.clone()));
            configure(config);
        })
        .listen(shutdown)
        .context("catalog")?;
    tracing::info!(address = %listening.address(), "catalog listens");
    listening.stopped().await?;
    tracing::info!("catalog stopped");
    Ok(())
}
