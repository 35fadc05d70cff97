//! Counts in bulk, for a page that polls.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::{cached_json_as, tag_of};
use http_kit::{MaybeActor, ProblemDetails, Query, parse_ids};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vote_domain::ReviewId;
use vote_domain::review::Direction;

use super::answer::CountBody;
use super::counters::Counted;
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
    get, path = "/api/v1/reviews/counts",
    operation_id = "get_counts", tag = "catalog", params(CountsQuery),
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
    let counted = catalog.counters.of(&ids).await?;
    let member = actor.0.map(|actor| actor.user_id);
    let my_votes = catalog.my_votes.of(member, &ids).await?;
    let tag = match member {
        None => counted.tag().to_owned(),
        Some(_) => tag_for_member(counted.tag(), &ids, &my_votes),
    };
    let body = || CountsBody {
        as_of,
        counts: count_bodies(&counted, &ids, &my_votes),
    };
    Ok(cached_json_as(&request, &tag, body)?)
}

/// The tag of counts that are shown with a member's own votes.
fn tag_for_member(
    counts_tag: &str,
    ids: &[ReviewId],
    my_votes: &HashMap<ReviewId, Direction>,
) -> String {
    let mut content = counts_tag.as_bytes().to_vec();
    content.extend(ids.iter().map(|id| match my_votes.get(id) {
        None => b'0',
        Some(Direction::Up) => b'+',
        Some(Direction::Down) => b'-',
    }));
    format!("W/{}", tag_of(&content))
}

fn count_bodies(
    counted: &Counted,
    ids: &[ReviewId],
    my_votes: &HashMap<ReviewId, Direction>,
) -> Vec<CountBody> {
    let body = |id: &ReviewId| {
        let counts = counted.get(*id)?;
        Some(CountBody {
            review_id: id.0,
            up: counts.up,
            down: counts.down,
            my_vote: my_votes.get(id).copied(),
        })
    };
    ids.iter().filter_map(body).collect()
}
