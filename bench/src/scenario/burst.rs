//! Votes at full rate while no worker settles, and how fast they are counted then.

use std::time::Duration;

use anyhow::{Context, Result};
use hyper::StatusCode;
use tokio::time::Instant;

use super::sustained::N_CLIENTS;
use crate::ground::{Aim, Base, Voting};
use crate::load::{Answers, as_fast_as_possible, per_second};
use crate::progress::Progress;
use crate::run::Bench;

/// How it went.
#[derive(Clone, Debug)]
pub(crate) struct Burst {
    /// What clients were answered while nothing was counted.
    pub(crate) answers: Answers,
    /// Votes counted a second once the workers were back.
    pub(crate) drain_rate: f64,
}

/// Lets everybody vote for `lasting` while workers stand still; then lets these catch up.
///
/// # Errors
/// When a vote is refused, or is not counted.
pub(crate) async fn burst(bench: &mut Bench, aim: Aim, lasting: Duration) -> Result<Burst> {
    let gateway = bench.stack.gateways[0].base_url();
    let progress = Progress::of_workers(bench).await?;
    let round = bench.next_round();
    let clients = Voting::clients(
        &bench.ground,
        N_CLIENTS,
        &gateway,
        (aim, Base::TALLY),
        round,
    )?;
    for worker in bench.workers() {
        worker.pause()?;
    }
    let answers = as_fast_as_possible(clients, lasting, StatusCode::ACCEPTED, None).await;
    let resumed = Instant::now();
    for worker in bench.workers() {
        worker.resume()?;
    }
    let answers = answers?;
    answers.all_good().context("a vote was not accepted")?;
    let ended = progress.wait_for(answers.n_good).await?;
    bench.n_cast += answers.n_good;
    Ok(Burst {
        drain_rate: per_second(answers.n_good, ended - resumed),
        answers,
    })
}
