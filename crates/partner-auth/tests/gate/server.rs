//! A service of its own for each test, partners of it, and requests that they sign.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use anyhow::Result;
use bootstrap::Secret;
use bootstrap::settings::{Http, Redis, SigningKey};
use chrono::{DateTime, Utc};
use http_kit::{Actor, BearerScheme, Json, Meter, Path, Site, Tokens};
use partner_auth::{
    Caller, MaybeVoter, PartnerAuth, PartnerScheme, SecretOwner, Vault, VotingCaller, draw_secret,
};
use partner_signature::SignedParts;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use test_stack::{Stack, TestScope};
use tokio_util::sync::{CancellationToken, DropGuard};
use utoipa::OpenApi;
use uuid::Uuid;
use vote_cache::Cache;
use vote_domain::{Clock, Ids, PartnerId, Role, UserId, VoterKind};
use vote_store::audit::{Act, AuditActor};
use vote_store::partners::{NewPartner, NewPartnerKey};
use vote_store::{MysqlSettings, Store};

/// The key that seals secrets.
pub(crate) const VAULT_KEY: [u8; 32] = [7; 32];

#[derive(OpenApi)]
#[openapi(
    paths(call, read, vote, glance, open, guarded),
    modifiers(&BearerScheme, &PartnerScheme)
)]
struct Api;

#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
}

fn told(caller: &Caller) -> Value {
    match caller {
        Caller::Member(actor) => json!({"member": actor.user_id}),
        Caller::Partner(partner) => json!({
            "partner": partner.partner_id, "key": partner.key_id,
            "kind": partner.voter_kind, "nonce": partner.nonce,
        }),
    }
}

#[utoipa::path(post, path = "/api/v1/things/{thing_id}", responses((status = 200)),
    security(("bearer" = []), ("partner" = [])))]
async fn call(id: Path<Uuid>, caller: Caller, body: Json<Thing>) -> HttpResponse {
    let (id, name) = (id.into_inner(), &body.name);
    HttpResponse::Ok().json(json!({"id": id, "name": name, "caller": told(&caller)}))
}

#[utoipa::path(get, path = "/api/v1/things", responses((status = 200)),
    security(("bearer" = []), ("partner" = [])))]
async fn read(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(told(&caller))
}

#[utoipa::path(post, path = "/api/v1/votes", responses((status = 200)),
    security(("bearer" = []), ("partner" = [])))]
async fn vote(who: VotingCaller) -> HttpResponse {
    HttpResponse::Ok().json(json!({"voter": who.voter.to_string()}))
}

#[utoipa::path(get, path = "/api/v1/glance", responses((status = 200)),
    security((), ("bearer" = []), ("partner" = [])))]
async fn glance(who: MaybeVoter) -> HttpResponse {
    let voter = who.0.map(|voter| voter.to_string());
    HttpResponse::Ok().json(json!({"voter": voter}))
}

#[utoipa::path(post, path = "/api/v1/open", responses((status = 200)))]
async fn open() -> HttpResponse {
    HttpResponse::Ok().json(json!({}))
}

#[utoipa::path(get, path = "/api/v1/guarded", responses((status = 200)), security(("bearer" = [])))]
async fn guarded(actor: Actor) -> HttpResponse {
    HttpResponse::Ok().json(json!({"member": actor.user_id}))
}

fn configure(config: &mut ServiceConfig) {
    config
        .route("/things/{id}", web::post().to(call))
        .route("/things", web::get().to(read))
        .route("/votes", web::post().to(vote))
        .route("/glance", web::get().to(glance))
        .route("/open", web::post().to(open))
        .route("/guarded", web::get().to(guarded))
        .route("/undescribed", web::get().to(read));
}

/// Where rows lie, until the test is over.
enum Place {
    Folder(#[expect(dead_code, reason = "kept until dropped")] tempfile::TempDir),
    Server(#[expect(dead_code, reason = "kept until dropped")] TestScope),
}

/// A running service.
pub(crate) struct Server {
    base_url: String,
    client: reqwest::Client,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) clock: Clock,
    tokens: Tokens,
    _stop: DropGuard,
    _place: Option<Place>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: String,
    pub(crate) body: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, &self.body["code"]),
            (status, &json!(code)),
            "{}",
            self.body
        );
        self.body
    }
}

/// A partner's server: its key and secret.
#[derive(Clone, Debug)]
pub(crate) struct PartnerServer {
    pub(crate) partner: PartnerId,
    pub(crate) key: Uuid,
    pub(crate) secret: Secret,
}

/// A request about to be signed, and what may be wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) timestamp: i64,
    pub(crate) nonce: String,
    pub(crate) body: String,
    pub(crate) voter: Option<String>,
}

impl Server {
    /// On an SQLite file and a cache in memory, with a clock that stands still.
    pub(crate) async fn sqlite() -> Result<Self> {
        Self::sqlite_with(&[VAULT_KEY]).await
    }

    /// The same, with these keys to open secrets.
    pub(crate) async fn sqlite_with(vault: &[[u8; 32]]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        store.migrate().await?;
        let clock = Clock::manual("2026-03-29T00:30:00Z".parse()?);
        let cache = Cache::memory(clock.clone(), 0, Ids::random());
        Self::on(store, cache, clock, vault, Some(Place::Folder(folder))).await
    }

    /// Two services on one MariaDB and one Redis.
    pub(crate) async fn two(test: &str) -> Result<(Self, Self)> {
        let scope = Stack::isolated(test).await?;
        let redis = Redis {
            url: Some(Secret::new(scope.redis_url.clone())),
            key_prefix: scope.redis_prefix.trim_end_matches(':').to_owned(),
            response_timeout_ms: 5_000,
            ..Redis::default()
        };
        let open = || -> Result<_> {
            let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
            Ok((store, Cache::redis(&redis, 0, Ids::random())?))
        };
        let ((store, cache), (other_store, other_cache)) = (open()?, open()?);
        store.migrate().await?;
        let (clock, vault) = (Clock::system(), [VAULT_KEY]);
        let one = Self::on(other_store, other_cache, clock.clone(), &vault, None).await?;
        let two = Self::on(store, cache, clock, &vault, Some(Place::Server(scope))).await?;
        Ok((one, two))
    }

    /// On the SQLite file of another test's making and a Redis that is not there.
    pub(crate) async fn without_redis() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        store.migrate().await?;
        let redis = Redis {
            url: Some(Secret::new("redis://127.0.0.1:1")),
            response_timeout_ms: 100,
            ..Redis::default()
        };
        let cache = Cache::redis(&redis, 0, Ids::random())?;
        Self::on(
            store,
            cache,
            Clock::system(),
            &[VAULT_KEY],
            Some(Place::Folder(folder)),
        )
        .await
    }

    async fn on(
        store: Store,
        cache: Cache,
        clock: Clock,
        vault: &[[u8; 32]],
        place: Option<Place>,
    ) -> Result<Self> {
        let key = SigningKey {
            id: "test".to_owned(),
            secret: Secret::new("0123456789abcdef0123456789abcdef"),
        };
        let tokens = Tokens::new(&[key], 900, clock.clone())?;
        let auth = PartnerAuth::new(
            store.clone(),
            cache.clone(),
            Vault::new(vault),
            &Api::openapi(),
        );
        let http = Http {
            port: 0,
            threads: 2,
            ..Http::default()
        };
        let stop = CancellationToken::new();
        let listening = Site::new(&http, Api::openapi(), Meter::install()?, Ids::random())
            .with_tokens(tokens.clone())
            .with_gate(auth.gate())
            .with_routes(|config| {
                config.app_data(Data::new(()));
                configure(config);
            })
            .listen(stop.clone())?;
        Ok(Self {
            base_url: format!("http://{}", listening.address()),
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(20))
                .build()?,
            store,
            cache,
            clock,
            tokens,
            _stop: stop.drop_guard(),
            _place: place,
        })
    }

    /// Admits a partner with voters of `kind`.
    pub(crate) async fn partner(&self, kind: &str) -> Result<PartnerServer> {
        let ids = Ids::random();
        let partner = NewPartner {
            partner_id: ids.next(),
            name: kind.to_owned(),
            voter_kind: kind.parse::<VoterKind>()?,
            created_at: self.clock.now(),
        };
        let (server, key) = self.key(partner.partner_id)?;
        self.store
            .create_partner(&partner, &key, &self.act())
            .await?;
        Ok(server)
    }

    /// Gives the partner one more key.
    pub(crate) async fn another_key(&self, partner: PartnerId) -> Result<PartnerServer> {
        let (server, key) = self.key(partner)?;
        self.give(&key).await?;
        Ok(server)
    }

    pub(crate) async fn give(&self, key: &NewPartnerKey) -> Result<()> {
        self.store.add_partner_key(key, &self.act()).await?;
        Ok(())
    }

    /// A key that is not given yet.
    pub(crate) fn key(&self, partner: PartnerId) -> Result<(PartnerServer, NewPartnerKey)> {
        let ids = Ids::random();
        let (key_id, secret) = (ids.next(), draw_secret(&ids));
        let owner = SecretOwner {
            key_id,
            partner_id: partner,
        };
        let key = NewPartnerKey {
            key_id,
            partner_id: partner,
            sealed: Vault::new(&[VAULT_KEY]).seal(owner, &secret, &ids)?,
            created_at: self.clock.now(),
        };
        Ok((
            PartnerServer {
                partner,
                key: key_id,
                secret,
            },
            key,
        ))
    }

    pub(crate) async fn revoke(&self, server: &PartnerServer) -> Result<()> {
        let act = self.act();
        self.store
            .revoke_partner_key(server.partner, server.key, &act)
            .await?;
        Ok(())
    }

    fn act(&self) -> Act {
        Act {
            audit_id: Ids::random().next(),
            at: self.clock.now(),
            actor: AuditActor::System,
        }
    }

    /// A member's access token.
    pub(crate) fn token(&self, user: UserId) -> String {
        let actor = Actor {
            user_id: user,
            role: Role::Member,
            session_id: Uuid::nil(),
        };
        self.tokens.sign(actor).unwrap()
    }

    /// A sound request, of this second.
    pub(crate) fn draft(&self, method: Method, path: &str) -> Draft {
        Draft {
            method,
            path: format!("/api/v1{path}"),
            timestamp: self.clock.now().timestamp(),
            nonce: Ids::random().next::<Uuid>().to_string(),
            body: String::new(),
            voter: None,
        }
    }

    /// A sound request with a body.
    pub(crate) fn post(&self) -> Draft {
        Draft {
            body: r#"{"name":"x"}"#.to_owned(),
            ..self.draft(Method::POST, &format!("/things/{}?a=%20b&c", Uuid::nil()))
        }
    }

    /// `draft` as it is, with these headers.
    pub(crate) fn unsigned(&self, draft: &Draft) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.base_url, draft.path);
        let mut request = self.client.request(draft.method.clone(), url);
        if !draft.body.is_empty() {
            request = request
                .header("content-type", "application/json")
                .body(draft.body.clone());
        }
        if let Some(voter) = &draft.voter {
            request = request.header("x-tally-voter", voter);
        }
        request
    }

    /// Sends `draft` signed by `who`.
    pub(crate) async fn send(&self, who: &PartnerServer, draft: &Draft) -> Result<Answer> {
        self.send_as(who, draft, draft).await
    }

    /// Sends `sent` with the signature of `signed`.
    pub(crate) async fn send_as(
        &self,
        who: &PartnerServer,
        signed: &Draft,
        sent: &Draft,
    ) -> Result<Answer> {
        let mut request = self.unsigned(sent);
        let mut headers = signed.headers(who);
        headers[1].1 = sent.timestamp.to_string();
        headers[2].1.clone_from(&sent.nonce);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.answer(request).await
    }

    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after");
        let retry_after = retry_after
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        let body = answer.bytes().await?;
        Ok(Answer {
            status,
            retry_after,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    /// Redis' time, or the clock's.
    pub(crate) async fn now(&self) -> Result<DateTime<Utc>> {
        Ok(self.cache.now().await?)
    }
}

impl Draft {
    pub(crate) fn headers(&self, who: &PartnerServer) -> [(&'static str, String); 4] {
        SignedParts {
            method: self.method.as_str(),
            path_and_query: &self.path,
            timestamp: self.timestamp,
            nonce: &self.nonce,
            body: self.body.as_bytes(),
        }
        .headers(&who.key.to_string(), who.secret.expose())
    }
}
