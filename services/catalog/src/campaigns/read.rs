//! Reading a campaign.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{Path, ProblemDetails};
use vote_domain::CampaignId;

use super::answer::CampaignBody;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Reads a campaign with its channels and options.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}",
    operation_id = "get_campaign", tag = "campaigns",
    params(("campaign_id" = Uuid, Path)),
    responses(
        (status = 200, description = "The campaign; with `ETag`", body = CampaignBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`campaign_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn read(
    catalog: Data<Catalog>,
    id: Path<CampaignId>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (head, paper) = catalog.whole_campaign(*id).await?;
    let body = CampaignBody::new(head, &paper, catalog.time().await);
    Ok(cached_json(&request, &body)?)
}
