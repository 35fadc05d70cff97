//! Clients that vote, and remember what they were told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Options;
use super::history::{Accepted, Doubt, History, Open};
use super::record::Asked;
use super::world::{Limit, World};
use crate::answer::Answer;
use crate::member::Direction;

/// How often a ballot with a key is sent before the client turns to the next one; after
/// the run it is sent again.
const TRIES: u32 = 5;

/// No answer may take longer: frozen for some seconds, and then a service's own limit.
const HUNG: Duration = Duration::from_secs(18);

/// How long a ballot may be answered `503` after everything was healed.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// What one try came to.
enum Told {
    /// The service gave its last word.
    Final,
    /// It is away, or nobody knows what became of the ballot.
    Later,
}

/// Votes as client number `client` until `stopped`.
pub(crate) async fn vote(
    world: Arc<World>,
    options: Options,
    client: usize,
    stopped: watch::Receiver<bool>,
) -> History {
    let mut rng = StdRng::seed_from_u64(options.seed.wrapping_mul(1_000_003) + client as u64);
    let mut history = History::default();
    let mut n_ballots = 0;
    let started = Instant::now();
    while !*stopped.borrow() {
        n_ballots += 1;
        let progress = started.elapsed().div_duration_f64(options.voting);
        let ballot = Open {
            member: world.draw_voter(client, progress, &mut rng),
            review: world.reviews[rng.random_range(0..world.reviews.len())],
            direction: draw_direction(&mut rng),
            key: rng
                .random_bool(0.6)
                .then(|| format!("client-{client}-ballot-{n_ballots}")),
        };
        cast(&world, ballot, &mut history, &mut rng, &stopped).await;
        sleep(options.rest.mul_f64(rng.random_range(0.0..2.0))).await;
    }
    history
}

fn draw_direction(rng: &mut StdRng) -> Direction {
    match rng.random_range(0..10) {
        0..5 => Direction::Up,
        5..8 => Direction::Down,
        _ => Direction::None,
    }
}

async fn cast(
    world: &World,
    ballot: Open,
    history: &mut History,
    rng: &mut StdRng,
    stopped: &watch::Receiver<bool>,
) {
    // Without a key a ballot sent again may be another vote, so a client asks its user.
    let n_tries = if ballot.key.is_some() { TRIES } else { 1 };
    for _ in 0..n_tries {
        match try_once(world, &ballot, history, rng).await {
            Told::Final => return,
            Told::Later if *stopped.borrow() => break,
            Told::Later => sleep(Duration::from_millis(rng.random_range(300..1_500))).await,
        }
    }
    history.open.push(ballot);
}

async fn try_once(world: &World, ballot: &Open, history: &mut History, rng: &mut StdRng) -> Told {
    let member = world.at_some_gateway(ballot.member, rng);
    let asked_at = Instant::now();
    let answer = member
        .cast(ballot.review, ballot.direction, ballot.key.as_deref())
        .await;
    let took = asked_at.elapsed();
    let asked = Asked {
        voter: &member.user_name,
        ballot: json!({ "review": ballot.review, "direction": ballot.direction.as_str() }),
        key: ballot.key.as_deref(),
        gateway: member.client.gateway_url(),
    };
    world.record.answer(&asked, answer.as_ref().ok(), took);
    history.slowest = history.slowest.max(took);
    if took > HUNG {
        history.unexpected.push(format!(
            "no answer within {HUNG:?} from {:?}",
            member.client
        ));
    }
    match answer {
        Ok(answer) => take(world, ballot, &answer, history),
        Err(_) => {
            history.count("no answer");
            history.in_doubt.push(doubt(world, ballot, None));
            Told::Later
        }
    }
}

/// Notes an answer.
fn take(world: &World, ballot: &Open, answer: &Answer, history: &mut History) -> Told {
    let voter = &world.voters[ballot.member];
    history.count(format!("{} {}", answer.status, answer.code()).trim_end());
    let is_own = voter.own_review == Some(ballot.review);
    match (answer.status, answer.code()) {
        (202, _) if !is_own => match answer.vote_id() {
            Some(vote_id) => history.accepted.push(Accepted {
                vote_id,
                voter: voter.member.user_id,
                review: ballot.review,
                direction: ballot.direction,
                key: ballot.key.clone(),
            }),
            None => history
                .unexpected
                .push(format!("202 without a vote_id: {}", answer.body)),
        },
        (204, _) if ballot.direction == Direction::None => {}
        (403, "self_vote") if is_own => {}
        (429, "daily_quota_used") if voter.limit == Limit::Usual => {}
        // The gateway was frozen for so long that it never read the request.
        (408, _) => return Told::Later,
        (503, _) if answer.retry_after().is_ok() => {
            // One that names no vote cast none.
            let unknown = answer.vote_id();
            let unknown = unknown.map(|vote_id| doubt(world, ballot, Some(vote_id)));
            history.in_doubt.extend(unknown);
            return Told::Later;
        }
        _ => history.unexpected.push(format!(
            "{} asking for {} of {} was answered {}: {}",
            voter.member.user_name,
            ballot.direction.as_str(),
            ballot.review,
            answer.status,
            answer.body
        )),
    }
    Told::Final
}

fn doubt(world: &World, ballot: &Open, vote_id: Option<Uuid>) -> Doubt {
    Doubt {
        member: ballot.member,
        voter: world.voters[ballot.member].member.user_id,
        review: ballot.review,
        direction: ballot.direction,
        key: ballot.key.clone(),
        vote_id,
    }
}

/// Sends every ballot of open fate once more: the same ballot under the same key, where
/// it had one. Voters whose votes are in doubt have asked for something again thereby.
///
/// # Errors
/// When something stays away although everything was healed.
pub(crate) async fn settle_what_is_open(world: &World, history: &mut History) -> Result<()> {
    let open = std::mem::take(&mut history.open);
    println!("{} ballots of open fate are sent again", open.len());
    let mut rng = StdRng::seed_from_u64(open.len() as u64);
    for ballot in open {
        // A busy machine takes its time for hundreds of them.
        let asked_at = Instant::now();
        while let Told::Later = try_once(world, &ballot, history, &mut rng).await {
            if asked_at.elapsed() > ANSWERED_WITHIN {
                bail!("{ballot:?} finds no answer, although everything was healed");
            }
            sleep(Duration::from_millis(300)).await;
        }
    }
    // A 503 may have named another vote of the voter, which was to be sent first.
    let unknown = history.unknown().into_iter();
    let voters: BTreeSet<usize> = unknown.map(|(voter, _)| voter).collect();
    for voter in voters {
        touch(world, voter, history, &mut rng).await?;
    }
    Ok(())
}

/// Lets `voter` ask for something that costs nothing.
async fn touch(world: &World, voter: usize, history: &mut History, rng: &mut StdRng) -> Result<()> {
    let ballot = Open {
        member: voter,
        review: pick_review(world, voter),
        direction: Direction::None,
        key: None,
    };
    for _ in 0..100 {
        if let Told::Final = try_once(world, &ballot, history, rng).await {
            return Ok(());
        }
        sleep(Duration::from_millis(300)).await;
    }
    bail!("{ballot:?} finds no answer, although everything was healed")
}

/// A review that `voter` did not write.
fn pick_review(world: &World, voter: usize) -> Uuid {
    let own = world.voters[voter].own_review;
    let mut reviews = world.reviews.iter().copied();
    reviews
        .find(|review| Some(*review) != own)
        .unwrap_or(world.reviews[0])
}
