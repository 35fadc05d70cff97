//! Listing campaigns.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json;
use http_kit::{Cursor, Limit, Page, Problem, ProblemDetails, Query};
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
    /// Microseconds since the Unix epoch.
    starts_at: i64,
    campaign_id: CampaignId,
}

/// The latest start there is: the end of the year 9999, in microseconds.
const LATEST: i64 = 253_402_300_799_999_999;

impl Position {
    fn parse(cursor: &Cursor) -> Result<(DateTime<Utc>, CampaignId), Problem> {
        let position: Self = cursor.decode()?;
        let starts_at = Some(position.starts_at)
            .filter(|at| (0..=LATEST).contains(at))
            .and_then(DateTime::from_timestamp_micros);
        let invalid = || {
            let detail = "The cursor is not one that this list gave out.";
            Problem::invalid("invalid_cursor", detail)
        };
        Ok((starts_at.ok_or_else(invalid)?, position.campaign_id))
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
            starts_at: last.terms.starts_at.timestamp_micros(),
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
