//! Campaigns, one after the other, that open and end while everything is broken.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::Options;
use super::faults::{Breaker, freeze_service, restart_service};
use super::plan::{Kind, Part};
use crate::campaign::arena::Arena;
use crate::campaign::close_run::closer_of;
use crate::campaign::crowd::Crowd;
use crate::campaign::shown::{Board, board, judge_shown};
use crate::campaign::{
    CampaignBooks, CampaignHistory, CampaignPromise, CampaignViolation, Closing, judge,
};
use crate::client::Client;

/// How long a campaign takes votes, as a part of the run, and at most.
const LIFE: std::ops::Range<f64> = 0.15..0.4;
const LIFE_MAX: Duration = Duration::from_secs(75);

/// What creating a campaign and granting its tickets takes of its life.
const PREPARATION: Duration = Duration::from_secs(5);

/// How long clients go on after the end.
const LATE: Duration = Duration::from_secs(6);

/// The longest from the moment everything was healed to the result.
const FINAL_WITHIN: Duration = Duration::from_secs(240);

/// Voters whose wallets and statements are compared, of each campaign.
const WALLETS: usize = 12;

/// A campaign that has ended, or is about to.
#[derive(Debug)]
pub(crate) struct Played {
    crowd: Arc<Crowd>,
    history: CampaignHistory,
    /// The board as it was when the campaign was first seen to be final.
    first_board: watch::Receiver<Option<Board>>,
}

/// Opens campaigns and lets everybody vote in them until `until`; breaks something at
/// the end of each.
///
/// # Errors
/// When a campaign cannot be created although nothing is broken, or what was broken does
/// not come back.
pub(crate) async fn play(
    arena: &Arc<Arena>,
    breaker: &Breaker<'_>,
    options: &Options,
    until: Instant,
) -> Result<Vec<Played>> {
    let mut rng = StdRng::seed_from_u64(options.seed ^ 0x5ea5_0000);
    let mut played = Vec::new();
    for n in 1.. {
        let most = options.voting.min(LIFE_MAX.div_f64(LIFE.end));
        let life = most.mul_f64(rng.random_range(LIFE));
        if n > 1 && Instant::now() + life > until {
            return Ok(played);
        }
        let name = format!("Season {n}");
        let Some(crowd) = create(arena, &name, life, rng.random(), until).await else {
            return Ok(played);
        };
        let left = (crowd.ends_at - arena.clock.now()).to_std();
        let ends_at = Instant::now() + left.unwrap_or_default();
        breaker
            .record
            .event(&format!("{name} is {}", crowd.campaign));
        *breaker.campaign.lock().await = Some(crowd.campaign);
        let (stop, stopped) = watch::channel(false);
        let clients = crowd.begin(&stopped);
        let fault = EndFault::draw(&mut rng);
        let (broken, ()) = tokio::join!(
            fault.inject(breaker, crowd.campaign, ends_at),
            sleep_until(ends_at + LATE)
        );
        broken?;
        let _ = stop.send(true);
        let mut history = CampaignHistory::default();
        for client in clients {
            history.extend(client.await.context("a client panicked")?);
        }
        played.push(Played {
            first_board: watch_for_board(arena.clone(), crowd.campaign),
            crowd,
            history,
        });
    }
    Ok(played)
}

/// Creates a campaign, however often it takes while things are broken.
async fn create(
    arena: &Arena,
    name: &str,
    life: Duration,
    seed: u64,
    until: Instant,
) -> Option<Arc<Crowd>> {
    loop {
        let whole = TimeDelta::from_std(PREPARATION + life).ok()?;
        match arena.campaign(name, whole, seed).await {
            Ok(crowd) => return Some(crowd),
            Err(_) if Instant::now() > until => return None,
            Err(_) => sleep(Duration::from_millis(500)).await,
        }
    }
}

/// Remembers the board that a campaign has when it is first seen to be final.
fn watch_for_board(arena: Arc<Arena>, campaign: Uuid) -> watch::Receiver<Option<Board>> {
    let (tell, told) = watch::channel(None);
    tokio::spawn(async move {
        while !tell.is_closed() {
            if let Ok((state, _)) = arena.state(campaign).await
                && state == "final"
                && let Ok(client) = arena.stack.site().client()
                && let Ok(first) = board(&client, campaign, "").await
            {
                tell.send_replace(Some(first));
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
    });
    told
}

/// What breaks when a campaign ends.
#[derive(Clone, Copy, Debug)]
struct EndFault {
    kind: Kind,
    which: usize,
    /// Before (below 0) or after the end.
    at_ms: i64,
    away: Duration,
    aim: Aim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    Anybody,
    /// The worker that closes the campaign.
    Closer,
}

impl EndFault {
    fn draw(rng: &mut StdRng) -> Self {
        let away =
            |rng: &mut StdRng, least, most| Duration::from_millis(rng.random_range(least..most));
        let which = rng.random_range(0..64);
        match rng.random_range(0..4) {
            0 => Self {
                kind: Kind::Freeze(Part::Gateway),
                which,
                at_ms: rng.random_range(-2_500..-50),
                away: away(rng, 2_000, 7_000),
                aim: Aim::Anybody,
            },
            1 => Self {
                kind: Kind::Restart(Part::Worker),
                which,
                at_ms: rng.random_range(3_500..9_500),
                away: away(rng, 0, 3_000),
                aim: Aim::Closer,
            },
            2 => Self {
                kind: Kind::Freeze(Part::Worker),
                which,
                at_ms: rng.random_range(-2_000..6_000),
                away: away(rng, 1_000, 8_000),
                aim: Aim::Anybody,
            },
            _ => Self {
                kind: Kind::Restart(Part::Worker),
                which,
                at_ms: rng.random_range(-1_000..8_000),
                away: away(rng, 0, 2_500),
                aim: Aim::Anybody,
            },
        }
    }

    async fn inject(self, breaker: &Breaker<'_>, campaign: Uuid, ends_at: Instant) -> Result<()> {
        let before = Duration::from_millis(self.at_ms.unsigned_abs());
        let at = if self.at_ms < 0 {
            ends_at.checked_sub(before).unwrap_or(ends_at)
        } else {
            ends_at + before
        };
        sleep_until(at).await;
        let Some(_parts) = breaker.parts.take(self.kind) else {
            breaker.done.lock().await.skipped += 1;
            return Ok(());
        };
        let (workers, gateways) = (&breaker.stack.workers, &breaker.stack.gateways);
        breaker.record.event(&format!("at the end: {self:?}"));
        match self.kind {
            Kind::Freeze(Part::Gateway) => {
                freeze_service(gateways, self.which, self.away).await?;
            }
            Kind::Freeze(_) => freeze_service(workers, self.which, self.away).await?,
            _ => {
                let closer = match self.aim {
                    Aim::Closer => closer_of(workers, campaign).await,
                    Aim::Anybody => None,
                };
                restart_service(workers, closer.unwrap_or(self.which), self.away).await?;
            }
        }
        let mut done = breaker.done.lock().await;
        *done.happened.entry(self.kind).or_default() += 1;
        done.n_kills += self.kind.n_kills();
        Ok(())
    }
}

/// What came of one campaign.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) campaign: Uuid,
    pub(crate) n_accepted: usize,
    pub(crate) n_ledger: usize,
    pub(crate) history: CampaignHistory,
    pub(crate) violations: Vec<CampaignViolation>,
}

impl Played {
    /// Sends again what is open, while nothing breaks any more.
    pub(crate) async fn settle(&mut self) {
        if let Err(error) = self.crowd.settle_what_is_open(&mut self.history).await {
            self.history.unexpected.push(format!("{error:#}"));
        }
    }

    /// Waits for the result, and judges.
    ///
    /// # Errors
    /// When SQL cannot be read.
    pub(crate) async fn judge(self, arena: &Arena, healed_at: Instant) -> Result<Verdict> {
        let campaign = self.crowd.campaign;
        let client = &arena.stack.site().client()?;
        let mut violations = Vec::new();
        let mut moved = |detail: String| {
            let promise = CampaignPromise::ClosedStaysClosed;
            violations.push(CampaignViolation::new(promise, detail));
        };
        let is_final = loop {
            match arena.state(campaign).await {
                Ok((state, _)) if state == "final" => break true,
                _ if healed_at.elapsed() > FINAL_WITHIN => break false,
                _ => sleep(Duration::from_millis(300)).await,
            }
        };
        if !is_final {
            moved(format!(
                "not final {FINAL_WITHIN:?} after everything was healed"
            ));
        }
        match board(client, campaign, "").await {
            Ok(last) => {
                let first = self.first_board.borrow().clone();
                if first.as_ref().is_some_and(|first| *first != last) {
                    moved(format!("the board moved from {first:?} to {last:?}"));
                }
            }
            Err(error) => moved(format!("no board: {error:#}")),
        }
        let books = CampaignBooks::read(&arena.stack.mysql_url, campaign).await?;
        violations.extend(judge(&books, &self.history, Closing::FinalAfterLoss));
        violations.extend(self.judge_shown(client, &books).await);
        Ok(Verdict {
            campaign,
            n_accepted: self.history.n_accepted(),
            n_ledger: books.n_votes(),
            history: self.history,
            violations,
        })
    }

    async fn judge_shown(&self, client: &Client, books: &CampaignBooks) -> Vec<CampaignViolation> {
        let campaign = self.crowd.campaign;
        // Those that all clients share, and some of their own.
        let voters = &self.crowd.voters[..WALLETS.min(self.crowd.voters.len())];
        let shown = judge_shown(client, campaign, books, voters, Closing::FinalAfterLoss).await;
        shown.unwrap_or_else(|error| {
            let promise = CampaignPromise::ShownIsTrue;
            vec![CampaignViolation::new(promise, format!("{error:#}"))]
        })
    }
}
