//! Creating campaigns, and editing them.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::{expected_version, stale_version, version_tag};
use http_kit::extract::read_json;
use http_kit::{API_BASE, Actor, Path, Problem, ProblemDetails};
use vote_domain::campaign::{Draft, Plan};
use vote_domain::{CampaignId, Permission};
use vote_queue::BallotBox;
use vote_store::StoreError;
use vote_store::audit::Act;
use vote_store::campaigns::{CampaignDetail, CampaignEdit, CampaignUpdate};

use super::answer::CampaignBody;
use super::body::{CampaignEditBody, NewCampaignBody};
use super::head::{Head, Paper};
use super::problem::{
    campaign_not_found, edit_refused, invalid_campaign, no_box, time_unavailable,
};
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::names;

/// Largest body, in bytes: 5,000 options with long names and subjects fit in.
pub(crate) const BODY_MAX_BYTES: usize = 8 * 1_024 * 1_024;

/// Creates a campaign. Its ballot box is declared before.
#[utoipa::path(
    post, path = "/api/v1/campaigns",
    operation_id = "create_campaign", tag = "campaigns", request_body = NewCampaignBody,
    responses(
        (status = 201, description = "The campaign; `ETag` is its version", body = CampaignBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 413, description = "`body_too_large`: more than 8 MiB", body = ProblemDetails),
        (status = 422, description = "`invalid_body`; `invalid_campaign`, with `errors`: a `field`, `code` and `detail` for each fault, 100 at most", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`, `database_unavailable`: the campaign was not created, unless the database failed at the very end", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    catalog: Data<Catalog>,
    actor: Actor,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    // Bodies may be large, so they are read for those alone who may send them.
    catalog.require(&actor, Permission::KeepCampaigns).await?;
    let body: NewCampaignBody = read_json(&request, payload.into_inner()).await?;
    let draft = Draft::from(body);
    let plan = draft
        .check(catalog.time().await)
        .map_err(|faults| invalid_campaign(&faults))?;
    let id: CampaignId = catalog.ids.next();
    let (this, act) = ((**catalog).clone(), catalog.act(&actor));
    let write = async move {
        this.create_campaign(id, &plan, &act).await?;
        this.written(id).await
    };
    let detail = catalog.finish(write).await?;
    tracing::info!(by = %actor.user_id, campaign = %id, "campaign created");
    let location = format!("{API_BASE}/campaigns/{id}");
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, location));
    Ok(catalog.answer(answer, detail).await)
}

/// Edits a campaign: before it opens everything, while it is open its name and a later end.
#[utoipa::path(
    patch, path = "/api/v1/campaigns/{campaign_id}",
    operation_id = "edit_campaign", tag = "campaigns",
    params(
        ("campaign_id" = Uuid, Path),
        ("If-Match" = Option<String>, Header, description = "The version it changes, quoted: `\"1\"`; any without it"),
    ),
    request_body = CampaignEditBody,
    responses(
        (status = 200, description = "The campaign; `ETag` is its version", body = CampaignBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`", body = ProblemDetails),
        (status = 409, description = "`campaign_not_editable`: with the `reason` `over`, or `fixed` and the `fields` that are fixed from 10 s before the start on", body = ProblemDetails),
        (status = 412, description = "`stale_version`, with the `version` there is", body = ProblemDetails),
        (status = 413, description = "`body_too_large`: more than 8 MiB", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_version`; `invalid_campaign` with `errors`, of which `earlier_end` for an end that is not later", body = ProblemDetails),
        (status = 503, description = "`time_unavailable`, `database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn edit(
    catalog: Data<Catalog>,
    actor: Actor,
    campaign: Path<CampaignId>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepCampaigns).await?;
    let body: CampaignEditBody = read_json(&request, payload.into_inner()).await?;
    let expected = match request.headers().contains_key(header::IF_MATCH) {
        true => Some(expected_version(&request)?),
        false => None,
    };
    let id = *campaign;
    let edit = body.parse()?;
    let (this, act) = ((**catalog).clone(), catalog.act(&actor));
    let write = async move {
        let now = this.cache.now().await.map_err(|error| {
            tracing::warn!(%error, "no time to edit a campaign by");
            time_unavailable()
        })?;
        let edit = CampaignEdit {
            campaign: id,
            edit,
            expected,
            now,
        };
        match this.store.edit_campaign(&edit, &act).await? {
            CampaignUpdate::Done => this.written(id).await,
            CampaignUpdate::NotFound => Err(campaign_not_found().into()),
            CampaignUpdate::Stale(current) => Err(stale_version(current).into()),
            CampaignUpdate::Refused(refusal) => Err(edit_refused(&refusal).into()),
        }
    };
    let detail = catalog.finish(write).await?;
    tracing::info!(by = %actor.user_id, campaign = %id, "campaign edited");
    Ok(catalog.answer(HttpResponse::Ok(), detail).await)
}

impl Catalog {
    /// Declares the box, then writes the campaign: there is never one without the other.
    async fn create_campaign(&self, id: CampaignId, plan: &Plan, act: &Act) -> Result<(), Failure> {
        let (queue, ballot_box) = (&self.campaigns.queue, BallotBox::campaign(id.0));
        queue
            .declare(&ballot_box)
            .await
            .map_err(|error| no_box(&error))?;
        let Err(error) = self.store.create_campaign(id, plan, act).await else {
            return Ok(());
        };
        match &error {
            StoreError::Contention(_) | StoreError::Duplicate(_) | StoreError::Refused(_) => {
                if let Err(error) = queue.delete(&ballot_box).await {
                    tracing::warn!(%error, %ballot_box, "a box without a campaign stays");
                }
            }
            // The commit may have gone through unseen, and then the box is needed.
            StoreError::Unavailable(_) | StoreError::TooSlow(_) => {
                tracing::warn!(%ballot_box, "the box may have no campaign");
            }
        }
        Err(error.into())
    }

    /// The campaign `id`, read after it was written, and forgotten in the cache.
    async fn written(&self, id: CampaignId) -> Result<CampaignDetail, Failure> {
        let names = [names::campaign(id), names::CAMPAIGNS.to_owned()];
        self.entries.invalidate(&names).await;
        let detail = self.store.campaign_detail(id).await?;
        Ok(detail.ok_or_else(Problem::internal_unlogged)?)
    }

    async fn answer(
        &self,
        mut answer: actix_web::HttpResponseBuilder,
        detail: CampaignDetail,
    ) -> HttpResponse {
        let head = Head::from(detail.campaign);
        let paper = Paper::new(detail.channels, detail.options);
        answer
            .insert_header((header::ETAG, version_tag(head.version)))
            .json(CampaignBody::new(head, &paper, self.time().await))
    }
}
