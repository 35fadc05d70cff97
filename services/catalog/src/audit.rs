//! Reading the audit record.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json;
use http_kit::{Actor, Cursor, CursorTime, Limit, Page, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vote_domain::{Permission, UserId};
use vote_store::audit::{AuditActor, AuditFilter, AuditRecord};

use crate::catalog::Catalog;
use crate::failure::Failure;

/// Who did what, and when.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "audit_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52", "at": "2026-03-01T12:00:00Z",
    "actor": {"kind": "user", "user_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11", "user_name": "root"},
    "action": "role_given", "subject": "user:2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
    "detail": {"from": "member", "to": "moderator"}
}))]
pub(crate) struct AuditBody {
    audit_id: Uuid,
    at: DateTime<Utc>,
    actor: ActorBody,
    /// What was done, in one word, such as `role_given` or `partner_created`.
    action: String,
    /// To what: a kind and an id, such as `user:…`, `campaign:…` or `partner:…`.
    subject: String,
    /// The rest, as the action has it.
    #[schema(value_type = Object)]
    detail: Value,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ActorBody {
    /// Somebody with an account.
    User {
        user_id: Uuid,
        /// The account's name.
        user_name: Option<String>,
    },
    /// A partner's server.
    Partner {
        partner_id: Uuid,
        /// The key it signed with.
        key_id: Uuid,
    },
    /// Tally itself, as its settings or its rules say.
    System,
}

impl AuditBody {
    fn new(record: AuditRecord, names: &HashMap<UserId, String>) -> Self {
        Self {
            audit_id: record.audit_id,
            at: record.at,
            actor: match record.actor {
                AuditActor::User(user) => ActorBody::User {
                    user_id: user.0,
                    user_name: names.get(&user).cloned(),
                },
                AuditActor::Partner { partner, key_id } => ActorBody::Partner {
                    partner_id: partner.0,
                    key_id,
                },
                AuditActor::System => ActorBody::System,
            },
            action: record.action,
            subject: record.subject,
            detail: record.detail,
        }
    }
}

/// Which records are listed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only those of this action.
    action: Option<String>,
    /// Only those of this subject.
    subject: Option<String>,
    /// How many at most: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Where the page begins, from `next_cursor`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Where a page of records begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    at: CursorTime,
    audit_id: Uuid,
}

/// Lists the audit record, newest first.
#[utoipa::path(
    get, path = "/api/v1/audit",
    operation_id = "list_audit_records", tag = "audit", params(AuditQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<AuditBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    catalog: Data<Catalog>,
    actor: Actor,
    query: Query<AuditQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::ReadAudit).await?;
    let AuditQuery {
        action,
        subject,
        limit,
        cursor,
    } = query.into_inner();
    let after = cursor
        .as_ref()
        .map(Cursor::decode::<Position>)
        .transpose()?;
    let after = after.map(|position| (position.at.0, position.audit_id));
    let filter = AuditFilter { action, subject };
    let n_rows = u32::from(limit.get()) + 1;
    let records = catalog.store.audit_records(&filter, after, n_rows).await?;
    let page = Page::from_rows(records, limit, |last| Position {
        at: CursorTime(last.at),
        audit_id: last.audit_id,
    });
    let mut users: Vec<_> = page.items.iter().filter_map(user_of).collect();
    users.sort_unstable();
    users.dedup();
    let names = catalog.store.user_names(&users).await?;
    let page = page.map(|record| AuditBody::new(record, &names));
    Ok(cached_json(&request, &page)?)
}

fn user_of(record: &AuditRecord) -> Option<UserId> {
    match record.actor {
        AuditActor::User(user) => Some(user),
        AuditActor::Partner { .. } | AuditActor::System => None,
    }
}
