//! The campaigns of a run: found by their names, or made.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use super::file::Votes;
use super::scores::{Options, Scores};
use super::{Made, Run};
use crate::api::Call;
use crate::list::{find_all, id};
use crate::session::Session;

/// Lists may lag behind what was written by a few seconds.
const LIST_LAG: Duration = Duration::from_secs(5);

/// A campaign of the run.
#[derive(Clone, Debug)]
pub(super) struct Campaign {
    /// What the file calls it.
    pub(super) label: String,
    pub(super) id: Uuid,
    pub(super) ends_at: DateTime<Utc>,
    /// As it was when the run came to it.
    state: String,
}

impl Campaign {
    fn read(label: &str, body: &Value) -> Result<Self> {
        Ok(Self {
            label: label.to_owned(),
            id: id(body, "campaign_id")?,
            ends_at: time(body, "ends_at")?,
            state: body["state"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// Whether votes could be cast when the run came to it.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "scheduled" | "open")
    }
}

/// The time at `field` of `body`.
///
/// # Errors
/// When there is none.
pub(super) fn time(body: &Value, field: &str) -> Result<DateTime<Utc>> {
    let text = (body[field].as_str()).with_context(|| format!("an answer without {field}"))?;
    text.parse().with_context(|| format!("{field}: {text:?}"))
}

/// Finds every campaign of `votes`, or makes it with an end at `ends_at`; `expected` may
/// know options that got no vote.
///
/// # Errors
/// When `admin` may not make them, or the service stays away.
pub(super) async fn find_or_make(
    run: &Run,
    admin: &mut Session,
    votes: &Votes,
    expected: &Scores,
    ends_at: DateTime<Utc>,
) -> Result<(Vec<Campaign>, Made)> {
    let scores = votes.scores();
    let (mut campaigns, mut n_created) = (Vec::new(), 0);
    for label in votes.campaigns() {
        let (campaign, is_new) = match find(run, admin, label).await? {
            Some(campaign) => (campaign, false),
            None => {
                let options = options(scores.0.get(label), expected.0.get(label));
                let body = json!({
                    "name": run.names.campaign(label),
                    "starts_at": run.time.now(),
                    "ends_at": ends_at,
                    "time_zone": "UTC",
                    "free_daily_tickets": 0,
                    "ticket_expiry": { "kind": "campaign_end" },
                    "max_tickets_per_vote": votes.tickets_max(),
                    "channels": votes.channels().into_iter().map(|channel| json!({
                        "key": channel, "name": channel, "voter_kinds": [channel],
                    })).collect::<Vec<_>>(),
                    "options": options.into_iter().map(|option| json!({
                        "key": option, "name": option,
                    })).collect::<Vec<_>>(),
                });
                (make(run, admin, label, body).await?, true)
            }
        };
        n_created += usize::from(is_new);
        campaigns.push(campaign);
    }
    let made = Made {
        total: campaigns.len(),
        created: n_created,
    };
    Ok((campaigns, made))
}

fn options<'o>(cast: Option<&'o Options>, expected: Option<&'o Options>) -> BTreeSet<&'o str> {
    let both = cast.into_iter().chain(expected);
    both.flat_map(|options| options.keys().map(String::as_str))
        .collect()
}

async fn find(run: &Run, admin: &mut Session, label: &str) -> Result<Option<Campaign>> {
    let name = run.names.campaign(label);
    let found = find_all(&run.catalog, admin, "/campaigns", |campaign| {
        campaign["name"] == name.as_str()
    })
    .await?;
    let campaigns = (found.iter()).map(|body| Campaign::read(label, body));
    let campaigns = campaigns.collect::<Result<Vec<_>>>()?;
    // Where an answer was lost there may be two; every run takes the same one.
    Ok(campaigns.into_iter().min_by_key(|campaign| campaign.id))
}

/// Makes a campaign. A try without an answer is looked for before the next.
async fn make(run: &Run, admin: &mut Session, label: &str, body: Value) -> Result<Campaign> {
    let began_at = Instant::now();
    while began_at.elapsed() < run.patience {
        let call = Call::post("/campaigns").body(body.clone());
        if let Ok(answer) = admin.call_once(&run.catalog, call).await
            && answer.status < 500
            && answer.status != 429
        {
            let answer = answer.expect(201, &format!("making the campaign {label}"))?;
            return Campaign::read(label, &answer.body);
        }
        sleep(LIST_LAG).await;
        if let Some(campaign) = find(run, admin, label).await? {
            return Ok(campaign);
        }
    }
    bail!("the catalog did not answer while the campaign {label} was made");
}
