//! The gateway's routes.

use std::collections::HashMap;

use actix_web::web::{Data, ServiceConfig, delete, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use http_kit::{
    Actor, BearerScheme, Json, Path, Problem, ProblemDetails, Query, TraceParent, parse_ids,
};
use partner_auth::{PartnerScheme, VotingCaller};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;
use vote_domain::review::{Ballot, Direction};
use vote_domain::{Permission, ReviewId, VoteId};

use crate::answer::{
    AcceptedBody, AnyVoteBody, CampaignVoteBody, DirectionName, QuotaBody, VoteBody, VotesBody,
    accepted, vote_state_unknown,
};
use crate::boxes;
use crate::campaigns::routes as campaign_routes;
use crate::cast::Cast;
use crate::dead_letters;
use crate::gateway::Gateway;
use crate::idempotency::IdempotencyKey;
use crate::review_voids;
use crate::status::Absent;

/// Adds the gateway's routes; they expect [`Data<Gateway>`] among the application's data.
///
/// [`Data<Gateway>`]: actix_web::web::Data
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/reviews/{review_id}/upvote").route(post().to(upvote)))
        .service(resource("/reviews/{review_id}/downvote").route(post().to(downvote)))
        .service(resource("/reviews/{review_id}/vote").route(delete().to(take_back)))
        .service(resource("/reviews/{review_id}/voids").route(post().to(review_voids::void)))
        .service(
            resource("/votes")
                .route(post().to(vote))
                .route(get().to(votes)),
        )
        .service(resource("/votes/{vote_id}").route(get().to(vote_status)))
        .service(resource("/boxes").route(get().to(boxes::boxes)))
        .configure(campaign_routes::configure)
        .configure(dead_letters::routes::configure);
}

/// The description of the gateway's routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tally: votes",
        description = "Casts votes and tells what became of them."
    ),
    paths(
        upvote,
        downvote,
        take_back,
        vote,
        votes,
        vote_status,
        boxes::boxes,
        review_voids::void,
        campaign_routes::spend,
        campaign_routes::wallet,
        campaign_routes::ledger,
        campaign_routes::grant,
        campaign_routes::void,
        dead_letters::routes::list,
        dead_letters::routes::show,
        dead_letters::routes::replay,
        dead_letters::routes::drop_letter
    ),
    components(schemas(
        AcceptedBody,
        AnyVoteBody,
        CampaignVoteBody,
        QuotaBody,
        VoteBody,
        VotesBody,
        VoteRequest,
        ProblemDetails
    )),
    modifiers(&BearerScheme, &PartnerScheme)
)]
pub struct Api;

/// What a ballot's request carries beside the ballot.
struct CastRequest {
    actor: Actor,
    key: Option<IdempotencyKey>,
    trace: TraceParent,
}

impl CastRequest {
    fn new(actor: Actor, trace: TraceParent, request: &HttpRequest) -> Result<Self, Problem> {
        actor.require(Permission::Vote)?;
        let key = IdempotencyKey::of_request(request)?;
        Ok(Self { actor, key, trace })
    }

    async fn cast(
        self,
        gateway: &Gateway,
        review: ReviewId,
        direction: Option<Direction>,
    ) -> Result<HttpResponse, Problem> {
        let cast = Cast {
            voter: self.actor.user_id,
            ballot: Ballot { review, direction },
            key: self.key,
            trace_parent: self.trace.to_string(),
        };
        Ok(accepted(gateway.cast(cast).await?))
    }
}

/// Votes a review up; replies 202 once the vote is durable.
#[utoipa::path(
    post, path = "/api/v1/reviews/{review_id}/upvote",
    operation_id = "vote_up", tag = "votes",
    params(("review_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, description = "Accepted: durable, soon counted", body = AcceptedBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`self_vote`", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `idempotency_key_reused`", body = ProblemDetails),
        (status = 429, description = "`daily_quota_used`, with `resets_at`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`, `overloaded`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
async fn upvote(
    gateway: Data<Gateway>,
    actor: Actor,
    trace: TraceParent,
    review: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let request = CastRequest::new(actor, trace, &request)?;
    request
        .cast(&gateway, ReviewId(review.0), Some(Direction::Up))
        .await
}

/// Votes a review down; replies 202 once the vote is durable.
#[utoipa::path(
    post, path = "/api/v1/reviews/{review_id}/downvote",
    operation_id = "vote_down", tag = "votes",
    params(("review_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, description = "Accepted: durable, soon counted", body = AcceptedBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`self_vote`", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `idempotency_key_reused`", body = ProblemDetails),
        (status = 429, description = "`daily_quota_used`, with `resets_at`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`, `overloaded`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
async fn downvote(
    gateway: Data<Gateway>,
    actor: Actor,
    trace: TraceParent,
    review: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let request = CastRequest::new(actor, trace, &request)?;
    request
        .cast(&gateway, ReviewId(review.0), Some(Direction::Down))
        .await
}

/// Takes a vote back; costs nothing and gives nothing back.
#[utoipa::path(
    delete, path = "/api/v1/reviews/{review_id}/vote",
    operation_id = "take_vote_back", tag = "votes",
    params(("review_id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, description = "Accepted: durable, soon counted", body = AcceptedBody),
        (status = 204, description = "No vote stood"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`self_vote`", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `idempotency_key_reused`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`, `overloaded`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
async fn take_back(
    gateway: Data<Gateway>,
    actor: Actor,
    trace: TraceParent,
    review: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let request = CastRequest::new(actor, trace, &request)?;
    request.cast(&gateway, ReviewId(review.0), None).await
}

/// A ballot on a review.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "review_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52", "direction": "up"
}))]
struct VoteRequest {
    review_id: Uuid,
    direction: DirectionName,
}

/// Casts a ballot of any direction; the same as the three routes below a review.
#[utoipa::path(
    post, path = "/api/v1/votes",
    operation_id = "vote_on_review", tag = "votes", request_body = VoteRequest,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, description = "Accepted: durable, soon counted", body = AcceptedBody),
        (status = 204, description = "No vote stood"),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`self_vote`", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_body`, `idempotency_key_reused`", body = ProblemDetails),
        (status = 429, description = "`daily_quota_used`, with `resets_at`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`, `overloaded`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
async fn vote(
    gateway: Data<Gateway>,
    actor: Actor,
    trace: TraceParent,
    body: Json<VoteRequest>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let request = CastRequest::new(actor, trace, &request)?;
    let VoteRequest {
        review_id,
        direction,
    } = body.0;
    request
        .cast(&gateway, ReviewId(review_id), direction.into())
        .await
}

impl Gateway {
    /// What became of those of `ids` that are the caller's, of either product.
    async fn any_statuses(
        &self,
        voting: &VotingCaller,
        ids: &[VoteId],
    ) -> Result<Vec<AnyVoteBody>, Problem> {
        let mut found: HashMap<VoteId, AnyVoteBody> = HashMap::new();
        if let partner_auth::Caller::Member(actor) = &voting.caller {
            let statuses = self.statuses(actor.user_id, ids).await?.into_iter();
            found.extend(
                statuses.map(|status| (status.vote_id, AnyVoteBody::Review(status.into()))),
            );
        }
        let others: Vec<VoteId> = ids
            .iter()
            .filter(|id| !found.contains_key(id))
            .copied()
            .collect();
        if !others.is_empty() {
            let statuses = self
                .campaigns
                .statuses(&voting.voter, &others)
                .await?
                .into_iter();
            found.extend(
                statuses.map(|status| (status.vote_id, AnyVoteBody::Campaign(status.into()))),
            );
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}

/// Tells what became of one's own vote.
#[utoipa::path(
    get, path = "/api/v1/votes/{vote_id}",
    operation_id = "get_vote_state", tag = "votes",
    params(("vote_id" = Uuid, Path)),
    responses(
        (status = 200, description = "The vote", body = AnyVoteBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 404, description = "`vote_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`vote_state_unknown`, `queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []), ("partner" = []))
)]
async fn vote_status(
    gateway: Data<Gateway>,
    voting: VotingCaller,
    vote_id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let found = gateway.any_statuses(&voting, &[VoteId(vote_id.0)]).await?;
    if let Some(status) = found.into_iter().next() {
        return http_kit::etag::cached_json(&request, &status);
    }
    match gateway.absent().await? {
        Absent::Unknown => Err(vote_state_unknown()),
        Absent::Never => Err(Problem::not_found(
            "vote_not_found",
            "There is no such vote of yours.",
        )),
    }
}

/// Which votes are asked after.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct VotesQuery {
    /// Up to 100 ids, separated by commas.
    ids: String,
}

/// Tells what became of some of one's own votes. Those that are not are left out, and for ten
/// minutes after Redis lost its data also those of which nobody can say just now: asked after
/// alone, the first are 404, the others 503 `vote_state_unknown`.
#[utoipa::path(
    get, path = "/api/v1/votes",
    operation_id = "list_vote_states", tag = "votes", params(VotesQuery),
    responses(
        (status = 200, description = "The votes", body = VotesBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `too_many_ids`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []), ("partner" = []))
)]
async fn votes(
    gateway: Data<Gateway>,
    voting: VotingCaller,
    query: Query<VotesQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ids: Vec<VoteId> = parse_ids(&query.ids)?;
    let items = gateway.any_statuses(&voting, &ids).await?;
    http_kit::etag::cached_json(&request, &VotesBody { items })
}
