//! What a member sees of themselves.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{Actor, Problem, ProblemDetails};
use vote_domain::UserId;
use vote_domain::review::{Base, Quota, VoterState};

use super::answer::{MeBody, UserBody};
use crate::catalog::Catalog;
use crate::failure::Failure;

/// Tells who one is, and how many votes are left today.
#[utoipa::path(
    get, path = "/api/v1/me",
    operation_id = "get_me", tag = "accounts",
    responses(
        (status = 200, description = "The account; with `ETag`", body = MeBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn me(
    catalog: Data<Catalog>,
    actor: Actor,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let user = catalog.store.user(actor.user_id).await?;
    let user = user.ok_or_else(|| Problem::unauthenticated("The account is gone."))?;
    let quota = catalog.quota(actor.user_id).await?;
    let me = MeBody {
        user: UserBody::from(user),
        votes: quota.into(),
    };
    Ok(cached_json(&request, &me)?)
}

impl Catalog {
    /// The votes of `voter` today: what SQL says, and what is in flight as far as the
    /// voter's state can be read.
    async fn quota(&self, voter: UserId) -> Result<Quota, Failure> {
        let (mut state, now) = match self.states.read(voter).await {
            Ok(known) => (known.state, known.now),
            // Redis is away: nothing new is being cast.
            Err(_) => (VoterState::default(), self.clock.now()),
        };
        let in_flight: Vec<_> = state
            .in_flight
            .iter()
            .map(|sent| (voter, sent.vote.vote_id))
            .collect();
        let since = Base::first_day(now);
        let voters = [voter];
        let load = || self.store.load_bases(&voters, &in_flight, since);
        let mut loaded = self.entries.uncached(load).await?;
        if let Some(base) = loaded.bases.remove(&voter) {
            state.refresh(base, |vote| loaded.known.contains_key(vote), now);
        }
        let day = self.settings.policy.day(now);
        Ok(self.settings.policy.quota(day, state.used_on(day)))
    }
}
