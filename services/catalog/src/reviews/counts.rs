//! Counts in bulk, for a page that polls.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json_of;
use http_kit::{MaybeActor, ProblemDetails, Query, parse_ids};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vote_domain::ReviewId;

use super::answer::CountBody;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Which reviews are counted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CountsQuery {
    /// Up to 100 ids, separated by commas.
    #[param(example = "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22")]
    ids: String,
}

/// Counts at one moment.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "as_of": "2026-03-01T12:00:00Z",
    "counts": [{
        "review_id": "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22", "up": 12, "down": 1,
        "my_vote": null
    }]
}))]
pub(crate) struct CountsBody {
    /// When they were read.
    as_of: DateTime<Utc>,
    /// In the order asked for; a review that is not there is left out.
    counts: Vec<CountBody>,
}

/// Tells what the votes on some reviews come to. Made to be polled: `ETag` changes with
/// the counts only, and not with `as_of`.
#[utoipa::path(
    get, path = "/api/v1/reviews/counts", tag = "catalog", params(CountsQuery),
    responses(
        (status = 200, description = "The counts; with `ETag`", body = CountsBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`: a token is not needed, but must be sound", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `too_many_ids`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security((), ("bearer" = []))
)]
pub(crate) async fn counts(
    catalog: Data<Catalog>,
    actor: MaybeActor,
    query: Query<CountsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let ids: Vec<ReviewId> = parse_ids(&query.ids)?;
    let as_of = catalog.clock.now();
    let found = catalog.counters.of(&ids).await?;
    let member = actor.0.map(|actor| actor.user_id);
    let my_votes = catalog.my_votes.of(member, &ids).await?;
    let counts = ids.iter().filter_map(|id| {
        let counts = found.get(id)?;
        Some(CountBody {
            review_id: id.0,
            up: counts.up,
            down: counts.down,
            my_vote: my_votes.get(id).copied(),
        })
    });
    let body = CountsBody {
        as_of,
        counts: counts.collect(),
    };
    Ok(cached_json_of(&request, &body.counts, &body)?)
}
