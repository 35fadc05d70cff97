//! Putting the services together, and taking them down in order.

use std::net::SocketAddr;
use std::path::PathBuf;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, get};
use anyhow::{Context, Result};
use bootstrap::Settings;
use catalog::{Catalog, CatalogParts, CatalogSettings};
use http_kit::{Listening, Meter, RateLimits, Site, Tokens};
use partner_auth::{PartnerAuth, Vault};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use uuid::Uuid;
use vote_cache::Cache;
use vote_domain::{Clock, Ids};
use vote_gateway::{Gateway, GatewayParts, GatewaySettings};
use vote_queue::{BallotBox, EmbeddedSettings, Queue};
use vote_store::Store;
use vote_worker::{Worker, WorkerParts, WorkerSettings};

use crate::data_dir::DataDir;
use crate::demo;
use crate::web::Web;

/// Voter states in memory end with the process, but nothing is in flight when it listens
/// again: they are always the same incarnation.
const EPOCH: Uuid = Uuid::from_u128(1);

/// How to start.
#[derive(Debug)]
pub struct Options {
    /// Where the data lie.
    pub data_dir: DataDir,
    /// Settings; those of MySQL, RabbitMQ and Redis are not used.
    pub settings: Settings,
    /// Whether to put demo restaurants, members, reviews and votes there.
    pub demo: bool,
    /// The time.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// The folder of the front end as it was built; none to do without.
    pub web: Option<PathBuf>,
}

/// Tally, running.
pub struct Standalone {
    listening: Listening,
    working: JoinHandle<()>,
    gateway: Gateway,
    queue: Queue,
    stop_working: CancellationToken,
}

impl Standalone {
    /// Starts everything; once it returns, it answers. What a former process left in the
    /// queue is settled before.
    ///
    /// # Errors
    /// The folder is in use or broken, the port is taken, or there is no front end where it
    /// is said to be.
    pub async fn start(options: Options, shutdown: CancellationToken) -> Result<Self> {
        let Options {
            data_dir,
            mut settings,
            demo,
            clock,
            ids,
            web,
        } = options;
        let web = web.map(|folder| Web::load(&folder)).transpose()?;
        // Before all others, for they take what they measure with from it.
        let meter = Meter::install()?;
        let queue = Queue::embedded(EmbeddedSettings::at(data_dir.queue()))
            .await
            .with_context(|| {
                format!(
                    "{} (is another Tally running on it?)",
                    data_dir.path().display()
                )
            })?;
        queue.declare(&BallotBox::reviews()).await?;
        let store = Store::sqlite(data_dir.database()).await?;
        store.migrate().await?;
        let cache = Cache::memory(clock.clone(), settings.cache.jitter_percent, ids.clone());
        cache.set_epoch_if_absent(EPOCH).await?;
        if settings.auth.secret.is_none() && settings.auth.keys.is_empty() {
            settings.auth.secret = Some(data_dir.signing_secret(&ids)?);
        }
        if settings.partners.secret_key.is_none() {
            settings.partners.secret_key = Some(data_dir.partner_secret_key(&ids)?);
        }
        let lifetime_s = settings.auth.access_token_s;
        let tokens = Tokens::new(&settings.auth.signing_keys()?, lifetime_s, clock.clone())?;

        let stop_working = CancellationToken::new();
        let parts = WorkerParts {
            store: store.clone(),
            cache: cache.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let worker = Worker::new(parts, WorkerSettings::from_settings(&settings));
        worker.drain(&stop_working).await?;
        let (work, stop) = (worker.clone(), stop_working.clone());
        let working = tokio::spawn(async move { work.run(stop).await });

        let parts = GatewayParts {
            store: store.clone(),
            cache: cache.clone(),
            queue: queue.clone(),
            ids: ids.clone(),
        };
        let gateway = Gateway::new(parts, GatewaySettings::from_settings(&settings));
        gateway.note_epoch(shutdown.clone()).await;
        let parts = CatalogParts {
            store: store.clone(),
            cache: cache.clone(),
            queue: queue.clone(),
            tokens: tokens.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let catalog = Catalog::new(parts, CatalogSettings::from_settings(&settings));
        catalog::ensure_admin(&catalog, &settings.admin).await?;
        catalog::reseal_partner_secrets(&catalog).await?;
        if demo {
            demo::open_campaign(&store, &queue, &clock, &ids).await?;
            demo::seed(&store, &gateway, &clock, &ids).await?;
        }

        let mut api = catalog::Api::openapi();
        api.merge(vote_gateway::routes::Api::openapi());
        api.info.title = "Tally".to_owned();
        api.info.description = Some("All of Tally in one process, to try it.".to_owned());
        let vault = Vault::from_settings(&settings.partners);
        let partners = PartnerAuth::new(store, cache, vault, &api);
        let votes = gateway.clone();
        let listening = Site::new(&settings.http, api, meter, ids)
            .with_tokens(tokens)
            .with_gate(partners.gate())
            .with_rate_limits(
                RateLimits::from_settings(&settings.rate_limits),
                &catalog::RATE_RULES,
            )
            .with_readiness(gateway.readiness().and(worker.readiness()))
            .with_routes(move |config| {
                config.app_data(Data::new(catalog.clone()));
                catalog::configure(config);
            })
            .with_routes(move |config| {
                config.app_data(Data::new(votes.clone()));
                vote_gateway::routes::configure(config);
            })
            .with_pages(move |config| match &web {
                Some(web) => web.configure(config),
                None => {
                    config.route("/", get().to(welcome));
                }
            })
            .listen(shutdown)?;
        Ok(Self {
            listening,
            working,
            gateway,
            queue,
            stop_working,
        })
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Waits until it was told to stop, then answers what was asked, settles the batches
    /// in hand and closes the files.
    ///
    /// # Errors
    /// The server broke.
    pub async fn stopped(self) -> Result<()> {
        self.listening.stopped().await?;
        self.gateway.drain().await;
        self.stop_working.cancel();
        self.working
            .await
            .context("the worker ended unexpectedly")?;
        self.queue.close().await;
        Ok(())
    }
}

/// `GET /` without a front end: the page to try the API with.
async fn welcome() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}
