//! Giving roles.

use actix_web::HttpResponse;
use actix_web::web::Data;
use http_kit::{Actor, Json, Path, Problem, ProblemDetails};
use serde::Deserialize;
use utoipa::ToSchema;
use vote_domain::{Permission, Role, UserId};
use vote_store::accounts::RoleChange;

use super::answer::UserBody;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// A role to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "moderator"}))]
pub(crate) struct RoleBody {
    /// `member`, `moderator`, `operator` or `admin`.
    #[schema(value_type = String)]
    role: Role,
}

/// Gives a role; it holds at once. Giving it again changes nothing.
#[utoipa::path(
    put, path = "/api/v1/users/{user_id}/role",
    operation_id = "give_role", tag = "accounts", request_body = RoleBody,
    params(("user_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The account", body = UserBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for admins", body = ProblemDetails),
        (status = 404, description = "`user_not_found`", body = ProblemDetails),
        (status = 409, description = "`last_admin`: nobody would be one", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn give_role(
    catalog: Data<Catalog>,
    actor: Actor,
    user: Path<UserId>,
    body: Json<RoleBody>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::GiveRole).await?;
    let act = catalog.act(&actor);
    match catalog.store.give_role(*user, body.role, &act).await? {
        RoleChange::Done(user) => {
            tracing::info!(by = %actor.user_id, user = %user.user_id, role = %user.role, "role given");
            Ok(HttpResponse::Ok().json(UserBody::from(user)))
        }
        RoleChange::NotFound => {
            Err(Problem::not_found("user_not_found", "There is no such account.").into())
        }
        RoleChange::LastAdmin => Err(Problem::conflict(
            "last_admin",
            "This is the only admin: make another one first.",
        )
        .into()),
    }
}
