//! Every row becomes a vote, in random order.

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;

use super::campaigns::Campaign;
use super::file::{Vote, Votes};
use super::partners::Signers;
use super::{Run, of};
use crate::api::Call;
use crate::progress::Progress;

/// Casts every row whose campaign is open; answers how many were accepted. Casting one
/// again is the same vote.
///
/// # Errors
/// When a vote is refused, or the service stays away.
pub(super) async fn cast(
    run: &Run,
    votes: &Votes,
    campaigns: &[Campaign],
    signers: &Signers,
) -> Result<usize> {
    let open: Vec<_> = campaigns.iter().filter(|c| c.is_open()).cloned().collect();
    let is_open = |vote: &&Vote| open.iter().any(|c| c.label == vote.row.campaign);
    let mut votes: Vec<&Vote> = votes.votes().iter().filter(is_open).collect();
    votes.shuffle(&mut StdRng::seed_from_u64(run.seed));
    let n_votes = votes.len();
    let progress = Progress::begin("votes", n_votes);
    let (progress, open) = (&progress, &open);
    stream::iter(votes)
        .enumerate()
        .map(|(n, vote)| async move {
            cast_one(run, n, vote, of(open, &vote.row.campaign)?, signers).await?;
            progress.step();
            anyhow::Ok(())
        })
        .buffer_unordered(run.clients)
        .try_collect::<()>()
        .await?;
    Ok(n_votes)
}

async fn cast_one(
    run: &Run,
    n: usize,
    vote: &Vote,
    campaign: &Campaign,
    signers: &Signers,
) -> Result<()> {
    let row = &vote.row;
    let signer = signers.get(&row.channel).context("no key")?;
    let body = json!({ "option": row.option, "channel": row.channel, "tickets": row.tickets });
    let call = Call::post(format!("/campaigns/{}/votes", campaign.id))
        .signed(signer)
        .voter(&row.voter)
        .idempotency_key(run.names.idempotency_key(vote))
        .body(body);
    let answer = run.gateway(n).call(call).await?;
    let doing = format!(
        "{} {} voting for {} in {}",
        row.channel, row.voter, row.option, row.campaign
    );
    match (answer.status, answer.code()) {
        (202, _) => Ok(()),
        (_, "campaign_not_open") => bail!(
            "{doing}: {answer}. It was over before its votes were in: choose a larger \
             --close-after, and another --run"
        ),
        _ => bail!("{doing}: {answer}"),
    }
}
