//! Members who vote without pause, and try again under the same key as clients should.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use vote_domain::Clock;

use super::record::{Record, Told};
use crate::answer::Answer;
use crate::campaign::Draft;
use crate::member::{Direction, Member};
use crate::site::Site;

/// How long a vote is tried again before it is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before a vote is tried again, at most.
const PAUSE_MAX: Duration = Duration::from_millis(500);

const N_REVIEWS: usize = 12;

/// How much is voted.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many members vote, each one vote after the other.
    pub voters: usize,
    /// Longest pause of a member between votes, in milliseconds.
    pub pause_ms: u64,
}

/// What all voters share.
struct Shared {
    reviews: Vec<Uuid>,
    campaign: Uuid,
    load: Load,
    began_at: Instant,
    /// When the last 202 came, in milliseconds since the beginning.
    last_ms: AtomicU64,
    gap_ms: AtomicU64,
    record: Mutex<Record>,
}

/// Makes what is voted on, then votes until `done` says so.
///
/// # Errors
/// When something cannot be made, or a vote is refused for another reason than that something
/// is away.
pub async fn vote_until(site: &Site, load: &Load, done: impl Fn() -> bool) -> Result<Record> {
    // Names must be new at each run.
    let run = Clock::system().now().timestamp_millis() % 100_000_000;
    let place = site.place().await?;
    let (author, _) = site.author(place, &format!("author-{run}")).await?;
    let mut reviews = Vec::new();
    for n in 0..N_REVIEWS {
        let text = format!("Review {n} under load.");
        reviews.push(
            author
                .write_review(place.restaurant, place.item, &text)
                .await?,
        );
    }
    let admin = site.admin().await?;
    let mut draft = Draft::open_for(Clock::system().now(), TimeDelta::hours(3));
    draft.free_daily_tickets = 100_000;
    let campaign = draft.create(&admin).await?;
    wait_until_open(&admin, campaign).await?;

    let shared = Arc::new(Shared {
        reviews: reviews.clone(),
        campaign,
        load: *load,
        began_at: Instant::now(),
        last_ms: AtomicU64::new(0),
        gap_ms: AtomicU64::new(0),
        record: Mutex::default(),
    });
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut voting = JoinSet::new();
    for n in 0..load.voters {
        let name = format!("voter-{run}-{n}");
        let member = site.client()?.sign_up(&name).await?;
        let voter = Voter {
            member,
            told: Told {
                user_name: name,
                ..Told::default()
            },
            random: StdRng::seed_from_u64(n as u64),
            shared: Arc::clone(&shared),
        };
        voting.spawn(voter.vote(stopped.clone()));
    }
    while !done() && !voting.is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    stop.send(true).ok();
    let mut members = Vec::new();
    while let Some(told) = voting.join_next().await {
        members.push(told.context("a voter panicked")??);
    }
    let mut record = std::mem::take(&mut *shared.record.lock().await);
    record.took_ms.sort_unstable();
    record.gap = Duration::from_millis(shared.gap_ms.load(Ordering::Relaxed));
    record.lasted = shared.began_at.elapsed();
    Ok(Record {
        campaign,
        reviews,
        members,
        ..record
    })
}

async fn wait_until_open(admin: &Member, campaign: Uuid) -> Result<()> {
    let path = format!("/campaigns/{campaign}");
    let asked_at = Instant::now();
    loop {
        let shown = admin.ask(Method::GET, &path, None).await?.expect(200)?;
        if shown.body["state"] == "open" {
            return Ok(());
        }
        ensure!(
            asked_at.elapsed() < Duration::from_secs(20),
            "{campaign} does not open: {}",
            shown.body
        );
        sleep(Duration::from_millis(100)).await;
    }
}

/// One member.
struct Voter {
    member: Member,
    told: Told,
    random: StdRng,
    shared: Arc<Shared>,
}

/// A vote to cast.
enum Intent {
    Review(Uuid, Direction),
    Option(&'static str),
}

impl Voter {
    async fn vote(mut self, stop: tokio::sync::watch::Receiver<bool>) -> Result<Told> {
        while !*stop.borrow() {
            let intent = self.intent();
            let key = format!("{:032x}", self.random.random::<u128>());
            self.cast(&intent, &key).await?;
            let pause = self.random.random_range(0..=self.shared.load.pause_ms);
            sleep(Duration::from_millis(pause)).await;
        }
        Ok(self.told)
    }

    fn intent(&mut self) -> Intent {
        if self.random.random_ratio(1, 3) {
            return Intent::Option(["a", "b", "c"][self.random.random_range(0..3)]);
        }
        let reviews = &self.shared.reviews;
        let review = reviews[self.random.random_range(0..reviews.len())];
        let direction = match self.random.random_range(0..5) {
            0 => Direction::None,
            1 | 2 => Direction::Down,
            _ => Direction::Up,
        };
        Intent::Review(review, direction)
    }

    /// Sends until an answer settles it.
    async fn cast(&mut self, intent: &Intent, key: &str) -> Result<()> {
        let began_at = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let status = match self.send(intent, key).await {
                Ok(answer) if answer.status == 202 => {
                    self.accepted(intent, &answer, began_at.elapsed()).await?;
                    return Ok(());
                }
                // Nothing stood, so that there was nothing to take back.
                Ok(answer) if answer.status == 204 => {
                    if let Intent::Review(review, Direction::None) = intent {
                        self.told.standing.insert(*review, 0);
                    }
                    return Ok(());
                }
                Ok(answer) => {
                    ensure!(
                        matches!(answer.status, 502..=504 | 408),
                        "a vote of {} was answered {}: {}",
                        self.told.user_name,
                        answer.status,
                        answer.body
                    );
                    answer.status
                }
                Err(_) => 0,
            };
            *self
                .shared
                .record
                .lock()
                .await
                .others
                .entry(status)
                .or_default() += 1;
            if began_at.elapsed() > PATIENCE {
                self.told.in_doubt.push(match intent {
                    Intent::Review(review, _) => review.to_string(),
                    Intent::Option(option) => (*option).to_owned(),
                });
                return Ok(());
            }
            sleep(pause.mul_f64(self.random.random_range(0.5..1.0))).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn send(&self, intent: &Intent, key: &str) -> Result<Answer> {
        match intent {
            Intent::Review(review, direction) => {
                self.member.vote_with_key(*review, *direction, key).await
            }
            Intent::Option(option) => {
                let path = format!("/campaigns/{}/votes", self.shared.campaign);
                let body = json!({ "option": option, "channel": "web", "tickets": 1 });
                let request = self.member.client.gateway(Method::POST, &path);
                let request = request
                    .bearer_auth(self.member.access_token())
                    .header("Idempotency-Key", key)
                    .json(&body);
                Answer::read(request.send().await.context("no answer")?).await
            }
        }
    }

    async fn accepted(&mut self, intent: &Intent, answer: &Answer, took: Duration) -> Result<()> {
        self.told.accepted.push(answer.id("vote_id")?);
        match intent {
            Intent::Review(review, direction) => {
                self.told.standing.insert(*review, direction.number());
            }
            Intent::Option(option) => {
                *self.told.spent.entry((*option).to_owned()).or_default() += 1;
            }
        }
        let now = milliseconds(self.shared.began_at.elapsed());
        let before = self.shared.last_ms.fetch_max(now, Ordering::Relaxed);
        let gap = now.saturating_sub(before);
        self.shared.gap_ms.fetch_max(gap, Ordering::Relaxed);
        self.shared
            .record
            .lock()
            .await
            .took_ms
            .push(milliseconds(took));
        Ok(())
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
