//! The same votes, counted as they would be instead.

use std::time::Duration;

use anyhow::{Context, Result};
use hyper::StatusCode;
use tokio::time::Instant;

use super::sustained::{N_CLIENTS, Sustained};
use crate::ground::{Aim, Base, Voting};
use crate::load::{Window, as_fast_as_possible, per_second};
use crate::progress::Progress;
use crate::run::Bench;

/// Votes that may wait in the rival's queue.
const N_OPEN_MAX: u64 = 2_000;

/// How votes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Before they are answered.
    Sync,
    /// By a worker, one message and one transaction at a time.
    Queued,
}

/// The pace of a rival, for `lasting`.
///
/// # Errors
/// When a vote is refused, or is not counted.
pub(crate) async fn rival(
    bench: &mut Bench,
    way: Way,
    aim: Aim,
    lasting: Duration,
) -> Result<Sustained> {
    let url = bench.rival.base_url();
    let sum = match aim {
        Aim::Reviews => "SELECT CAST(SUM(up + down) AS UNSIGNED) FROM rival_counters",
        Aim::Options | Aim::OneOption => "SELECT CAST(SUM(tickets) AS UNSIGNED) FROM rival_totals",
    };
    let progress = Progress::of_sum(&bench.stack.mysql_url, sum).await?;
    let processes = bench.processes()?;
    let before = processes.used();
    let (base, window) = match way {
        Way::Sync => (Base("/sync"), None),
        Way::Queued => (
            Base("/queued"),
            Some(Window::new(progress.n_counted(), N_OPEN_MAX)),
        ),
    };
    let round = bench.next_round();
    let clients = Voting::clients(&bench.ground, N_CLIENTS, &url, (aim, base), round)?;
    let began = Instant::now();
    let answers = as_fast_as_possible(clients, lasting, StatusCode::ACCEPTED, window).await?;
    answers
        .all_good()
        .context("a rival's vote was not accepted")?;
    let ended = match way {
        Way::Sync => began + answers.took,
        Way::Queued => progress.wait_for(answers.n_good).await?,
    };
    Ok(Sustained {
        rate: per_second(answers.n_good, ended - began),
        cpu_us: processes.used().us_each(&before, answers.n_good),
        answers,
    })
}
