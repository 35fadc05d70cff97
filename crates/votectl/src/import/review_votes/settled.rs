//! Waiting until every vote has come to its end.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use super::Run;
use super::casting::VoterVotes;
use super::place::uuid;
use crate::api::Call;
use crate::progress::Progress;

/// The most votes that may be asked after at once.
const IDS_MAX: usize = 100;

/// The first wait for a voter's votes; each further one is twice as long.
const POLL_FIRST: Duration = Duration::from_millis(100);

/// The longest such wait.
const POLL_MAX: Duration = Duration::from_secs(2);

/// How votes ended.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Ends {
    pub(super) total: usize,
    pub(super) counted: usize,
    /// How many were rejected, by reason.
    pub(super) rejected: BTreeMap<String, usize>,
}

impl Ends {
    fn add(mut self, other: Self) -> Self {
        self.total += other.total;
        self.counted += other.counted;
        for (reason, n_votes) in other.rejected {
            *self.rejected.entry(reason).or_default() += n_votes;
        }
        self
    }
}

/// Waits until all of `voters`' votes are counted or rejected.
///
/// # Errors
/// When a voter's votes do not get on for as long as patience lasts.
pub(super) async fn wait(run: &Run, voters: Vec<VoterVotes>) -> Result<Ends> {
    let n_votes = voters.iter().map(|voter| voter.votes.len()).sum();
    let progress = Progress::begin("settled", n_votes);
    let progress = &progress;
    stream::iter(voters)
        .map(|voter| wait_for_voter(run, voter, progress))
        .buffer_unordered(run.clients)
        .try_fold(Ends::default(), |all, one| async { Ok(all.add(one)) })
        .await
}

async fn wait_for_voter(run: &Run, mut voter: VoterVotes, progress: &Progress) -> Result<Ends> {
    let mut ends = Ends::default();
    let mut open = voter.votes.clone();
    let (mut poll, mut got_on_at) = (POLL_FIRST, Instant::now());
    loop {
        let mut left = Vec::new();
        for ids in open.chunks(IDS_MAX) {
            let settled = ask(run, &mut voter, ids, &mut ends).await?;
            left.extend(ids.iter().filter(|id| !settled.contains(id)));
        }
        let n_settled = open.len() - left.len();
        progress.steps(n_settled);
        if left.is_empty() {
            return Ok(ends);
        }
        if n_settled > 0 {
            got_on_at = Instant::now();
        } else if got_on_at.elapsed() > run.patience {
            bail!(
                "{} votes were accepted and do not settle, {} first; a --state file must \
                 not outlive the data it speaks of",
                left.len(),
                left[0]
            );
        }
        open = left;
        sleep(poll).await;
        poll = (poll * 2).min(POLL_MAX);
    }
}

/// Adds those of `ids` that came to their end to `ends`, and answers which these are.
async fn ask(
    run: &Run,
    voter: &mut VoterVotes,
    ids: &[Uuid],
    ends: &mut Ends,
) -> Result<Vec<Uuid>> {
    let list: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let call = Call::get(format!("/votes?ids={}", list.join(",")));
    let answer = voter.session.call(&run.gateway, call).await?;
    let answer = answer.expect(200, "asking after votes")?;
    let mut settled = Vec::new();
    for vote in answer.list("items")? {
        let reason = match vote["state"].as_str().unwrap_or_default() {
            "counted" => None,
            "rejected" | "voided" => Some(vote["reason"].as_str().unwrap_or("unknown")),
            _ => continue,
        };
        ends.total += 1;
        match reason {
            None => ends.counted += 1,
            Some(reason) => *ends.rejected.entry(reason.to_owned()).or_default() += 1,
        }
        settled.push(uuid(&vote["vote_id"])?);
    }
    Ok(settled)
}
