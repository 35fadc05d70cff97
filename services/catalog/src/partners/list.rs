//! Listing partners.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{Actor, Page, PageQuery, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use vote_domain::{Permission, VoterKind};

use super::answer::PartnerBody;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Where a page of partners begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    voter_kind: VoterKind,
}

/// Lists partners by the kinds of their voters, with their keys and without secrets.
#[utoipa::path(
    get, path = "/api/v1/partners",
    operation_id = "list_partners", tag = "partners",
    params(("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<PartnerBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for admins", body = ProblemDetails),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    catalog: Data<Catalog>,
    actor: Actor,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepPartners).await?;
    let after = query.position::<Position>()?;
    let after = after.as_ref().map(|position| &position.voter_kind);
    let n_rows = u32::from(query.limit.get()) + 1;
    let partners = catalog.store.partners(after, n_rows).await?;
    let page = Page::from_rows(partners, query.limit, |last| Position {
        voter_kind: last.voter_kind.clone(),
    });
    Ok(cached_json(&request, &page.map(PartnerBody::from))?)
}
