//! `GET /boxes`: how full the ballot boxes are, and how far behind.

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use http_kit::{Actor, Problem, ProblemDetails};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::Permission;
use vote_domain::campaign::Stage;
use vote_queue::{BallotBox, Depth, TopologyError};
use vote_store::campaigns::CampaignHead;

use crate::error::Unavailable;
use crate::gateway::Gateway;
use crate::guard::require;

/// The ballot boxes.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoxesBody {
    as_of: DateTime<Utc>,
    items: Vec<BoxBody>,
}

/// A ballot box.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "votes.reviews", "campaign_id": null, "state": null, "depth": 12, "age_s": 0.4,
    "workers": 2, "takes_votes": true
}))]
struct BoxBody {
    /// As the broker knows it.
    name: String,
    /// The campaign whose votes it holds.
    campaign_id: Option<Uuid>,
    /// The campaign's state.
    #[schema(value_type = Option<String>, example = "open")]
    state: Option<Stage>,
    /// Messages that wait for a worker, of up to 256 votes each; `null` while there is no
    /// such box.
    depth: Option<u32>,
    /// How old the oldest of these votes is, in seconds; 0 where none waits, `null` while
    /// it cannot be told.
    age_s: Option<f64>,
    /// Consumers.
    workers: Option<u32>,
    /// Whether this gateway takes votes for it, or sheds them because they wait too long.
    takes_votes: bool,
}

/// Tells how full the ballot boxes are, how old their oldest vote is, and how many workers
/// serve them.
#[utoipa::path(
    get, path = "/api/v1/boxes",
    operation_id = "list_boxes", tag = "operation",
    responses(
        (status = 200, description = "The boxes of reviews, of dead letters and of all unfinished campaigns", body = BoxesBody),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn boxes(gateway: Data<Gateway>, actor: Actor) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::SeeBoxes).await?;
    Ok(HttpResponse::Ok().json(gateway.boxes().await?))
}

impl Gateway {
    async fn boxes(&self) -> Result<BoxesBody, Unavailable> {
        let campaigns = self.store.unfinished_campaigns().await?;
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        let mut asked = vec![(BallotBox::reviews(), None), (BallotBox::dead(), None)];
        asked.extend(campaigns.iter().map(|head| {
            let ballot_box = BallotBox::campaign(head.terms.campaign.0);
            (ballot_box, Some(head))
        }));
        let names: Vec<_> = asked
            .iter()
            .map(|(ballot_box, _)| ballot_box.name())
            .collect();
        let noted = self.cache.settled_to(&names).await;
        let mut items = Vec::with_capacity(asked.len());
        for ((ballot_box, head), noted) in asked.iter().zip(noted) {
            let depth = match self.queue.depth(ballot_box).await {
                Ok(depth) => Some(depth),
                Err(TopologyError::NoSuchBox) => None,
                Err(error) => return Err(Unavailable::of("queue", error)),
            };
            // What cannot be read now is not told, and hides nothing else.
            let noted = noted.ok().flatten();
            items.push(self.box_body(ballot_box, *head, depth, noted, now));
        }
        Ok(BoxesBody { as_of: now, items })
    }

    fn box_body(
        &self,
        ballot_box: &BallotBox,
        head: Option<&CampaignHead>,
        depth: Option<Depth>,
        noted: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxBody {
        let watch = self.office.pressure.watched(ballot_box);
        let age_s = depth.and_then(|depth| {
            if depth.n_ready == 0 {
                return Some(0.0);
            }
            // One that this gateway serves it has looked at for a while; of others, what
            // workers noted last is as near as can be told.
            let seen = watch.as_ref().and_then(|watch| watch.age());
            let age = seen.or(noted.map(|noted| now - noted));
            age.map(|age| age.as_seconds_f64().max(0.0))
        });
        BoxBody {
            name: ballot_box.name().to_owned(),
            campaign_id: ballot_box.campaign_id(),
            state: head.map(|head| head.terms.stage(head.progress, now)),
            depth: depth.map(|depth| depth.n_ready),
            age_s,
            workers: depth.map(|depth| depth.n_consumers),
            takes_votes: watch.is_none_or(|watch| !watch.is_full()),
        }
    }
}
