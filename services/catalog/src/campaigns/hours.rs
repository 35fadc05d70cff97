//! An option's tickets, hour by hour.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json_of;
use http_kit::{Path, ProblemDetails, Query};
use serde::Serialize;
use utoipa::ToSchema;
use vote_domain::CampaignId;
use vote_domain::campaign::Hour;

use super::board::RangeQuery;
use super::{Within, range};
use crate::catalog::Catalog;
use crate::failure::Failure;

/// An option's tickets, hour by hour.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "as_of": "2026-05-10T12:00:00Z",
    "hours": [{"hour": "2026-05-10T11:00:00Z", "votes": 0}, {"hour": "2026-05-10T12:00:00Z", "votes": 7}]
}))]
pub(crate) struct HoursBody {
    /// When the tickets were summed.
    as_of: DateTime<Utc>,
    /// Every hour of the range that has begun, those without a vote too; oldest first.
    hours: Vec<HourBody>,
}

/// Tickets of votes admitted within an hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct HourBody {
    /// When the hour begins; hours are UTC's.
    hour: DateTime<Utc>,
    votes: u64,
}

/// A series as it was at one moment.
#[derive(Debug)]
pub(crate) struct Series {
    as_of: DateTime<Utc>,
    votes: HashMap<Hour, u64>,
}

impl Series {
    /// Bytes it takes in memory, about.
    pub(crate) fn n_bytes(&self) -> u32 {
        u32::try_from(self.votes.len() * 32).unwrap_or(u32::MAX)
    }
}

/// Reads an option's tickets by the hour (UTC) in which their votes were admitted; without
/// a range from the campaign's first hour on.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}/options/{option}/hours",
    operation_id = "list_hours", tag = "campaigns",
    params(("campaign_id" = Uuid, Path), ("option" = String, Path, description = "The option's key"), RangeQuery),
    responses(
        (status = 200, description = "The series; with `ETag`", body = HoursBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`campaign_not_found`, `option_not_found`, `channel_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `invalid_range`: not whole hours of UTC, or none between them", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn hours(
    catalog: Data<Catalog>,
    path: Path<(CampaignId, String)>,
    query: Query<RangeQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let Path((id, key)) = path;
    let (head, paper) = catalog.whole_campaign(id).await?;
    let option = paper.option_no(&key)?;
    let channel = paper.channel_no(query.channel.as_deref())?;
    let asked = range::asked(query.from.as_deref(), query.to.as_deref(), &head)?;
    let asked = asked.unwrap_or_else(|| range::window(&head));
    let within = Within {
        standing: head.standing(),
        option: Some(option),
        channel,
        hours: (asked.start.0, asked.end.0),
    };
    let (start, end) = (asked.start, asked.end);
    let load = async {
        let as_of = catalog.time().await;
        let votes = catalog.store.option_hours(id, option, channel, asked);
        Ok(Series {
            as_of,
            votes: votes.await?.into_iter().collect(),
        })
    };
    let series = catalog.campaigns.series.get(within, load).await?;
    // Hours to come are left out.
    let end = end.min(Hour(Hour::of(series.as_of).0.saturating_add(1)));
    let hours = (start.0..end.0).map(Hour).map(|hour| HourBody {
        hour: hour.start(),
        votes: series.votes.get(&hour).copied().unwrap_or_default(),
    });
    let body = HoursBody {
        as_of: series.as_of,
        hours: hours.collect(),
    };
    Ok(cached_json_of(&request, &body.hours, &body)?)
}
