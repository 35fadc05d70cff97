//! Boards: options by the tickets spent on them.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::Tagged;
use http_kit::{Path, Problem, ProblemDetails, Query};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vote_domain::CampaignId;
use vote_domain::campaign::{ChannelNo, OptionNo, Progress, Ranked, Stage, ranked};

use super::head::{Head, Paper};
use super::kept::LEAST_BYTES;
use super::result::Frozen;
use super::{KEPT_BYTES_MAX, SNAPSHOT_LIFE, Standing, Within, range};
use crate::catalog::Catalog;
use crate::entries::Life;
use crate::failure::Failure;
use crate::names;

/// Which votes a board is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeQuery {
    /// Only votes on the channel of this key.
    pub(crate) channel: Option<String>,
    /// Only votes admitted from this whole hour of UTC on.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) from: Option<String>,
    /// Only votes admitted before this whole hour of UTC.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) to: Option<String>,
}

/// A board: every option of the campaign, most tickets first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "state": "open", "as_of": "2026-05-10T12:00:00Z",
    "options": [{"rank": 1, "option": "a", "name": "First song", "votes": 1_204}]
}))]
pub(crate) struct BoardBody {
    /// The campaign's state.
    #[schema(value_type = String)]
    state: Stage,
    /// When the tickets were summed.
    as_of: DateTime<Utc>,
    options: Vec<BoardRowBody>,
}

/// An option's place. Equal votes share a rank and stand in the order of the options.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoardRowBody {
    rank: u64,
    option: String,
    name: String,
    /// Tickets spent on it.
    votes: u64,
}

/// A board as it was at one moment: every option with its tickets, most first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) as_of: DateTime<Utc>,
    votes: Vec<(OptionNo, u64)>,
}

impl Snapshot {
    /// Ranks all of `n_options`, those without a ticket too.
    pub(crate) fn new(
        as_of: DateTime<Utc>,
        n_options: u32,
        totals: impl IntoIterator<Item = (OptionNo, u64)>,
    ) -> Self {
        let totals: HashMap<_, _> = totals.into_iter().collect();
        let votes = (0..n_options).map(OptionNo).map(|option| {
            let votes = totals.get(&option).copied().unwrap_or_default();
            (option, votes)
        });
        Self {
            as_of,
            votes: ranked(votes)
                .into_iter()
                .map(|place| (place.of, place.votes))
                .collect(),
        }
    }

    /// Bytes it takes in memory, about.
    pub(crate) fn n_bytes(&self) -> u32 {
        u32::try_from(self.votes.len() * size_of::<(OptionNo, u64)>()).unwrap_or(u32::MAX)
    }

    fn rows(&self, paper: &Paper) -> Vec<BoardRowBody> {
        ranked(self.votes.iter().copied())
            .into_iter()
            .filter_map(|Ranked { rank, of, votes }| {
                let option = paper.option(of)?;
                Some(BoardRowBody {
                    rank,
                    option: option.key.clone(),
                    name: option.name.clone(),
                    votes,
                })
            })
            .collect()
    }
}

/// What a board is taken from.
enum Source {
    Snapshot(Arc<Snapshot>),
    Frozen(Arc<Frozen>),
}

impl Source {
    fn as_of(&self) -> DateTime<Utc> {
        match self {
            Self::Snapshot(snapshot) => snapshot.as_of,
            Self::Frozen(frozen) => frozen.frozen_at(),
        }
    }

    fn snapshot(self, paper: &Paper, channel: Option<&str>) -> Arc<Snapshot> {
        match self {
            Self::Snapshot(snapshot) => snapshot,
            Self::Frozen(frozen) => Arc::new(frozen.board(paper, channel)),
        }
    }
}

/// Which of the boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    campaign: CampaignId,
    channel: Option<ChannelNo>,
    /// The first hour, and the one behind the last.
    hours: Option<(i32, i32)>,
}

/// A board as it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    follows_from: FollowsFrom,
    answer: Arc<Tagged>,
}

/// All that the answer follows from: while this is the same, the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FollowsFrom {
    standing: Standing,
    state: Stage,
    /// Stands for the snapshot: of one moment there is one.
    as_of: DateTime<Utc>,
}

/// Boards as they were answered last, so that each snapshot is ranked and written out once.
pub(crate) fn shown_boards() -> Cache<Place, Shown> {
    Cache::builder()
        .max_capacity(KEPT_BYTES_MAX / 8)
        .weigher(|_, shown: &Shown| shown.answer.n_bytes().saturating_add(LEAST_BYTES))
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(SNAPSHOT_LIFE)
        .build()
}

/// Reads a board: of all votes, of a channel, of a range of hours. It is at most a second
/// and a half old; `ETag` changes with its content alone.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}/board",
    operation_id = "get_board", tag = "campaigns",
    params(("campaign_id" = Uuid, Path), RangeQuery),
    responses(
        (status = 200, description = "The board; with `ETag`", body = BoardBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`campaign_not_found`, `channel_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `invalid_range`: not whole hours of UTC, or none between them", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn board(
    catalog: Data<Catalog>,
    id: Path<CampaignId>,
    query: Query<RangeQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let this = catalog.clone();
    let make = move |(id, query)| {
        let this = this.clone();
        async move { this.board(id, query).await }
    };
    let asked = (*id, query.into_inner());
    let board = catalog.campaigns.boards.get(asked, make).await?;
    Ok(board.answer(&request))
}

impl Catalog {
    /// The board of the campaign `id` as it is now.
    async fn board(&self, id: CampaignId, query: RangeQuery) -> Result<Arc<Tagged>, Failure> {
        let (head, paper) = self.whole_campaign(id).await?;
        let channel = paper.channel_no(query.channel.as_deref())?;
        let hours = range::asked(query.from.as_deref(), query.to.as_deref(), &head)?;
        let place = Place {
            campaign: id,
            channel,
            hours: hours.as_ref().map(|hours| (hours.start.0, hours.end.0)),
        };
        let source = match hours {
            Some(hours) => {
                let within = Within {
                    standing: head.standing(),
                    option: None,
                    channel,
                    hours: (hours.start.0, hours.end.0),
                };
                let load = async {
                    let as_of = self.time().await;
                    let totals = self.store.option_totals_within(id, channel, hours);
                    Ok(Snapshot::new(as_of, head.terms.n_options, totals.await?))
                };
                Source::Snapshot(self.campaigns.ranges.get(within, load).await?)
            }
            None if head.progress == Progress::Final => Source::Frozen(self.frozen(id).await?),
            None => Source::Snapshot(Arc::new(self.standing_board(&head, channel).await?)),
        };
        let follows_from = FollowsFrom {
            standing: head.standing(),
            state: head.stage(self.time().await),
            as_of: source.as_of(),
        };
        if let Some(shown) = self.campaigns.shown.get(&place)
            && shown.follows_from == follows_from
        {
            return Ok(shown.answer.clone());
        }
        let FollowsFrom { state, as_of, .. } = follows_from;
        let snapshot = source.snapshot(&paper, query.channel.as_deref());
        let options = snapshot.rows(&paper);
        let body = BoardBody {
            state,
            as_of,
            options,
        };
        let answer = Arc::new(Tagged::of(&(body.state, &body.options), &body)?);
        let shown = Shown {
            follows_from,
            answer: answer.clone(),
        };
        self.campaigns.shown.insert(place, shown);
        Ok(answer)
    }

    /// The board of all votes so far, on all channels or one, through the cache.
    async fn standing_board(
        &self,
        head: &Head,
        channel: Option<ChannelNo>,
    ) -> Result<Snapshot, Failure> {
        let (this, campaign, n_options) = (self.clone(), head.terms.campaign, head.terms.n_options);
        let load = move || async move {
            let as_of = this.time().await;
            let totals = this.store.option_totals(campaign, channel).await?;
            Ok(Some(Snapshot::new(as_of, n_options, totals)))
        };
        let life = Life {
            ttl: SNAPSHOT_LIFE,
            missing_ttl: SNAPSHOT_LIFE,
        };
        let name = names::board(&head.standing(), channel);
        let found = self.entries.get(&name, life, load).await?;
        Ok(found.ok_or_else(Problem::internal_unlogged)?)
    }
}
