//! Votes at a pace of their own, half of what is possible: how long voters wait for the
//! answer, and how long until the vote is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use hyper::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::sustained::N_CLIENTS;
use crate::ground::{Aim, Base, Voting};
use crate::load::{Answers, Client, at_a_pace, no_latencies, note_latency};
use crate::progress::Progress;
use crate::run::Bench;
use crate::wire::{Call, Wire};

/// The pause between two votes that are followed to their count.
const FOLLOWED_EVERY: Duration = Duration::from_millis(25);

/// How often such a vote is asked after.
const ASKED_EVERY: Duration = Duration::from_millis(4);

/// How it went.
#[derive(Clone, Debug)]
pub(crate) struct Steady {
    /// What clients were answered.
    pub(crate) answers: Answers,
    /// Microseconds of processor time for each vote, by process.
    pub(crate) cpu_us: BTreeMap<&'static str, f64>,
    /// From its `202` to the moment a vote was seen to be counted, in microseconds.
    pub(crate) counted: Histogram<u64>,
}

/// Lets everybody vote `rate` times a second, and follows some votes to their count.
///
/// # Errors
/// When a vote is refused, or is not counted.
pub(crate) async fn steady(
    bench: &mut Bench,
    aim: Aim,
    rate: f64,
    lasting: Duration,
) -> Result<Steady> {
    let gateway = bench.stack.gateways[0].base_url();
    let progress = Progress::of_workers(bench).await?;
    let before = bench.processes()?.used();
    let round = bench.next_round();
    let mut clients = Voting::clients(
        &bench.ground,
        N_CLIENTS,
        &gateway,
        (aim, Base::TALLY),
        round,
    )?;
    let (wire, voting) = clients.pop().context("no client")?;
    let (answers, followed) = tokio::join!(
        at_a_pace(clients, rate, lasting, StatusCode::ACCEPTED),
        follow(wire, voting, lasting),
    );
    let (answers, (counted, n_followed)) = (answers?, followed?);
    answers.all_good().context("a vote was not accepted")?;
    let n_cast = answers.n_good + n_followed;
    progress.wait_for(n_cast).await?;
    let used = bench.processes()?.used();
    bench.n_cast += n_cast;
    Ok(Steady {
        answers,
        cpu_us: used.us_each(&before, n_cast),
        counted,
    })
}

/// Casts a vote now and then and looks until it is counted.
async fn follow(
    mut wire: Wire,
    mut voting: Voting,
    lasting: Duration,
) -> Result<(Histogram<u64>, u64)> {
    let mut counted = no_latencies();
    let mut n_followed = 0;
    let until = Instant::now() + lasting;
    while Instant::now() < until {
        let call = voting.next();
        let bearer = call.headers()["authorization"].clone();
        let reply = wire.ask(call).await?;
        ensure!(reply.status == StatusCode::ACCEPTED, "{}", reply.status);
        let accepted_at = Instant::now();
        n_followed += 1;
        let body: Value = serde_json::from_slice(&reply.body)?;
        let vote_id = body["vote_id"].as_str().context("no vote_id")?;
        let path = format!("/api/v1/votes/{vote_id}");
        loop {
            let mut look = Call::default();
            *look.uri_mut() = path.parse()?;
            look.headers_mut().insert("host", "localhost".parse()?);
            look.headers_mut().insert("authorization", bearer.clone());
            let reply = wire.ask(look).await?;
            let body: Value = serde_json::from_slice(&reply.body)?;
            match body["state"].as_str() {
                Some("counted") => break,
                Some("accepted") => sleep(ASKED_EVERY).await,
                _ => anyhow::bail!("a vote that was accepted is {body}"),
            }
        }
        note_latency(&mut counted, accepted_at.elapsed());
        sleep(FOLLOWED_EVERY).await;
    }
    Ok((counted, n_followed))
}
