//! A catalog of its own for each test, and a client that talks to it.

use std::time::Duration;

use actix_web::web::Data;
use anyhow::{Context, Result};
use bootstrap::Secret;
use bootstrap::settings::{self, Admin, Http, Redis, Settings, SigningKey};
use catalog::{
    Api, Catalog, CatalogParts, CatalogSettings, RATE_RULES, configure, ensure_admin,
    keep_ballot_boxes,
};
use chrono::{DateTime, Utc};
use http_kit::{Meter, RateLimits, Site, Tokens};
use partner_auth::{PartnerAuth, Vault};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use test_stack::{Stack, TestScope};
use tokio_util::sync::{CancellationToken, DropGuard};
use utoipa::OpenApi;
use uuid::Uuid;
use vote_cache::{Cache, VoterStates};
use vote_domain::review::QuotaPolicy;
use vote_domain::{Clock, Ids, UserId};
use vote_queue::{EmbeddedSettings, Queue, RabbitSettings};
use vote_store::{MysqlSettings, Store};

/// The password of everyone.
pub(crate) const PASSWORD: &str = "correct horse";

/// The first admin.
pub(crate) const ROOT: &str = "root";

/// Seals partners' secrets.
pub(crate) const PARTNER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Three votes a day, days as in Berlin.
pub(crate) fn policy() -> QuotaPolicy {
    QuotaPolicy {
        votes_per_day: 3,
        zone: "Europe/Berlin".parse().unwrap(),
    }
}

/// Where rows lie, until the test is over.
enum Place {
    Folder(tempfile::TempDir),
    Server(TestScope),
}

impl Place {
    /// A queue that works.
    async fn queue(&self) -> Result<Queue> {
        match self {
            Self::Folder(folder) => {
                let settings = EmbeddedSettings::at(folder.path().join("queue"));
                Ok(Queue::embedded(settings).await?)
            }
            Self::Server(scope) => {
                let queue = Queue::rabbit(&RabbitSettings::at(&scope.amqp_url), &Ids::random())?;
                queue.until_up().await;
                Ok(queue)
            }
        }
    }
}

/// What tests are held to: cheap passwords, and no limit to how often they call.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.auth.bcrypt_cost = 4;
    settings.rate_limits.enabled = false;
    settings.site.time_zone = policy().zone;
    settings.partners.secret_key = Some(Secret::new(PARTNER_KEY));
    settings
}

/// A running catalog, with a clock that stands still: nothing in a cache in memory runs
/// out by itself.
pub(crate) struct Server {
    base_url: String,
    client: reqwest::Client,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) states: VoterStates,
    pub(crate) clock: Clock,
    tokens: Tokens,
    /// Where the clock stands at first: a whole second.
    pub(crate) start: DateTime<Utc>,
    _stop: DropGuard,
    _place: Place,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Asserts a whole problem of this status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, &self.body["code"]),
            (status, &json!(code)),
            "{}",
            self.body
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        for member in ["type", "title", "status", "detail"] {
            assert!(!self.body[member].is_null(), "{member} of {}", self.body);
        }
        self.body
    }

    /// A header; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A member who signed in.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: UserId,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

impl Server {
    /// On an SQLite file and a cache in memory.
    pub(crate) async fn sqlite() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        // The days on which Berlin changes its clocks are as good as any.
        let clock = Clock::manual("2026-03-29T00:30:00Z".parse()?);
        let cache = Cache::memory(clock.clone(), 0, Ids::random());
        Self::on(store, cache, clock, Place::Folder(folder)).await
    }

    /// The same, with other settings.
    pub(crate) async fn sqlite_with(change: impl FnOnce(&mut Settings)) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        let clock = Clock::manual("2026-03-29T00:30:00Z".parse()?);
        let cache = Cache::memory(clock.clone(), 0, Ids::random());
        let place = Place::Folder(folder);
        let queue = place.queue().await?;
        let mut settings = settings();
        change(&mut settings);
        Self::with_settings(&settings, queue, store, cache, clock, place).await
    }

    /// The same, without a key to seal partners' secrets.
    pub(crate) async fn sqlite_without_partner_key() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        let clock = Clock::manual("2026-03-29T00:30:00Z".parse()?);
        let cache = Cache::memory(clock.clone(), 0, Ids::random());
        let place = Place::Folder(folder);
        let queue = place.queue().await?;
        let mut settings = settings();
        settings.partners.secret_key = None;
        Self::with_settings(&settings, queue, store, cache, clock, place).await
    }

    /// The same, with a broker that is not there.
    pub(crate) async fn sqlite_without_queue() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        let clock = Clock::manual("2026-03-29T00:30:00Z".parse()?);
        let cache = Cache::memory(clock.clone(), 0, Ids::random());
        let nobody = RabbitSettings {
            answer_timeout: Duration::from_millis(500),
            ..RabbitSettings::at("amqp://127.0.0.1:1")
        };
        let queue = Queue::rabbit(&nobody, &Ids::random())?;
        let place = Place::Folder(folder);
        Self::with_settings(&settings(), queue, store, cache, clock, place).await
    }

    /// On MariaDB and Redis.
    pub(crate) async fn mysql_and_redis(test: &str) -> Result<Self> {
        let scope = Stack::isolated(test).await?;
        let redis = Redis {
            url: Some(Secret::new(scope.redis_url.clone())),
            key_prefix: scope.redis_prefix.trim_end_matches(':').to_owned(),
            ..Redis::default()
        };
        Self::on_mysql(scope, &redis).await
    }

    /// On MariaDB, with a Redis that is not there.
    pub(crate) async fn mysql_without_redis(test: &str) -> Result<Self> {
        let scope = Stack::isolated(test).await?;
        let redis = Redis {
            url: Some(Secret::new("redis://127.0.0.1:1")),
            response_timeout_ms: 100,
            ..Redis::default()
        };
        Self::on_mysql(scope, &redis).await
    }

    /// The catalog as it would be after a restart with other keys for partners' secrets.
    pub(crate) fn restarted(&self, partners: &settings::Partners) -> Catalog {
        let parts = CatalogParts {
            store: self.store.clone(),
            cache: self.cache.clone(),
            queue: self.queue.clone(),
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
            ids: Ids::random(),
        };
        let settings = Settings {
            partners: partners.clone(),
            ..Settings::default()
        };
        Catalog::new(parts, CatalogSettings::from_settings(&settings))
    }

    async fn on_mysql(scope: TestScope, redis: &Redis) -> Result<Self> {
        let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
        let cache = Cache::redis(redis, 0, Ids::random())?;
        // Redis has a clock of its own, and admission goes by it.
        let now = DateTime::from_timestamp(Clock::system().now().timestamp(), 0);
        let clock = Clock::manual(now.context("the time")?);
        Self::on(store, cache, clock, Place::Server(scope)).await
    }

    async fn on(store: Store, cache: Cache, clock: Clock, place: Place) -> Result<Self> {
        let queue = place.queue().await?;
        Self::with_settings(&settings(), queue, store, cache, clock, place).await
    }

    async fn with_settings(
        settings: &Settings,
        queue: Queue,
        store: Store,
        cache: Cache,
        clock: Clock,
        place: Place,
    ) -> Result<Self> {
        store.migrate().await?;
        let start = clock.now();
        let ids = Ids::random();
        let key = SigningKey {
            id: "test".to_owned(),
            secret: Secret::new("0123456789abcdef0123456789abcdef"),
        };
        let tokens = Tokens::new(&[key], 900, clock.clone())?;
        let parts = CatalogParts {
            store: store.clone(),
            cache: cache.clone(),
            queue: queue.clone(),
            tokens: tokens.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let vault = Vault::from_settings(&settings.partners);
        let partners = PartnerAuth::new(store.clone(), cache.clone(), vault, &Api::openapi());
        let catalog = Catalog::new(parts, CatalogSettings::from_settings(settings));
        let admin = Admin {
            user_name: Some(ROOT.to_owned()),
            password: Some(Secret::new(PASSWORD)),
        };
        ensure_admin(&catalog, &admin).await?;
        let http = Http {
            threads: 2,
            ..Http::default()
        };
        let stop = CancellationToken::new();
        let boxes = keep_ballot_boxes(catalog.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(boxes));
        let listening = Site::new(&http, Api::openapi(), Meter::install()?, ids.clone())
            .with_tokens(tokens.clone())
            .with_gate(partners.gate())
            .with_rate_limits(
                RateLimits::from_settings(&settings.rate_limits),
                &RATE_RULES,
            )
            .with_readiness(catalog.readiness())
            .with_routes(move |config| {
                config.app_data(Data::new(catalog.clone()));
                configure(config);
            })
            .listen(stop.clone())?;
        Ok(Self {
            base_url: format!("http://{}", listening.address()),
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(20))
                .build()?,
            store,
            states: VoterStates::of_reviews(cache.clone(), ids),
            cache,
            queue,
            clock,
            tokens,
            start,
            _stop: stop.drop_guard(),
            _place: place,
        })
    }

    /// The day's votes of a member who used so many.
    pub(crate) fn votes_of_day(&self, used: u32) -> Value {
        let policy = policy();
        json!(policy.quota(policy.day(self.clock.now()), used))
    }

    /// A request below `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}/api/v1{path}", self.base_url))
    }

    /// A request of any path.
    pub(crate) fn request_at(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base_url))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn get_as(&self, who: &Member, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path).bearer_auth(&who.token))
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    pub(crate) async fn post_as(&self, who: &Member, path: &str, body: Value) -> Result<Answer> {
        let request = self.request(Method::POST, path).bearer_auth(&who.token);
        self.send(request.json(&body)).await
    }

    pub(crate) async fn put_as(&self, who: &Member, path: &str, body: Value) -> Result<Answer> {
        let request = self.request(Method::PUT, path).bearer_auth(&who.token);
        self.send(request.json(&body)).await
    }

    pub(crate) async fn patch_as(
        &self,
        who: &Member,
        path: &str,
        version: &str,
        body: Value,
    ) -> Result<Answer> {
        let request = self.request(Method::PATCH, path).bearer_auth(&who.token);
        self.send(request.header("if-match", version).json(&body))
            .await
    }

    pub(crate) async fn delete_as(&self, who: &Member, path: &str) -> Result<Answer> {
        self.send(self.request(Method::DELETE, path).bearer_auth(&who.token))
            .await
    }

    /// Asks again with the tag of `answer`.
    pub(crate) async fn get_if_changed(&self, path: &str, answer: &Answer) -> Result<Answer> {
        let request = self.request(Method::GET, path);
        self.send(request.header("if-none-match", answer.header("etag")))
            .await
    }

    /// Asks again as `who` with the tag of `answer`.
    pub(crate) async fn get_as_if_changed(
        &self,
        who: &Member,
        path: &str,
        answer: &Answer,
    ) -> Result<Answer> {
        let request = self.request(Method::GET, path).bearer_auth(&who.token);
        self.send(request.header("if-none-match", answer.header("etag")))
            .await
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Result<Member> {
        let login = json!({"user_name": name, "password": PASSWORD});
        let tokens = self.post("/sessions", login).await?.ok(200);
        let text = |name: &str| tokens[name].as_str().map(str::to_owned);
        let mut member = Member {
            id: UserId(Uuid::nil()),
            token: text("access_token").context("access_token")?,
            refresh_token: text("refresh_token").context("refresh_token")?,
        };
        let me = self.get_as(&member, "/me").await?.ok(200);
        member.id = me["user_id"].as_str().context("user_id")?.parse()?;
        Ok(member)
    }

    pub(crate) async fn member(&self, name: &str) -> Result<Member> {
        let login = json!({"user_name": name, "password": PASSWORD});
        self.post("/users", login).await?.ok(201);
        self.sign_in(name).await
    }

    /// A member who was given `role`, with a token from before.
    pub(crate) async fn member_with_role(&self, name: &str, role: &str) -> Result<Member> {
        let (member, root) = (self.member(name).await?, self.sign_in(ROOT).await?);
        let path = format!("/users/{}/role", member.id);
        self.put_as(&root, &path, json!({"role": role}))
            .await?
            .ok(200);
        Ok(member)
    }

    /// A restaurant with one item: their ids.
    pub(crate) async fn furnish(&self) -> Result<(String, String)> {
        let root = self.sign_in(ROOT).await?;
        let restaurant = self.add_restaurant(&root, "Noodle Bar").await?;
        let item = self.add_item(&root, &restaurant, "Ramen").await?;
        Ok((restaurant, item))
    }

    pub(crate) async fn add_restaurant(&self, who: &Member, name: &str) -> Result<String> {
        let body = json!({"name": name, "address": "1 Main Street", "description": "Good."});
        let restaurant = self.post_as(who, "/restaurants", body).await?.ok(201);
        Ok(id(&restaurant, "restaurant_id"))
    }

    pub(crate) async fn add_item(
        &self,
        who: &Member,
        restaurant: &str,
        name: &str,
    ) -> Result<String> {
        let path = format!("/restaurants/{restaurant}/items");
        let body = json!({"name": name, "description": ""});
        let item = self.post_as(who, &path, body).await?.ok(201);
        Ok(id(&item, "item_id"))
    }

    pub(crate) async fn add_review(
        &self,
        who: &Member,
        (restaurant, item): &(String, String),
        stars: u8,
    ) -> Result<String> {
        let path = format!("/restaurants/{restaurant}/reviews");
        let body = json!({"item_id": item, "stars": stars, "content": "It was fine. 👍"});
        let review = self.post_as(who, &path, body).await?.ok(201);
        Ok(id(&review, "review_id"))
    }
}

/// The id that `body` has as `name`.
#[track_caller]
pub(crate) fn id(body: &Value, name: &str) -> String {
    let id = body[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {body}"));
    assert!(Uuid::parse_str(id).is_ok(), "{id}");
    id.to_owned()
}

/// Writes one test for each stack.
macro_rules! on_each_stack {
    ($(async fn $name:ident($server:ident: Server) -> Result<()> $body:block)*) => {
        $(
            async fn $name($server: $crate::server::Server) -> anyhow::Result<()> $body
        )*
        mod sqlite_and_memory {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    super::$name($crate::server::Server::sqlite().await?).await
                }
            )*
        }
        mod mysql_and_redis {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    let name = concat!("catalog_", stringify!($name));
                    let server = $crate::server::Server::mysql_and_redis(name).await?;
                    super::$name(server).await
                }
            )*
        }
    };
}
pub(crate) use on_each_stack;
