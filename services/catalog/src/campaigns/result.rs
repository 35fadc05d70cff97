//! The frozen result of a campaign.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::{cached_json, cached_text};
use http_kit::{Path, Problem, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vote_domain::CampaignId;
use vote_domain::campaign::{OptionVotes, Progress, Ranked, ResultFacts, Stage, ranked};
use vote_store::StoreError;

use super::board::Snapshot;
use super::head::{Head, Paper};
use crate::catalog::Catalog;
use crate::failure::Failure;

/// How a result is told.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As JSON.
    #[default]
    Json,
    /// As the text whose SHA-256 is the digest.
    Canonical,
}

/// How a result is asked for.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResultQuery {
    /// `json`, the default, or `canonical`: the text whose SHA-256 is the digest.
    #[param(inline)]
    format: Format,
}

/// A result that will not change any more.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "campaign_id": "8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22", "state": "final",
    "starts_at": "2026-05-01T18:00:00Z", "ends_at": "2026-05-22T20:00:00Z",
    "digest": "8d0f2f…", "n_votes": 1_017, "frozen_at": "2026-05-22T20:00:11Z",
    "options": [{"rank": 1, "option": "a", "name": "First song", "votes": 1_204, "channels": {"web": 1_204}}]
}))]
pub(crate) struct ResultBody {
    campaign_id: Uuid,
    /// Always `final`.
    #[schema(value_type = String)]
    state: Stage,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// SHA-256 of the canonical text, in lower-case hexadecimal.
    digest: String,
    /// Votes that counted, however many tickets each spent.
    n_votes: u64,
    frozen_at: DateTime<Utc>,
    /// Most tickets first; equal ones share a rank.
    options: Vec<ResultRowBody>,
}

/// An option's place.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResultRowBody {
    rank: u64,
    option: String,
    name: String,
    /// Tickets spent on it.
    votes: u64,
    /// The same by channel.
    channels: BTreeMap<String, u64>,
}

/// A result, read back from its canonical text.
#[derive(Debug)]
pub(crate) struct Frozen {
    canonical: String,
    digest: String,
    frozen_at: DateTime<Utc>,
    facts: ResultFacts,
}

impl Frozen {
    /// Bytes it takes in memory, about.
    pub(crate) fn n_bytes(&self) -> u32 {
        u32::try_from(self.canonical.len() * 3).unwrap_or(u32::MAX)
    }

    /// When it was frozen.
    pub(crate) fn frozen_at(&self) -> DateTime<Utc> {
        self.frozen_at
    }

    /// The board of it, on all channels or one.
    pub(crate) fn board(&self, paper: &Paper, channel: Option<&str>) -> Snapshot {
        let counts = |at: usize| channel.is_none_or(|key| self.facts.channels[at] == key);
        let totals = self.facts.options.iter().filter_map(|option| {
            let votes = option.votes.iter().enumerate();
            let votes = votes.filter(|(at, _)| counts(*at)).map(|(_, votes)| votes);
            Some((paper.option_no(&option.option).ok()?, votes.sum()))
        });
        let n_options = u32::try_from(paper.options.len()).unwrap_or(u32::MAX);
        Snapshot::new(self.frozen_at, n_options, totals)
    }

    fn body(&self, head: &Head, paper: &Paper) -> ResultBody {
        let by_key: HashMap<&str, &OptionVotes> = self
            .facts
            .options
            .iter()
            .map(|option| (option.option.as_str(), option))
            .collect();
        let sums = paper.options.iter().enumerate().map(|(no, option)| {
            let votes = by_key.get(option.key.as_str());
            (no, votes.map_or(0, |option| option.votes.iter().sum()))
        });
        let options = ranked(sums).into_iter().map(|Ranked { rank, of, votes }| {
            let option = &paper.options[of];
            let by_channel = by_key.get(option.key.as_str());
            let by_channel = by_channel.map(|option| option.votes.iter().copied());
            ResultRowBody {
                rank,
                option: option.key.clone(),
                name: option.name.clone(),
                votes,
                channels: self
                    .facts
                    .channels
                    .iter()
                    .cloned()
                    .zip(by_channel.into_iter().flatten())
                    .collect(),
            }
        });
        ResultBody {
            campaign_id: head.terms.campaign.0,
            state: Stage::Final,
            starts_at: self.facts.starts_at,
            ends_at: self.facts.ends_at,
            digest: self.digest.clone(),
            n_votes: self.facts.n_votes,
            frozen_at: self.frozen_at,
            options: options.collect(),
        }
    }
}

/// Reads the frozen result. With `?format=canonical` the text that was digested comes as
/// it is, so that anybody can compute its SHA-256:
///
/// ```text
/// tally-result 1
/// campaign <id>
/// starts_at <RFC 3339, UTC, microseconds, Z>
/// ends_at <likewise>
/// votes <number of votes that counted>
/// option <key> <channel> <tickets>     one for each option and channel
/// ```
///
/// Each line ends with one line feed; option lines are sorted by the bytes of option key,
/// then channel key.
#[utoipa::path(
    get, path = "/api/v1/campaigns/{campaign_id}/result",
    operation_id = "get_result", tag = "campaigns",
    params(("campaign_id" = Uuid, Path), ResultQuery),
    responses(
        (status = 200, description = "The result; with `ETag`", content(
            (ResultBody = "application/json"),
            (String = "text/plain"),
        )),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`campaign_not_found`", body = ProblemDetails),
        (status = 409, description = "`campaign_not_final`, with its `state`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn result(
    catalog: Data<Catalog>,
    id: Path<CampaignId>,
    query: Query<ResultQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (head, paper) = catalog.whole_campaign(*id).await?;
    if head.progress != Progress::Final {
        let detail = "The result is not frozen yet.";
        let state = head.stage(catalog.time().await);
        return Err(Problem::conflict("campaign_not_final", detail)
            .with("state", state)
            .into());
    }
    let frozen = catalog.frozen(*id).await?;
    match query.format {
        Format::Json => Ok(cached_json(&request, &frozen.body(&head, &paper))?),
        Format::Canonical => {
            let tag = format!("\"{}\"", frozen.digest);
            Ok(cached_text(&request, &tag, || frozen.canonical.clone()))
        }
    }
}

impl Catalog {
    /// The result of the campaign `id`, which is final.
    pub(crate) async fn frozen(&self, id: CampaignId) -> Result<Arc<Frozen>, Failure> {
        let load = async {
            let refused =
                |what: &str| StoreError::Refused(format!("campaign_results: {id}: {what}"));
            let result = self.store.frozen_result(id).await?;
            let result = result.ok_or_else(|| refused("final without a result"))?;
            let facts = ResultFacts::parse(&result.canonical);
            Ok(Frozen {
                facts: facts.map_err(|error| refused(&error.to_string()))?,
                canonical: result.canonical,
                digest: result.digest,
                frozen_at: result.frozen_at,
            })
        };
        self.campaigns.results.get(id, load).await
    }
}
