//! The pace at which votes are accepted and counted, both.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::StatusCode;
use tokio::time::Instant;

use crate::ground::{Aim, Base, Voting};
use crate::load::{Answers, Window, as_fast_as_possible, per_second};
use crate::progress::Progress;
use crate::run::Bench;

/// Clients that vote at once.
pub(crate) const N_CLIENTS: usize = 128;

/// Votes that may be accepted and not counted yet: the work of a good second, so that
/// neither half can run ahead of the other.
const N_OPEN_MAX: u64 = 5_000;

/// How it went.
#[derive(Clone, Debug)]
pub(crate) struct Sustained {
    /// Votes a second, from the first request to the last count.
    pub(crate) rate: f64,
    /// What clients were answered.
    pub(crate) answers: Answers,
    /// Microseconds of processor time for each vote, by process.
    pub(crate) cpu_us: BTreeMap<&'static str, f64>,
}

impl Sustained {
    /// Processor time for each vote of all but the clients, in microseconds.
    pub(crate) fn cost_us(&self) -> f64 {
        let ours = self.cpu_us.iter().filter(|(name, _)| **name != "clients");
        ours.map(|(_, us)| us).sum()
    }
}

/// Lets everybody vote as fast as votes are counted, for `lasting`.
///
/// # Errors
/// When a vote is refused, or is not counted.
pub(crate) async fn sustained(bench: &mut Bench, aim: Aim, lasting: Duration) -> Result<Sustained> {
    let gateway = bench.stack.gateways[0].base_url();
    let progress = Progress::of_workers(bench).await?;
    let before = bench.processes()?.used();
    let round = bench.next_round();
    let clients = Voting::clients(
        &bench.ground,
        N_CLIENTS,
        &gateway,
        (aim, Base::TALLY),
        round,
    )?;
    let window = Window::new(progress.n_counted(), N_OPEN_MAX);
    let began = Instant::now();
    let answers = as_fast_as_possible(clients, lasting, StatusCode::ACCEPTED, Some(window)).await?;
    answers.all_good().context("a vote was not accepted")?;
    let ended = progress.wait_for(answers.n_good).await?;
    let used = bench.processes()?.used();
    bench.n_cast += answers.n_good;
    Ok(Sustained {
        rate: per_second(answers.n_good, ended - began),
        cpu_us: used.us_each(&before, answers.n_good),
        answers,
    })
}
