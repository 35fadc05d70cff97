//! What the services show of a campaign that is final.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::campaigns::Campaign;
use super::{LAG, LOOK_AGAIN_AFTER, Run};
use crate::api::Call;

/// The query of a range that holds every campaign.
const ALL_HOURS: &str = "from=1970-01-01T00:00:00Z";

/// An option's line on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) rank: u64,
    pub(super) votes: u64,
}

/// A board, by option.
pub(super) type Board = BTreeMap<String, Line>;

/// Everything that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// By all votes.
    pub(super) board: Board,
    /// By all hours of the campaign, which are counted apart.
    pub(super) hours: Board,
    /// By channel.
    pub(super) channels: BTreeMap<String, Board>,
    pub(super) result: FrozenResult,
}

/// The frozen result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FrozenResult {
    pub(super) board: Board,
    /// Tickets of each option by channel.
    pub(super) channels: BTreeMap<String, BTreeMap<String, u64>>,
    pub(super) n_votes: u64,
    pub(super) digest: String,
    /// The SHA-256 of the canonical text, computed here.
    pub(super) computed_digest: String,
}

/// Reads boards and result of `campaign`.
///
/// # Errors
/// When the service refuses or stays away.
pub(super) async fn read<'c>(
    run: &Run,
    campaign: &Campaign,
    channels: impl IntoIterator<Item = &'c str>,
) -> Result<Shown> {
    let base = format!("/campaigns/{}", campaign.id);
    let result = get(run, &format!("{base}/result")).await?;
    let canonical = get(run, &format!("{base}/result?format=canonical")).await?;
    let mut shown = Shown {
        board: board(&get(run, &format!("{base}/board")).await?)?,
        hours: board(&get(run, &format!("{base}/board?{ALL_HOURS}")).await?)?,
        channels: BTreeMap::new(),
        result: frozen_result(&result, canonical.as_str().unwrap_or_default())?,
    };
    for channel in channels {
        let path = format!("{base}/board?channel={channel}");
        let board = board(&get(run, &path).await?)?;
        shown.channels.insert(channel.to_owned(), board);
    }
    Ok(shown)
}

async fn get(run: &Run, path: &str) -> Result<Value> {
    let began_at = Instant::now();
    loop {
        let answer = run.catalog.call(Call::get(path)).await?;
        // Another catalog said that it is.
        if answer.code() == "campaign_not_final" && began_at.elapsed() < LAG {
            sleep(LOOK_AGAIN_AFTER).await;
            continue;
        }
        return Ok(answer.expect(200, &format!("reading {path}"))?.body);
    }
}

fn board(body: &Value) -> Result<Board> {
    let options = body["options"].as_array().context("no options")?;
    options
        .iter()
        .map(|option| {
            let number = |field: &str| {
                let number = option[field].as_u64();
                number.with_context(|| format!("no {field} in {option}"))
            };
            let key = option["option"].as_str().context("an option without key")?;
            let line = Line {
                rank: number("rank")?,
                votes: number("votes")?,
            };
            Ok((key.to_owned(), line))
        })
        .collect()
}

fn frozen_result(body: &Value, canonical: &str) -> Result<FrozenResult> {
    let mut channels = BTreeMap::new();
    for option in body["options"].as_array().context("no options")? {
        let of_option = option["channels"].as_object().context("no channels")?;
        let of_option = of_option.iter().map(|(channel, tickets)| {
            let tickets = tickets.as_u64().context("no number of tickets")?;
            Ok((channel.clone(), tickets))
        });
        let key = option["option"].as_str().context("an option without key")?;
        channels.insert(key.to_owned(), of_option.collect::<Result<_>>()?);
    }
    let computed_digest = Sha256::digest(canonical);
    Ok(FrozenResult {
        board: board(body)?,
        channels,
        n_votes: body["n_votes"].as_u64().context("no n_votes")?,
        digest: body["digest"].as_str().context("no digest")?.to_owned(),
        computed_digest: computed_digest.iter().map(|b| format!("{b:02x}")).collect(),
    })
}
