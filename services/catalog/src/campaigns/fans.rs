//! Fans: who spent most on an option.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json_of;
use http_kit::{Cursor, PageQuery, Path, Problem, ProblemDetails, Query};
use partner_auth::MaybeVoter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vote_domain::campaign::OptionNo;
use vote_domain::{CampaignId, VoterId};
use vote_store::StoreError;
use vote_store::boards::Fan;

use super::SNAPSHOT_LIFE;
use crate::catalog::Catalog;
use crate::entries::Life;
use crate::failure::Failure;
use crate::names;

/// The last rank that is told exactly.
const EXACT_RANK_MAX: u32 = 100_000;

/// A page of an option's fans.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "as_of": "2026-05-10T12:00:00Z",
    "items": [{"rank": 1, "voter": {"kind": "jury", "id": "DE"}, "name": "DE", "votes": 12}],
    "me": {"rank": 4, "votes": 3}, "next_cursor": null
}))]
pub(crate) struct FansBody {
    /// When the page was read.
    as_of: DateTime<Utc>,
    items: Vec<FanBody>,
    /// The caller's own place; null without a caller, or without tickets spent here.
    me: Option<MeBody>,
    /// Asks for the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A fan. Equal votes share a rank.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FanBody {
    rank: u64,
    voter: VoterBody,
    /// A member's user name; anybody else's id.
    name: String,
    /// Tickets spent on the option.
    votes: u64,
}

/// A voter by their own name.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct VoterBody {
    /// `member`, or the kind of a partner's voters.
    kind: String,
    id: String,
}

/// The caller's own place.
#[derive(Serialize, ToSchema)]
#[schema(as = FanMeBody)]
pub(crate) struct MeBody {
    /// Exact up to 100,000.
    rank: u32,
    /// True where the rank is at least this.
    #[serde(skip_serializing_if = "is_exact")]
    #[schema(value_type = Option<bool>)]
    at_least: bool,
    votes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_exact(at_least: &bool) -> bool {
    !at_least
}

/// Where a page of fans begins. Who gains or loses tickets meanwhile may be met twice or
/// not at all, and ranks are as good as the pages before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    option: OptionNo,
    tickets: u64,
    voter: VoterId,
    /// The rank of the last fan before.
    rank: u64,
    /// How many came before.
    n_before: u64,
}

/// A page as it was at one moment.
#[derive(Serialize, Deserialize)]
struct FansPage {
    as_of: DateTime<Utc>,
    items: Vec<FanBody>,
    next_cursor: Option<String>,
}

impl FansPage {
    /// Ranks up to `limit` of `fans`, which come behind `after`.
    fn new(
        as_of: DateTime<Utc>,
        option: OptionNo,
        after: Option<Position>,
        mut fans: Vec<Fan>,
        limit: usize,
    ) -> Self {
        let more = fans.len() > limit;
        fans.truncate(limit);
        let mut last = after;
        let mut items = Vec::with_capacity(fans.len());
        for fan in fans {
            let n_before = last.map_or(0, |last| last.n_before);
            let rank = match last {
                Some(last) if last.tickets == fan.tickets => last.rank,
                _ => n_before.saturating_add(1),
            };
            last = Some(Position {
                option,
                tickets: fan.tickets,
                voter: fan.voter,
                rank,
                n_before: n_before.saturating_add(1),
            });
            items.push(FanBody {
                rank,
                voter: VoterBody {
                    kind: fan.kind.into(),
                    id: fan.id,
                },
                name: fan.name,
                votes: fan.tickets,
            });
        }
        Self {
            as_of,
            items,
            next_cursor: last.filter(|_| more).map(|last| Cursor::encode(&last)),
        }
    }
}

/// Lists an option's fans, most tickets first; first pages are at most a second and a
/// half old. Beyond rank 100,000 `me` says `at_least`.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}/options/{option}/fans",
    operation_id = "list_fans", tag = "campaigns",
    params(
        ("campaign_id" = Uuid, Path), ("option" = String, Path, description = "The option's key"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "A page; with `ETag`", body = FansBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`: a token is not needed, but must be sound; `invalid_signature`, `replayed_request`", body = ProblemDetails),
        (status = 404, description = "`campaign_not_found`, `option_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `invalid_cursor`, `invalid_voter`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`, `signature_unverifiable`", body = ProblemDetails),
    ),
    security((), ("bearer" = []), ("partner" = []))
)]
pub(crate) async fn fans(
    catalog: Data<Catalog>,
    voter: MaybeVoter,
    path: Path<(CampaignId, String)>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let Path((id, key)) = path;
    let after: Option<Position> = query.position()?;
    let (head, paper) = catalog.whole_campaign(id).await?;
    let option = paper.option_no(&key)?;
    if after.is_some_and(|after| after.option != option) {
        let detail = "The cursor is another option's.";
        return Err(Problem::invalid("invalid_cursor", detail).into());
    }
    let (this, limit) = ((**catalog).clone(), query.limit);
    let load = move || async move {
        let as_of = this.time().await;
        let from = after.map(|after| (after.tickets, after.voter));
        let n_rows = u32::from(limit.get()) + 1;
        let fans = this.store.fans(id, option, from, n_rows).await?;
        Ok::<_, StoreError>(FansPage::new(as_of, option, after, fans, limit.into()))
    };
    let page = if after.is_none() {
        let name = names::fans(&head.standing(), option, limit);
        let life = Life {
            ttl: SNAPSHOT_LIFE,
            missing_ttl: SNAPSHOT_LIFE,
        };
        let load = || async move { load().await.map(Some) };
        let found = catalog.entries.get(&name, life, load).await?;
        found.ok_or_else(Problem::internal_unlogged)?
    } else {
        catalog.entries.uncached(load).await?
    };
    let me = match voter.0 {
        Some(voter) => catalog.place(id, option, voter.voter_id()).await?,
        None => None,
    };
    let body = FansBody {
        as_of: page.as_of,
        items: page.items,
        me,
        next_cursor: page.next_cursor,
    };
    let content = (&body.items, &body.me, &body.next_cursor);
    Ok(cached_json_of(&request, &content, &body)?)
}

impl Catalog {
    /// The place of `voter` among the fans of `option`; none without tickets spent there.
    async fn place(
        &self,
        campaign: CampaignId,
        option: OptionNo,
        voter: VoterId,
    ) -> Result<Option<MeBody>, Failure> {
        let read = || self.store.fan_tickets(campaign, option, voter);
        let votes = self.entries.uncached(read).await?;
        if votes == 0 {
            return Ok(None);
        }
        // All who spent as much share the rank, and so the count.
        let count = self
            .store
            .fans_ahead(campaign, option, votes, EXACT_RANK_MAX);
        let name = (campaign, option, votes);
        let n_ahead = *self.campaigns.ranks.get(name, count).await?;
        Ok(Some(MeBody {
            rank: n_ahead.saturating_add(1).min(EXACT_RANK_MAX),
            at_least: n_ahead >= EXACT_RANK_MAX,
            votes,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn fans(tickets: &[u64]) -> Vec<Fan> {
        let numbered = tickets.iter().zip(1..);
        numbered
            .map(|(tickets, n)| Fan {
                voter: VoterId(Uuid::from_u128(n)),
                kind: "jury".parse().unwrap(),
                id: n.to_string(),
                name: n.to_string(),
                tickets: *tickets,
            })
            .collect()
    }

    #[test]
    fn ranks_are_shared_and_go_on_over_pages() {
        let tickets = [9, 5, 5, 5, 2, 2, 1];
        for limit in 1..8 {
            let (mut ranks, mut after) = (Vec::new(), None::<Position>);
            loop {
                let at = after.map_or(0, |after| usize::try_from(after.n_before).unwrap());
                let rest = fans(&tickets).split_off(at);
                let rest = rest.into_iter().take(limit + 1).collect();
                let page = FansPage::new(DateTime::UNIX_EPOCH, OptionNo(0), after, rest, limit);
                ranks.extend(page.items.iter().map(|fan| fan.rank));
                let Some(next) = page.next_cursor else { break };
                let next: Cursor = serde_json::from_value(next.into()).unwrap();
                after = Some(next.decode().unwrap());
            }
            assert_eq!(ranks, [1, 2, 2, 2, 5, 5, 7], "{limit}");
        }
    }
}
