//! Giving keys to partners, and revoking them.

use actix_web::HttpResponse;
use actix_web::web::Data;
use http_kit::{Actor, Path, Problem, ProblemDetails};
use uuid::Uuid;
use vote_domain::{PartnerId, Permission};
use vote_store::partners::{KEYS_MAX, KeyAddition, KeyRevocation};

use super::answer::NewKeyBody;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Gives a partner one more key; those it has stay good, so that it can change over. The
/// secret is shown this once.
#[utoipa::path(
    post, path = "/api/v1/partners/{partner_id}/keys",
    operation_id = "give_partner_key", tag = "partners",
    params(("partner_id" = Uuid, Path)),
    responses(
        (status = 201, description = "The key and its secret", body = NewKeyBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for admins", body = ProblemDetails),
        (status = 404, description = "`partner_not_found`", body = ProblemDetails),
        (status = 409, description = "`too_many_keys`: revoke one first", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`, `partner_secrets_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn give(
    catalog: Data<Catalog>,
    actor: Actor,
    partner: Path<PartnerId>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepPartners).await?;
    let act = catalog.act(&actor);
    let (key, secret) = catalog.new_partner_key(*partner, act.at)?;
    match catalog.store.add_partner_key(&key, &act).await? {
        KeyAddition::Added => {}
        KeyAddition::PartnerNotFound => {
            let problem = Problem::not_found("partner_not_found", "There is no such partner.");
            return Err(problem.into());
        }
        KeyAddition::TooMany => {
            let detail = format!("The partner has {KEYS_MAX} keys: revoke one first.");
            return Err(Problem::conflict("too_many_keys", detail).into());
        }
    }
    tracing::info!(by = %actor.user_id, partner = %*partner, key_id = %key.key_id, "partner key given");
    Ok(HttpResponse::Created().json(NewKeyBody::new(key.key_id, &secret, key.created_at)))
}

/// Revokes a key; nothing signed with it is taken any more, everywhere within two seconds.
/// Doing so again changes nothing.
#[utoipa::path(
    delete, path = "/api/v1/partners/{partner_id}/keys/{key_id}",
    operation_id = "revoke_partner_key", tag = "partners",
    params(("partner_id" = Uuid, Path), ("key_id" = Uuid, Path)),
    responses(
        (status = 204, description = "Revoked, now or before"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for admins", body = ProblemDetails),
        (status = 404, description = "`partner_key_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn revoke(
    catalog: Data<Catalog>,
    actor: Actor,
    path: Path<(PartnerId, Uuid)>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepPartners).await?;
    let (partner, key_id) = *path;
    let act = catalog.act(&actor);
    match catalog
        .store
        .revoke_partner_key(partner, key_id, &act)
        .await?
    {
        KeyRevocation::Revoked => {
            tracing::info!(by = %actor.user_id, %partner, %key_id, "partner key revoked");
            Ok(HttpResponse::NoContent().finish())
        }
        KeyRevocation::NotFound => {
            let detail = "The partner has no such key.";
            Err(Problem::not_found("partner_key_not_found", detail).into())
        }
    }
}
