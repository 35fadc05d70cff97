//! Campaigns, one after the other, that open and end while everything is broken.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
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

/// How long after that it may take until the board was seen as well.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// The least time that a board is watched: it may be shown for a second after it moved.
const WATCHED: Duration = Duration::from_secs(2);

/// Voters whose wallets and statements are compared, of each campaign.
const WALLETS: usize = 12;

/// When a board was seen, and what it said.
type Seen = (Instant, Board);

/// A campaign that has ended, or is about to.
#[derive(Debug)]
pub(crate) struct Played {
    crowd: Arc<Crowd>,
    history: CampaignHistory,
    /// The board as it was when the campaign was first seen to be final, and when that was.
    first_board: watch::Receiver<Option<Seen>>,
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
fn watch_for_board(arena: Arc<Arena>, campaign: Uuid) -> watch::Receiver<Option<Seen>> {
    let (tell, told) = watch::channel(None);
    tokio::spawn(async move {
        while !tell.is_closed() {
            if let Ok((state, _)) = arena.state(campaign).await
                && state == "final"
                && let Ok(client) = arena.stack.site().client()
                && let Ok(first) = board(&client, campaign, "").await
            {
                tell.send_replace(Some((Instant::now(), first)));
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

/// What is wrong with a board that is final: it moved since it was `first` seen, or was not
/// seen before, so that nobody can tell.
fn how_it_moved(first: Option<&Board>, last: &Board) -> Option<String> {
    match first {
        None => Some("nobody saw the board while the campaign was final".to_owned()),
        Some(first) if first == last => None,
        Some(first) => Some(format!("the board moved from {first:?} to {last:?}")),
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

    /// Waits for the result, and judges; Redis first lost what it knew at `lost_at`.
    ///
    /// # Errors
    /// When SQL cannot be read.
    pub(crate) async fn judge(
        mut self,
        arena: &Arena,
        healed_at: Instant,
        lost_at: Option<DateTime<Utc>>,
    ) -> Result<Verdict> {
        let campaign = self.crowd.campaign;
        let closing = lost_at.map_or(Closing::Final, Closing::FinalAfterLoss);
        let client = &arena.stack.site().client()?;
        let is_final = loop {
            match arena.state(campaign).await {
                Ok((state, _)) if state == "final" => break true,
                _ if healed_at.elapsed() > FINAL_WITHIN => break false,
                _ => sleep(Duration::from_millis(300)).await,
            }
        };
        let wrong = if is_final {
            self.judge_board(client).await
        } else {
            Some(format!(
                "not final {FINAL_WITHIN:?} after everything was healed"
            ))
        };
        let promise = CampaignPromise::ClosedStaysClosed;
        let mut violations: Vec<_> = wrong
            .map(|detail| CampaignViolation::new(promise, detail))
            .into_iter()
            .collect();
        let books = CampaignBooks::read(&arena.stack.mysql_url, campaign).await?;
        violations.extend(judge(&books, &self.history, closing));
        violations.extend(self.judge_shown(client, &books, closing).await);
        Ok(Verdict {
            campaign,
            n_accepted: self.history.n_accepted(),
            n_ledger: books.n_votes(),
            history: self.history,
            violations,
        })
    }

    /// What is wrong with the board of a campaign that is final.
    async fn judge_board(&mut self, client: &Client) -> Option<String> {
        let first = self.first_board().await;
        match board(client, self.crowd.campaign, "").await {
            Ok(last) => how_it_moved(first.as_ref(), &last),
            Err(error) => Some(format!("no board: {error:#}")),
        }
    }

    /// The board as it was when the campaign was first seen to be final, once that is a
    /// while ago; `None` if nobody sees it.
    async fn first_board(&mut self) -> Option<Board> {
        let seen = self.first_board.wait_for(Option::is_some);
        let (seen_at, first) = timeout(SEEN_WITHIN, seen).await.ok()?.ok()?.clone()?;
        sleep_until(seen_at + WATCHED).await;
        Some(first)
    }

    async fn judge_shown(
        &self,
        client: &Client,
        books: &CampaignBooks,
        closing: Closing,
    ) -> Vec<CampaignViolation> {
        let campaign = self.crowd.campaign;
        // Those that all clients share, and some of their own.
        let voters = &self.crowd.voters[..WALLETS.min(self.crowd.voters.len())];
        let shown = judge_shown(client, campaign, books, voters, closing).await;
        shown.unwrap_or_else(|error| {
            let promise = CampaignPromise::ShownIsTrue;
            vec![CampaignViolation::new(promise, format!("{error:#}"))]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_that_moved_or_was_never_seen_is_found() {
        let board = |votes| vec![("option-01".to_owned(), votes)];
        assert_eq!(how_it_moved(Some(&board(3)), &board(3)), None);
        assert!(how_it_moved(Some(&board(3)), &board(4)).is_some());
        assert!(how_it_moved(None, &board(3)).is_some());
    }
}
