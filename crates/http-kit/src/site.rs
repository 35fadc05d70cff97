//! A service on the network: its routes with everything that surrounds them, from the
//! first bind to the last answer.

mod listen;

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error, HttpResponse};
use bootstrap::settings::Http;
use futures::future::LocalBoxFuture;
use utoipa::openapi::OpenApi;
use vote_domain::Ids;

use crate::address::Addresses;
use crate::edge::{Door, Edge, around};
use crate::extract::BodyTimeout;
use crate::health::{Readiness, livez, readyz};
use crate::meter::Meter;
use crate::rate::{RateLimits, RateRule, SiteLimits};
use crate::routes::{RouteTable, fallback};
use crate::{BodyLimit, Problem, Tokens, api_docs};

pub use listen::{Listening, ServeError};

/// What every path of the API begins with.
pub const API_BASE: &str = "/api/v1";

type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// A service's routes and what surrounds them. Build it once, then [`Site::listen`], or
/// take [`Site::app`] into actix' test utilities.
#[derive(Clone)]
pub struct Site {
    http: Http,
    edge: Arc<Edge>,
    api: OpenApi,
    meter: Meter,
    readiness: Readiness,
    tokens: Option<Tokens>,
    door: Door,
    routes: Vec<Routes>,
    pages: Vec<Routes>,
}

impl Site {
    /// A site without routes. `api` describes them; it also says which methods a path
    /// takes (405 with `Allow`), so it must name every route with its full path.
    #[must_use]
    pub fn new(http: &Http, mut api: OpenApi, meter: Meter, ids: Ids) -> Self {
        api_docs::describe(&mut api);
        Self {
            http: http.clone(),
            edge: Arc::new(Edge {
                ids,
                request_timeout: Duration::from_millis(http.request_timeout_ms),
                routes: RouteTable::new(&api),
                hsts_max_age: Duration::from_secs(http.hsts_max_age_s),
            }),
            api,
            meter,
            readiness: Readiness::new(),
            tokens: None,
            door: Door::default(),
            routes: Vec::new(),
            pages: Vec::new(),
        }
    }

    /// Verifies bearer tokens with `tokens`; without this no handler may take an
    /// [`Actor`](crate::Actor).
    #[must_use]
    pub fn with_tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Lets `gate` look at each request before its handler does, within the same time
    /// limit. It hands the request on, or refuses it with a problem. What it keeps of the
    /// request must not outlive the call.
    #[must_use]
    pub fn with_gate(
        mut self,
        gate: impl Fn(ServiceRequest) -> LocalBoxFuture<'static, Result<ServiceRequest, Problem>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.door.gate = Some(Arc::new(gate));
        self
    }

    /// Counts requests against `limits`; `rules` names the routes that are not counted as
    /// what their method is. Nothing is counted where there are no limits.
    #[must_use]
    pub fn with_rate_limits(mut self, limits: Option<RateLimits>, rules: &[RateRule]) -> Self {
        let limits = limits.map(|limits| SiteLimits {
            limits,
            rules: rules.to_vec(),
            addresses: Addresses::from_settings(&self.http),
        });
        self.door.limits = limits.map(Arc::new);
        self
    }

    /// Says at `/readyz` which of these parts is missing.
    #[must_use]
    pub fn with_readiness(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// Adds routes below [`API_BASE`]: their paths begin behind it, as in `/reviews`.
    /// May be called for several services; where two of them serve one path by
    /// different methods, both must add it with `ServiceConfig::route`.
    #[must_use]
    pub fn with_routes(
        mut self,
        routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
    ) -> Self {
        self.routes.push(Arc::new(routes));
        self
    }

    /// Adds what lies outside of the API, such as the front end's files, with full paths.
    /// Pages for browsers need a `Content-Security-Policy` of their own: the one that every
    /// answer gets where none is set allows nothing.
    #[must_use]
    pub fn with_pages(
        mut self,
        pages: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
    ) -> Self {
        self.pages.push(Arc::new(pages));
        self
    }

    /// The whole application, for one thread of the server or for a test.
    #[must_use]
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let (edge, door) = (Arc::clone(&self.edge), self.door.clone());
        let mut app = App::new()
            .app_data(BodyLimit(self.http.body_max_bytes))
            .app_data(BodyTimeout(Duration::from_millis(
                self.http.body_timeout_ms,
            )))
            .app_data(Data::new(self.readiness.clone()))
            .app_data(Data::new(self.meter.clone()))
            .app_data(Data::new(self.edge.routes.clone()));
        if let Some(tokens) = &self.tokens {
            app = app.app_data(Data::new(tokens.clone()));
        }
        app.configure(|config| self.mount(config))
            .default_service(web::to(fallback))
            .wrap(from_fn(move |request, next| {
                around(Arc::clone(&edge), door.clone(), request, next)
            }))
    }

    fn mount(&self, config: &mut ServiceConfig) {
        config
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(metrics));
        api_docs::mount(config, self.api.clone());
        let mut scope = web::scope(API_BASE);
        for routes in &self.routes {
            scope = scope.configure(|config| routes(config));
        }
        config.service(scope);
        for pages in &self.pages {
            pages(config);
        }
    }
}

async fn metrics(meter: Data<Meter>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(meter.render())
}
