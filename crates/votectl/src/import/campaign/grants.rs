//! Every voter is granted just the tickets it spends.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::campaigns::Campaign;
use super::file::{Purse, Votes};
use super::partners::Signers;
use super::{Run, of};
use crate::api::Call;
use crate::progress::Progress;

/// What was granted.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(super) struct Granted {
    pub(super) grants: usize,
    pub(super) tickets: u64,
}

/// Grants every purse of the campaigns that are open; repeating it grants nothing more.
///
/// # Errors
/// When a grant is refused, or the service stays away.
pub(super) async fn grant(
    run: &Run,
    votes: &Votes,
    campaigns: &[Campaign],
    signers: &Signers,
) -> Result<Granted> {
    let open: Vec<_> = campaigns.iter().filter(|c| c.is_open()).cloned().collect();
    let purses: BTreeMap<_, _> = (votes.purses().into_iter())
        .filter(|(purse, _)| open.iter().any(|c| c.label == purse.campaign))
        .collect();
    let progress = Progress::begin("grants", purses.len());
    let (progress, open) = (&progress, &open);
    stream::iter(&purses)
        .enumerate()
        .map(|(n, (purse, tickets))| async move {
            grant_one(run, n, *purse, *tickets, of(open, purse.campaign)?, signers).await?;
            progress.step();
            anyhow::Ok(())
        })
        .buffer_unordered(run.clients)
        .try_collect::<()>()
        .await?;
    Ok(Granted {
        grants: purses.len(),
        tickets: purses.values().sum(),
    })
}

async fn grant_one(
    run: &Run,
    n: usize,
    purse: Purse<'_>,
    tickets: u64,
    campaign: &Campaign,
    signers: &Signers,
) -> Result<()> {
    let body = json!({
        "voter": { "kind": purse.channel, "id": purse.voter },
        "tickets": tickets,
        "reason": format!("Import of {}", purse.campaign),
        "grant_key": run.names.grant_key(purse),
    });
    let signer = signers.get(purse.channel).context("no key")?;
    let call = Call::post(format!("/campaigns/{}/grants", campaign.id))
        .signed(signer)
        .body(body);
    let answer = run.gateway(n).call(call).await?;
    match (answer.status, answer.code()) {
        (202, _) => Ok(()),
        (_, "grant_key_reused") => bail!(
            "granting {} to {}: {answer}. Is the file the one that the run was begun with?",
            tickets,
            purse.voter
        ),
        _ => bail!("granting {} to {}: {answer}", tickets, purse.voter),
    }
}
