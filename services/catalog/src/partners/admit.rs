//! Admitting a partner.

use actix_web::HttpResponse;
use actix_web::web::Data;
use http_kit::{Actor, Json, Problem, ProblemDetails};
use serde::Deserialize;
use utoipa::ToSchema;
use vote_domain::{Permission, VoterKind};
use vote_store::partners::{NewPartner, PartnerCreation};

use super::answer::{AdmittedBody, NewKeyBody};
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::texts;

/// A partner to admit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "National Broadcaster", "voter_kind": "jury"}))]
pub(crate) struct NewPartnerBody {
    /// One line of 1 to 200 characters.
    name: String,
    /// 1 to 32 of `a` to `z`, digits, `_` and `-`, a letter first; not `member`.
    voter_kind: String,
}

/// Admits a partner, and gives it its first key. The secret is shown this once.
#[utoipa::path(
    post, path = "/api/v1/partners",
    operation_id = "admit_partner", tag = "partners", request_body = NewPartnerBody,
    responses(
        (status = 201, description = "The partner, with its key and secret", body = AdmittedBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for admins", body = ProblemDetails),
        (status = 409, description = "`voter_kind_taken`: a kind belongs to one partner", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_body`, `invalid_name`, `invalid_voter_kind`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`, `partner_secrets_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn admit(
    catalog: Data<Catalog>,
    actor: Actor,
    body: Json<NewPartnerBody>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepPartners).await?;
    let act = catalog.act(&actor);
    let partner = NewPartner {
        partner_id: catalog.ids.next(),
        name: texts::name(&body.name)?,
        voter_kind: partner_kind(&body.voter_kind)?,
        created_at: act.at,
    };
    let (key, secret) = catalog.new_partner_key(partner.partner_id, act.at)?;
    match catalog.store.create_partner(&partner, &key, &act).await? {
        PartnerCreation::Created => {}
        PartnerCreation::VoterKindTaken => return Err(voter_kind_taken().into()),
    }
    tracing::info!(by = %actor.user_id, partner = %partner.partner_id, "partner admitted");
    Ok(HttpResponse::Created().json(AdmittedBody {
        partner_id: partner.partner_id.0,
        name: partner.name,
        voter_kind: partner.voter_kind.into(),
        key: NewKeyBody::new(key.key_id, &secret, key.created_at),
    }))
}

/// A kind that a partner's voters may have.
fn partner_kind(text: &str) -> Result<VoterKind, Problem> {
    let invalid = |detail: String| Problem::invalid("invalid_voter_kind", detail);
    let kind: VoterKind = text.parse().map_err(|error| invalid(format!("{error}.")))?;
    if kind.is_member() {
        return Err(invalid(
            "Voters of kind member are the site's own.".to_owned(),
        ));
    }
    Ok(kind)
}

fn voter_kind_taken() -> Problem {
    Problem::conflict(
        "voter_kind_taken",
        "Another partner has voters of this kind.",
    )
}
