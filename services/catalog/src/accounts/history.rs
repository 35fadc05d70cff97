//! A member's own votes, latest first.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json;
use http_kit::{Actor, Page, PageQuery, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::VoteId;
use vote_domain::review::Direction;
use vote_domain::{Outcome, Seq};
use vote_store::ledger::LedgerVote;

use crate::catalog::Catalog;
use crate::failure::Failure;

/// A vote that came to its end.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "vote_id": "7d9f2f8e-0a52-8c51-9d3c-0d9d2c9d1c11",
    "review_id": "3b1f9a60-43a5-4f0d-8a53-5f2f0a9c2d22", "direction": "up",
    "state": "counted", "reason": null, "superseded_by": null, "cost": 1,
    "cast_at": "2026-03-01T12:00:00.000001Z", "settled_at": "2026-03-01T12:00:00.020000Z"
}))]
pub(crate) struct HistoryBody {
    vote_id: Uuid,
    review_id: Uuid,
    /// `up`, `down`, or `none` for one that took a vote back.
    #[schema(example = "up")]
    direction: &'static str,
    /// `counted`, `rejected` or `voided`.
    #[schema(example = "counted")]
    state: &'static str,
    /// Why: the code of a rejection, or the words of whoever voided it.
    reason: Option<String>,
    /// The vote that changed or took back this one.
    superseded_by: Option<Uuid>,
    /// How many of the day's votes it used; none if it was voided and they were returned.
    cost: u32,
    /// When it was admitted.
    cast_at: DateTime<Utc>,
    /// When it entered the ledger.
    settled_at: DateTime<Utc>,
}

impl From<LedgerVote> for HistoryBody {
    fn from(vote: LedgerVote) -> Self {
        let (state, reason) = match vote.outcome {
            Outcome::Counted => ("counted", None),
            Outcome::Rejected(reason) => ("rejected", Some(reason.as_str().to_owned())),
            Outcome::Voided => ("voided", vote.void_reason),
        };
        Self {
            vote_id: vote.vote_id.0,
            review_id: vote.ballot.review.0,
            direction: match vote.ballot.direction {
                Some(Direction::Up) => "up",
                Some(Direction::Down) => "down",
                None => "none",
            },
            state,
            reason,
            superseded_by: vote.superseded_by.map(|vote| vote.0),
            cost: vote.cost,
            cast_at: vote.seq.at(),
            settled_at: vote.settled_at,
        }
    }
}

/// Where a page of the history begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    seq: Seq,
    vote_id: VoteId,
}

/// Lists one's own votes that came to their end, latest first.
#[utoipa::path(
    get, path = "/api/v1/me/votes",
    operation_id = "list_my_votes", tag = "accounts",
    params(("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<HistoryBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn my_votes(
    catalog: Data<Catalog>,
    actor: Actor,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let before = query
        .position::<Position>()?
        .map(|position| (position.seq, position.vote_id));
    let n_rows = u32::from(query.limit.get()) + 1;
    let load = || catalog.store.ledger_of_voter(actor.user_id, before, n_rows);
    let votes = catalog.entries.uncached(load).await?;
    let page = Page::from_rows(votes, query.limit, |last| Position {
        seq: last.seq,
        vote_id: last.vote_id,
    });
    Ok(cached_json(&request, &page.map(HistoryBody::from))?)
}
