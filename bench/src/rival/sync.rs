//! The rivals' server: votes counted before they are answered, or put into a queue, one
//! message each; and a route that does nothing.

use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Data, Json, Path, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Result;
use bytes::Bytes;
use http_kit::Tokens;
use mysql_async::{Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use vote_domain::{Clock, Ids};

use super::queued::Outbox;
use super::votes::{Refused, RivalVote, count, make_tables};

/// Connections to SQL, as many as the clients at most.
const SQL_CONNECTIONS: usize = 64;

/// What the routes need.
struct Rival {
    pool: Pool,
    tokens: Tokens,
    clock: Clock,
    ids: Ids,
    outbox: Outbox,
}

/// A pool of connections to `url`.
pub(super) fn pool(url: &str) -> Result<Pool> {
    // Unwrap safety: the bounds are constants in their order.
    #[expect(clippy::unwrap_used, reason = "see above")]
    let bounds = PoolConstraints::new(1, SQL_CONNECTIONS).unwrap();
    let pooled = PoolOpts::new().with_constraints(bounds);
    let opts = OptsBuilder::from_opts(Opts::from_url(url)?).pool_opts(pooled);
    Ok(Pool::new(opts))
}

/// Serves on `port` until the process ends.
///
/// # Errors
/// When SQL or the broker cannot be reached, or the port is taken.
pub async fn serve(mysql_url: &str, amqp_url: &str, tokens: Tokens, port: u16) -> Result<()> {
    let pool = pool(mysql_url)?;
    make_tables(&pool).await?;
    let rival = Data::from(Arc::new(Rival {
        pool,
        tokens,
        clock: Clock::system(),
        ids: Ids::random(),
        outbox: Outbox::open(amqp_url).await?,
    }));
    let server = HttpServer::new(move || App::new().app_data(rival.clone()).configure(routes));
    server.bind(("127.0.0.1", port))?.run().await?;
    Ok(())
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/readyz", web::get().to(HttpResponse::Ok))
        .route("/empty", web::post().to(empty))
        .route(
            "/sync/reviews/{review}/{direction}",
            web::post().to(review_now),
        )
        .route(
            "/sync/campaigns/{campaign}/votes",
            web::post().to(campaign_now),
        )
        .route(
            "/queued/reviews/{review}/{direction}",
            web::post().to(review_later),
        )
        .route(
            "/queued/campaigns/{campaign}/votes",
            web::post().to(campaign_later),
        );
}

async fn empty(_body: Bytes) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
struct Spend {
    option: String,
    channel: String,
    tickets: i64,
}

impl Rival {
    fn voter(&self, request: &HttpRequest) -> Option<Uuid> {
        let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
        let token = header.strip_prefix("Bearer ")?;
        Some(self.tokens.verify(token).ok()?.user_id.0)
    }

    fn review_vote(
        &self,
        request: &HttpRequest,
        (review, direction): (Uuid, String),
    ) -> Option<RivalVote> {
        Some(RivalVote::Review {
            vote_id: self.ids.next(),
            voter: self.voter(request)?,
            review,
            up: direction == "upvote",
            at: self.clock.now(),
        })
    }

    fn campaign_vote(
        &self,
        request: &HttpRequest,
        campaign: Uuid,
        spend: Spend,
    ) -> Option<RivalVote> {
        Some(RivalVote::Campaign {
            vote_id: self.ids.next(),
            voter: self.voter(request)?,
            campaign,
            option: spend.option,
            channel: spend.channel,
            tickets: spend.tickets,
            at: self.clock.now(),
        })
    }

    async fn count(&self, vote: Option<RivalVote>) -> HttpResponse {
        let Some(vote) = vote else {
            return HttpResponse::Unauthorized().finish();
        };
        match count(&self.pool, &vote).await {
            Ok(None) => accepted(),
            Ok(Some(Refused::Duplicate)) => HttpResponse::Conflict().finish(),
            Ok(Some(Refused::Spent)) => HttpResponse::TooManyRequests().finish(),
            Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
        }
    }

    async fn enqueue(&self, vote: Option<RivalVote>) -> HttpResponse {
        let Some(vote) = vote else {
            return HttpResponse::Unauthorized().finish();
        };
        match self.outbox.publish(&vote).await {
            Ok(()) => accepted(),
            Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
        }
    }
}

fn accepted() -> HttpResponse {
    HttpResponse::Accepted().json(json!({ "state": "accepted" }))
}

async fn review_now(
    rival: Data<Rival>,
    path: Path<(Uuid, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let vote = rival.review_vote(&request, path.into_inner());
    rival.count(vote).await
}

async fn review_later(
    rival: Data<Rival>,
    path: Path<(Uuid, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let vote = rival.review_vote(&request, path.into_inner());
    rival.enqueue(vote).await
}

async fn campaign_now(
    rival: Data<Rival>,
    path: Path<Uuid>,
    spend: Json<Spend>,
    request: HttpRequest,
) -> HttpResponse {
    let vote = rival.campaign_vote(&request, *path, spend.into_inner());
    rival.count(vote).await
}

async fn campaign_later(
    rival: Data<Rival>,
    path: Path<Uuid>,
    spend: Json<Spend>,
    request: HttpRequest,
) -> HttpResponse {
    let vote = rival.campaign_vote(&request, *path, spend.into_inner());
    rival.enqueue(vote).await
}
