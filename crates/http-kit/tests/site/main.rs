//! A site with a few routes, asked what services' clients ask: by actix' test
//! utilities where the answer is enough, by a listening server where the wire matters.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

mod answers;
mod bodies;
mod gates;
mod operation;
mod rates;
mod server;
mod stream;
mod tokens;

use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use bootstrap::Secret;
use bootstrap::settings::{Http, SigningKey};
use chrono::DateTime;
use http_kit::page::{Cursor, Limit};
use http_kit::{
    Actor, Json, MaybeActor, Meter, Page, PageQuery, Path, Problem, Query, Site, Tokens,
    TraceParent, etag,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::OpenApi;
use uuid::Uuid;
use vote_domain::{Clock, Ids, Permission, ReviewId, Role, UserId};

#[derive(OpenApi)]
#[openapi(paths(read_thing, write_thing, both_get, both_post))]
struct Api;

#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    stars: u8,
}

#[utoipa::path(get, path = "/api/v1/things/{id}", responses((status = 200)))]
async fn read_thing(id: Path<ReviewId>) -> impl Responder {
    HttpResponse::Ok().json(json!({"id": id.into_inner()}))
}

#[utoipa::path(post, path = "/api/v1/things", responses((status = 201)))]
async fn write_thing(thing: Json<Thing>) -> impl Responder {
    HttpResponse::Created().json(thing.into_inner())
}

#[utoipa::path(get, path = "/api/v1/both", responses((status = 200)))]
async fn both_get() -> &'static str {
    "got"
}

#[utoipa::path(post, path = "/api/v1/both", responses((status = 200)))]
async fn both_post() -> &'static str {
    "posted"
}

async fn list(query: Query<PageQuery>) -> Result<Json2, Problem> {
    let after: u32 = query.position()?.unwrap_or(0);
    let last = (after + u32::from(query.limit.get()) + 1).min(50);
    let rows: Vec<_> = (after + 1..=last).collect();
    Ok(Json2(Page::from_rows(rows, query.limit, |row| *row)))
}

/// A page as a JSON answer.
struct Json2(Page<u32>);

impl Responder for Json2 {
    type Body = actix_web::body::BoxBody;
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self.0)
    }
}

async fn me(actor: Actor) -> impl Responder {
    HttpResponse::Ok().json(json!({"user_id": actor.user_id, "role": actor.role}))
}

async fn maybe_me(actor: MaybeActor) -> impl Responder {
    HttpResponse::Ok().json(json!({"user_id": actor.0.map(|actor| actor.user_id)}))
}

async fn guarded(actor: Actor) -> Result<HttpResponse, Problem> {
    actor.require(Permission::KeepCatalog)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn panics() -> &'static str {
    panic!("as the test asks")
}

async fn fails() -> Result<&'static str, std::io::Error> {
    Err(std::io::Error::other("password=hunter2"))
}

async fn slow(query: Query<Slow>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(query.ms)).await;
    "done"
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slow {
    ms: u64,
}

/// More than the kernel keeps for a client that does not read.
const LARGE_BYTES: usize = 32 * 1_024 * 1_024;

async fn large() -> HttpResponse {
    HttpResponse::Ok().body(vec![b'x'; LARGE_BYTES])
}

async fn polled(request: HttpRequest) -> Result<HttpResponse, Problem> {
    etag::cached_json(&request, &json!({"n": 1}))
}

async fn trace(trace: TraceParent) -> String {
    trace.to_string()
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/things").route(web::post().to(write_thing)))
        .service(web::resource("/things/{id}").route(web::get().to(read_thing)))
        .route("/list", web::get().to(list))
        .route("/me", web::get().to(me))
        .route("/maybe", web::get().to(maybe_me))
        .route("/guarded", web::post().to(guarded))
        .route("/panics", web::get().to(panics))
        .route("/fails", web::get().to(fails))
        .route("/slow", web::get().to(slow))
        .route("/large", web::get().to(large))
        .route("/polled", web::get().to(polled))
        .route("/trace", web::get().to(trace))
        .route("/both", web::get().to(both_get));
}

/// A second service's routes on the same site.
fn other_routes(config: &mut ServiceConfig) {
    config.route("/both", web::post().to(both_post));
}

fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

fn tokens(clock: &Clock) -> Tokens {
    let key = SigningKey {
        id: "a".to_owned(),
        secret: Secret::new("0123456789abcdef0123456789abcdef"),
    };
    Tokens::new(&[key], 900, clock.clone()).unwrap()
}

fn bearer(clock: &Clock, role: Role) -> (&'static str, String) {
    let actor = Actor {
        user_id: UserId(Uuid::from_u128(7)),
        role,
        session_id: Uuid::from_u128(8),
    };
    let token = tokens(clock).sign(actor).unwrap();
    ("authorization", format!("Bearer {token}"))
}

fn http() -> Http {
    Http {
        threads: 1,
        request_timeout_ms: 400,
        body_max_bytes: 1_024,
        ..Http::default()
    }
}

fn site_with(http: &Http) -> Site {
    Site::new(
        http,
        Api::openapi(),
        Meter::install().unwrap(),
        Ids::seeded(1),
    )
    .with_tokens(tokens(&clock()))
    .with_routes(routes)
    .with_routes(other_routes)
}

fn site() -> Site {
    site_with(&http())
}

/// Answers one request; gives status, headers and body.
async fn ask(
    site: &Site,
    request: actix_web::test::TestRequest,
) -> (u16, actix_web::http::header::HeaderMap, Vec<u8>) {
    let app = actix_web::test::init_service(site.app()).await;
    let answer = match actix_web::test::try_call_service(&app, request.to_request()).await {
        Ok(answer) => answer.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
    (status, headers, body.to_vec())
}

/// Asks for a problem; gives its status, code and body.
async fn problem(
    site: &Site,
    request: actix_web::test::TestRequest,
) -> (u16, String, serde_json::Value) {
    let (status, headers, body) = ask(site, request).await;
    assert_eq!(
        headers.get("content-type").unwrap(),
        "application/problem+json",
        "{}",
        String::from_utf8_lossy(&body)
    );
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["status"], status);
    for member in ["type", "title", "detail"] {
        assert!(body[member].is_string(), "{body}");
    }
    (status, body["code"].as_str().unwrap().to_owned(), body)
}

/// The text of a cursor that some list could have given out.
fn cursor(at: &impl Serialize) -> String {
    Cursor::encode(at)
}

/// The limit that stands without one.
fn default_limit() -> u16 {
    Limit::default().get()
}
