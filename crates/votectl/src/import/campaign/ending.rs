//! The ends of campaigns: kept ahead while votes come in, then waited for.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use super::Run;
use super::campaigns::{Campaign, time};
use crate::api::Call;
use crate::progress::Progress;
use crate::session::Session;

/// An end that is nearer than this is moved while votes come in.
const NEAR: TimeDelta = TimeDelta::seconds(10);

/// How far ahead it is moved.
const AHEAD: TimeDelta = TimeDelta::seconds(20);

/// How often ends are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time between two lines about what is waited for.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// Moves the ends of open `campaigns` that are near.
///
/// # Errors
/// When one is over, or the service stays away.
pub(super) async fn move_near_ends(
    run: &Run,
    admin: &mut Session,
    campaigns: &mut [Campaign],
) -> Result<()> {
    for campaign in campaigns.iter_mut().filter(|campaign| campaign.is_open()) {
        let now = run.time.now();
        if campaign.ends_at - now >= NEAR {
            continue;
        }
        let ends_at = now + AHEAD;
        let call = Call::patch(format!("/campaigns/{}", campaign.id));
        let call = call.body(json!({ "ends_at": ends_at }));
        let answer = admin.call(&run.catalog, call).await?;
        answer.expect(200, &format!("moving the end of {}", campaign.label))?;
        campaign.ends_at = ends_at;
    }
    Ok(())
}

/// Keeps the ends of open `campaigns` ahead, for as long as it is asked to.
///
/// # Errors
/// As [`move_near_ends`].
pub(super) async fn keep_ahead(
    run: &Run,
    admin: &mut Session,
    campaigns: &mut [Campaign],
) -> Result<Infallible> {
    loop {
        move_near_ends(run, admin, campaigns).await?;
        sleep(LOOK_EVERY).await;
    }
}

/// Waits until all of `campaigns` are final.
///
/// # Errors
/// When they are not as long after their ends as patience lasts.
pub(super) async fn wait_until_final(run: &Run, campaigns: &[Campaign]) -> Result<()> {
    let progress = Progress::begin("final", campaigns.len());
    let mut over_at = Instant::now();
    let mut said_at: Option<Instant> = None;
    let mut n_final = 0;
    loop {
        let mut states = BTreeMap::<String, usize>::new();
        let mut last_end = None;
        for campaign in campaigns {
            let call = Call::get(format!("/campaigns/{}", campaign.id));
            let answer = run.catalog.call(call).await?;
            let answer = answer.expect(200, &format!("reading {}", campaign.label))?;
            let state = answer.text("state")?;
            last_end = last_end.max(Some(time(&answer.body, "ends_at")?));
            *states.entry(state.to_owned()).or_default() += 1;
        }
        let n_final_now = states.get("final").copied().unwrap_or_default();
        if n_final_now > n_final {
            progress.steps(n_final_now - n_final);
            n_final = n_final_now;
        }
        if n_final == campaigns.len() {
            return Ok(());
        }
        let left = last_end.context("no campaign")? - run.time.now();
        if left > TimeDelta::zero() {
            over_at = Instant::now();
        }
        let told: Vec<_> = states
            .iter()
            .map(|(state, n)| format!("{n} {state}"))
            .collect();
        let told = told.join(", ");
        if over_at.elapsed() > run.patience {
            bail!("the campaigns are over and do not become final: {told}");
        }
        if said_at.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            said_at = Some(Instant::now());
            let seconds = left.num_seconds().max(0);
            progress.say(&format!("campaigns: {told}; the last ends in {seconds} s"));
        }
        sleep(LOOK_EVERY).await;
    }
}
