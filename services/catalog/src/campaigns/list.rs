//! Listing campaigns.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json;
use http_kit::{Cursor, CursorTime, Limit, Page, Problem, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use vote_domain::CampaignId;
use vote_domain::campaign::Stage;

use super::answer::CampaignSummaryBody;
use super::head::Head;
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::names;

/// Which campaigns are listed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignsQuery {
    /// Only those that are `scheduled`, `open`, `closing`, `drained` or `final`.
    #[param(value_type = Option<String>)]
    state: Option<Stage>,
    /// How many at most: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Where the page begins, from `next_cursor`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Where a page of campaigns begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    starts_at: CursorTime,
    campaign_id: CampaignId,
}

impl Position {
    fn parse(cursor: &Cursor) -> Result<(DateTime<Utc>, CampaignId), Problem> {
        let position: Self = cursor.decode()?;
        Ok((position.starts_at.0, position.campaign_id))
    }
}

/// Lists campaigns without their channels and options, the latest start first.
#[utoipa::path(
    get, path = "/api/v1/campaigns",
    operation_id = "list_campaigns", tag = "campaigns", params(CampaignsQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<CampaignSummaryBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn list(
    catalog: Data<Catalog>,
    query: Query<CampaignsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let before = query.cursor.as_ref().map(Position::parse).transpose()?;
    let now = catalog.time().await;
    let (store, limit) = (catalog.store.clone(), query.limit);
    let at = query.state.map(|state| (state, now));
    let load = move || async move {
        let n_rows = u32::from(limit.get()) + 1;
        let rows = store.campaigns(at, before, n_rows).await?;
        let page = Page::from_rows(rows, limit, |last| Position {
            starts_at: CursorTime(last.terms.starts_at),
            campaign_id: last.terms.campaign,
        });
        Ok(page.map(Head::from))
    };
    let page = if at.is_none() && before.is_none() {
        catalog
            .first_page(names::CAMPAIGNS, "", limit, load)
            .await?
    } else {
        catalog.entries.uncached(load).await?
    };
    let page = page.map(|head| CampaignSummaryBody::new(head, now));
    Ok(cached_json(&request, &page)?)
}
