//! The routes of campaign votes.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use http_kit::{Cursor, Json, Limit, PageQuery, Path, Problem, ProblemDetails, Query, TraceParent};
use partner_auth::{Caller, VotingCaller};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::campaign::{Ballot, Facts, TICKETS_MAX};
use vote_domain::{CampaignId, Permission, UserId, Voter};
use vote_store::grants::NewGrant;

use super::answer::{
    CampaignAcceptedBody, EntryWriter, GrantedBody, LedgerBody, WalletBody, location,
};
use super::problem::{campaign_not_found, channel_not_found, option_not_found};
use crate::cast::{Accepted, Cast};
use crate::error::Unavailable;
use crate::gateway::Gateway;
use crate::guard::require;
use crate::idempotency::IdempotencyKey;
use crate::request::{VoterBody, text};
use crate::voids::{VoidRequest, VoidedBody};

/// The longest reason of a grant, in characters.
const GRANT_REASON_MAX: usize = 200;

/// The longest grant key, in bytes.
const GRANT_KEY_MAX: usize = 255;

/// Adds the routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/campaigns/{campaign_id}/votes").route(post().to(spend)))
        .service(resource("/campaigns/{campaign_id}/wallet").route(get().to(wallet)))
        .service(resource("/campaigns/{campaign_id}/ledger").route(get().to(ledger)))
        .service(resource("/campaigns/{campaign_id}/grants").route(post().to(grant)))
        .service(resource("/campaigns/{campaign_id}/voids").route(post().to(void)));
}

impl Gateway {
    async fn campaign_facts(&self, campaign: Uuid) -> Result<Arc<Facts>, Problem> {
        let facts = self.campaigns.facts(CampaignId(campaign)).await?;
        facts.ok_or_else(campaign_not_found)
    }
}

/// Tickets to spend.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"option": "a", "channel": "web", "tickets": 2}))]
pub(crate) struct CampaignVoteRequest {
    /// Key of an option.
    option: String,
    /// Key of a channel.
    channel: String,
    /// How many tickets, at least 1.
    tickets: i64,
}

/// The number of tickets asked for.
fn tickets(asked: i64) -> Result<u32, Problem> {
    match u32::try_from(asked) {
        Ok(0) | Err(_) if asked <= 0 => Err(Problem::invalid(
            "invalid_tickets",
            "tickets must be at least 1.",
        )),
        Ok(tickets) if tickets <= TICKETS_MAX => Ok(tickets),
        _ => Err(Problem::invalid(
            "too_many_tickets",
            format!("tickets must be at most {TICKETS_MAX}."),
        )
        .with("max_tickets", TICKETS_MAX)),
    }
}

/// The name of the intent: the client's, or for a signed request its nonce.
fn key_of(caller: &Caller, request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    if let Some(key) = IdempotencyKey::of_request(request)? {
        return Ok(Some(key));
    }
    let key = caller
        .partner()
        .map(|partner| IdempotencyKey::parse(partner.request_key().as_bytes()));
    Ok(key.transpose()?)
}

/// Spends tickets on an option; replies 202 once the vote is durable.
#[utoipa::path(
    post, path = "/api/v1/campaigns/{campaign_id}/votes",
    operation_id = "vote_in_campaign", tag = "campaign votes",
    request_body = CampaignVoteRequest,
    params(
        ("campaign_id" = Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header),
        ("X-Tally-Voter" = Option<String>, Header, description = "The voter, of a signed request"),
    ),
    responses(
        (status = 202, description = "Accepted: durable, soon counted", body = CampaignAcceptedBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`, `invalid_signature`, `replayed_request`", body = ProblemDetails),
        (status = 403, description = "`channel_closed_to_voter`", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`, `option_not_found`, `channel_not_found`", body = ProblemDetails),
        (status = 409, description = "`campaign_not_open`, with `state`", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_tickets`, `too_many_tickets`, `insufficient_tickets` with `balance`, `invalid_voter`, `idempotency_key_reused`, `invalid_idempotency_key`", body = ProblemDetails),
        (status = 429, description = "`channel_limit_reached`, with `resets_at`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`, `overloaded`", body = ProblemDetails),
    ),
    security(("bearer" = []), ("partner" = []))
)]
pub(crate) async fn spend(
    gateway: Data<Gateway>,
    voting: VotingCaller,
    trace: TraceParent,
    campaign: Path<Uuid>,
    body: Json<CampaignVoteRequest>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let VotingCaller { caller, voter } = voting;
    let key = key_of(&caller, &request)?;
    let facts = gateway.campaign_facts(*campaign).await?;
    let body = body.0;
    let ballot = Ballot {
        tickets: tickets(body.tickets)?,
        option: *facts
            .options
            .get(&body.option)
            .ok_or_else(option_not_found)?,
        channel: facts.channel(&body.channel).ok_or_else(channel_not_found)?,
    };
    let cast = Cast {
        voter,
        ballot,
        key,
        trace_parent: trace.to_string(),
    };
    match gateway.campaigns.booth(&facts).cast(cast).await? {
        Accepted::Vote(vote_id, balance) => Ok(HttpResponse::Accepted()
            .insert_header((header::LOCATION, location(vote_id)))
            .json(CampaignAcceptedBody {
                vote_id: vote_id.0,
                state: "accepted",
                balance,
            })),
        Accepted::Nothing => Ok(HttpResponse::NoContent().finish()),
    }
}

/// Shows what the voter holds, just-granted and free tickets included.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}/wallet",
    operation_id = "get_wallet", tag = "campaign votes",
    params(
        ("campaign_id" = Uuid, Path),
        ("X-Tally-Voter" = Option<String>, Header, description = "The voter, of a signed request"),
    ),
    responses(
        (status = 200, description = "The wallet", body = WalletBody),
        (status = 304, description = "Nothing changed"),
        (status = 401, description = "`unauthenticated`, `invalid_signature`, `replayed_request`", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_voter`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []), ("partner" = []))
)]
pub(crate) async fn wallet(
    gateway: Data<Gateway>,
    voting: VotingCaller,
    campaign: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let facts = gateway.campaign_facts(*campaign).await?;
    let wallet = gateway.campaigns.wallet(&facts, &voting.voter).await?;
    http_kit::etag::cached_json(&request, &WalletBody::from(wallet))
}

/// Where a page of a statement goes on: before this line, counted from the oldest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerPosition {
    before_line: usize,
}

/// Shows every ticket of the voter that came or went, newest first.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}/ledger",
    operation_id = "get_ledger", tag = "campaign votes",
    params(
        ("campaign_id" = Uuid, Path),
        ("limit" = Option<u16>, Query),
        ("cursor" = Option<String>, Query),
        ("X-Tally-Voter" = Option<String>, Header, description = "The voter, of a signed request"),
    ),
    responses(
        (status = 200, description = "A page of the statement", body = LedgerBody),
        (status = 304, description = "Nothing changed"),
        (status = 401, description = "`unauthenticated`, `invalid_signature`, `replayed_request`", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_voter`, `invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []), ("partner" = []))
)]
pub(crate) async fn ledger(
    gateway: Data<Gateway>,
    voting: VotingCaller,
    campaign: Path<Uuid>,
    page: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let position: Option<LedgerPosition> = page.position()?;
    let facts = gateway.campaign_facts(*campaign).await?;
    let statement = gateway.campaigns.statement(&facts, &voting.voter).await?;
    let writer = EntryWriter::new(&statement, &facts);
    let n_lines = statement.entries.len();
    let end = position.map_or(n_lines, |position| position.before_line.min(n_lines));
    let begin = end.saturating_sub(usize::from(Limit::get(page.limit)));
    let lines = statement.entries[begin..end].iter().rev();
    let body = LedgerBody {
        items: lines.map(|entry| writer.body(entry)).collect(),
        balance: statement.entries.last().map_or(0, |entry| entry.balance),
        next_cursor: (begin > 0).then(|| Cursor::encode(&LedgerPosition { before_line: begin })),
    };
    http_kit::etag::cached_json(&request, &body)
}

/// Tickets to grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "voter": {"kind": "jury", "id": "voter-1"}, "tickets": 5, "reason": "Bought five.",
    "grant_key": "order-4711"
}))]
pub(crate) struct GrantRequest {
    voter: VoterBody,
    /// How many, 1 to 1,000,000.
    tickets: i64,
    /// Why, up to 200 characters.
    reason: String,
    /// The client's name for this grant, 1 to 255 bytes: the same key grants once.
    grant_key: String,
}

/// Grants tickets to a voter; replies 202 once they are committed and in the wallet.
#[utoipa::path(
    post, path = "/api/v1/campaigns/{campaign_id}/grants",
    operation_id = "grant_tickets", tag = "campaign votes",
    request_body = GrantRequest, params(("campaign_id" = Uuid, Path)),
    responses(
        (status = 202, description = "Granted, now or before", body = GrantedBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`, `invalid_signature`, `replayed_request`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators; `foreign_voter`: a partner grants to its own voters", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`, `voter_not_found`: no such member", body = ProblemDetails),
        (status = 409, description = "`campaign_not_open`: over, with `state`; `too_many_lots`", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_tickets`, `too_many_tickets`, `invalid_voter`, `grant_key_reused`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`: repeat it with the same key", body = ProblemDetails),
    ),
    security(("bearer" = []), ("partner" = []))
)]
pub(crate) async fn grant(
    gateway: Data<Gateway>,
    caller: Caller,
    campaign: Path<Uuid>,
    body: Json<GrantRequest>,
) -> Result<HttpResponse, Problem> {
    let voter = body.voter.parse()?;
    match &caller {
        Caller::Member(actor) => require(&gateway.store, actor, Permission::GrantTickets).await?,
        Caller::Partner(partner) => partner.require_own(&voter)?,
    }
    let facts = gateway.campaign_facts(*campaign).await?;
    let grant = NewGrant {
        tickets: tickets(body.tickets)?,
        reason: text("reason", &body.reason, GRANT_REASON_MAX)?,
        grant_key: grant_key(&body.grant_key)?,
        granted_by: caller.audit_actor(),
        voter,
    };
    gateway.require_voter(&grant.voter).await?;
    let ids = &gateway.office.ids;
    let grant_id = gateway.campaigns.grant(&facts, grant, ids).await?;
    Ok(HttpResponse::Accepted().json(GrantedBody {
        grant_id: grant_id.0,
    }))
}

fn grant_key(key: &str) -> Result<String, Problem> {
    if (1..=GRANT_KEY_MAX).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err(Problem::invalid(
            "invalid_body",
            format!("grant_key must be 1 to {GRANT_KEY_MAX} bytes."),
        ))
    }
}

impl Gateway {
    /// Lets pass who can vote: members must have an account.
    async fn require_voter(&self, voter: &Voter) -> Result<(), Problem> {
        if !voter.kind().is_member() {
            return Ok(());
        }
        let member = UserId(voter.voter_id().0);
        let found = self.store.user_names(&[member]).await;
        if found.map_err(Unavailable::from)?.contains_key(&member) {
            Ok(())
        } else {
            Err(Problem::not_found(
                "voter_not_found",
                "There is no such member.",
            ))
        }
    }
}

/// Voids one vote, or all votes of a voter, also those that are still queued.
#[utoipa::path(
    post, path = "/api/v1/campaigns/{campaign_id}/voids",
    operation_id = "void_campaign_votes", tag = "campaign votes",
    request_body = VoidRequest, params(("campaign_id" = Uuid, Path)),
    responses(
        (status = 202, description = "The void holds", body = VoidedBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`, `vote_not_found`: of another campaign", body = ProblemDetails),
        (status = 409, description = "`campaign_not_open`: drained or final, with `state`; `vote_not_counted`", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_voter`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`: repeat it", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn void(
    gateway: Data<Gateway>,
    actor: http_kit::Actor,
    campaign: Path<Uuid>,
    body: Json<VoidRequest>,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::VoidCampaignVote).await?;
    let (target, order) = body.parse(actor.user_id)?;
    let facts = gateway.campaign_facts(*campaign).await?;
    let (void_id, voided) = gateway.campaigns.void(&facts, &target, order).await?;
    Ok(HttpResponse::Accepted().json(VoidedBody::new(void_id, voided)))
}
