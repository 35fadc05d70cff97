//! Counts in bulk, for a page that polls.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json_of;
use http_kit::{MaybeActor, Problem, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vote_domain::ReviewId;

use super::answer::CountBody;
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Most reviews asked after at once.
const IDS_MAX: usize = 100;

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
        (status = 503, description = "`busy`, `database_unavailable`", body = ProblemDetails),
    ),
    security((), ("bearer" = []))
)]
pub(crate) async fn counts(
    catalog: Data<Catalog>,
    actor: MaybeActor,
    query: Query<CountsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let ids = parse_ids(&query.ids)?;
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

/// The ids in `text`, each once.
fn parse_ids(text: &str) -> Result<Vec<ReviewId>, Problem> {
    let mut ids = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let id: ReviewId = part
            .parse()
            .map_err(|_| Problem::invalid("invalid_id", format!("{part:.50?} is no id.")))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() > IDS_MAX {
            let detail = format!("At most {IDS_MAX} ids may be asked for at once.");
            return Err(Problem::invalid("too_many_ids", detail));
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_id_is_asked_for_once_and_at_most_a_hundred() {
        let text = |n: u128| Uuid::from_u128(n).to_string();
        let ids = parse_ids(&format!("{}, {},,{}", text(2), text(1), text(2))).unwrap();
        assert_eq!(ids, [2, 1].map(|n| ReviewId(Uuid::from_u128(n))));
        assert_eq!(parse_ids("").unwrap(), []);
        let many = |n| (0..n).map(text).collect::<Vec<_>>().join(",");
        assert_eq!(parse_ids(&many(100)).unwrap().len(), 100);
        assert_eq!(parse_ids(&many(101)).unwrap_err().code(), "too_many_ids");
        assert_eq!(parse_ids("x").unwrap_err().code(), "invalid_id");
    }
}
