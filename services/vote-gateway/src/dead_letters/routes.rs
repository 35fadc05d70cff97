//! The routes of dead letters.

use actix_web::web::{Data, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use http_kit::{
    Actor, Cursor, CursorTime, Json, Limit, Page, Path, Problem, ProblemDetails, Query,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vote_domain::Permission;
use vote_store::dead_letters::{LetterFilter, LetterState};

use super::answer::{DeadLetterBody, DeadLetterDetailBody, DroppedBody};
use super::letter_not_found;
use crate::error::Unavailable;
use crate::gateway::Gateway;
use crate::guard::require;
use crate::request::text;

/// The longest reason for dropping a letter, in characters.
const REASON_MAX: usize = 500;

/// Adds the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/dead-letters").route(get().to(list)))
        .service(resource("/dead-letters/{dead_letter_id}").route(get().to(show)))
        .service(resource("/dead-letters/{dead_letter_id}/replay").route(post().to(replay)))
        .service(resource("/dead-letters/{dead_letter_id}/drop").route(post().to(drop_letter)));
}

/// Which letters are listed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct LettersQuery {
    /// Only those of this box, such as `votes.reviews`.
    #[serde(rename = "box")]
    #[param(rename = "box")]
    ballot_box: Option<String>,
    /// Only those that are `open`, `replayed` or `dropped`.
    state: Option<String>,
    /// How many at most: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Where the page begins, from `next_cursor`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Where a page of letters begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    created_at: CursorTime,
    dead_letter_id: Uuid,
}

/// Lists what no worker could settle, oldest first.
#[utoipa::path(
    get, path = "/api/v1/dead-letters",
    operation_id = "list_dead_letters", tag = "dead letters", params(LettersQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<DeadLetterBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    gateway: Data<Gateway>,
    actor: Actor,
    query: Query<LettersQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::KeepDeadLetters).await?;
    let LettersQuery {
        ballot_box,
        state,
        limit,
        cursor,
    } = query.into_inner();
    let state = state
        .map(|state| state.parse::<LetterState>())
        .transpose()
        .map_err(|error| Problem::invalid("invalid_query", format!("state: {error}.")))?;
    let after = cursor
        .as_ref()
        .map(Cursor::decode::<Position>)
        .transpose()?;
    let after = after.map(|position| (position.created_at.0, position.dead_letter_id));
    let filter = LetterFilter { ballot_box, state };
    let n_rows = u32::from(limit.get()) + 1;
    let letters = gateway.store.dead_letters(&filter, after, n_rows).await;
    let letters = letters.map_err(Unavailable::from)?;
    let page = Page::from_rows(letters, limit, |last| Position {
        created_at: CursorTime(last.created_at),
        dead_letter_id: last.id,
    });
    http_kit::etag::cached_json(&request, &page.map(|letter| DeadLetterBody::from(&letter)))
}

/// Shows one letter: why it is one, its bytes, its votes, and what the ledger has of them.
#[utoipa::path(
    get, path = "/api/v1/dead-letters/{dead_letter_id}",
    operation_id = "get_dead_letter", tag = "dead letters",
    params(("dead_letter_id" = Uuid, Path)),
    responses(
        (status = 200, description = "The letter; with `ETag`", body = DeadLetterDetailBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 404, description = "`dead_letter_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn show(
    gateway: Data<Gateway>,
    actor: Actor,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::KeepDeadLetters).await?;
    let letter = gateway.letter(*id).await?.ok_or_else(letter_not_found)?;
    let body = gateway.describe(&letter).await?;
    http_kit::etag::cached_json(&request, &body)
}

/// Sends a letter to its box again, also after its campaign's end as long as that is not
/// drained; replies 202 once the broker has it. May be repeated: no vote counts twice. A letter
/// that arrived again meanwhile stays open.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{dead_letter_id}/replay",
    operation_id = "replay_dead_letter", tag = "dead letters",
    params(("dead_letter_id" = Uuid, Path)),
    responses(
        (status = 202, description = "The broker has it; the letter as it stands now", body = DeadLetterBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 404, description = "`dead_letter_not_found`", body = ProblemDetails),
        (status = 409, description = "`dead_letter_dropped`; `ballot_box_gone`: its campaign is drained or final; `ballot_box_unknown`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`: it may be on its way; repeat it", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn replay(
    gateway: Data<Gateway>,
    actor: Actor,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::KeepDeadLetters).await?;
    let letter = gateway.replay_dead_letter(*id, actor.user_id).await?;
    Ok(HttpResponse::Accepted().json(DeadLetterBody::from(&letter)))
}

/// Why a letter is dropped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "cast by a broken client"}))]
pub(crate) struct DropRequest {
    /// Up to 500 characters; for the audit record.
    reason: String,
}

/// Gives a letter up: those of its votes that the ledger does not know are rejected, and
/// their voters get back what they had reserved. Votes of a campaign that is drained or final
/// are left out. May be repeated. A close that waited for the letter goes on.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{dead_letter_id}/drop",
    operation_id = "drop_dead_letter", tag = "dead letters",
    request_body = DropRequest, params(("dead_letter_id" = Uuid, Path)),
    responses(
        (status = 200, description = "It is dropped", body = DroppedBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 404, description = "`dead_letter_not_found`", body = ProblemDetails),
        (status = 409, description = "`dead_letter_replayed`", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`: it may be dropped; repeat it", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn drop_letter(
    gateway: Data<Gateway>,
    actor: Actor,
    id: Path<Uuid>,
    body: Json<DropRequest>,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::KeepDeadLetters).await?;
    let reason = text("reason", &body.reason, REASON_MAX)?;
    let dropping = gateway.drop_dead_letter(*id, actor.user_id, reason);
    Ok(HttpResponse::Ok().json(DroppedBody::new(*id, dropping.await?)))
}
