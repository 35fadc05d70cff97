//! Servers, services and voters that several campaigns share, one after the other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use vote_domain::Clock;

use super::crowd::{Crowd, FREE, LIMITED, N_SHARED, RESERVED};
use super::draft::{Channel, Draft};
use super::partner::Partner;
use super::voter::Voter;
use crate::answer::Answer;
use crate::chaos::record::Record;
use crate::member::Member;
use crate::real_stack::RealStack;

/// Requests under way at once while something is prepared.
const AT_ONCE: usize = 16;

/// How long a request of the arena's own may be answered 503.
const PATIENCE: Duration = Duration::from_secs(30);

/// The kind of the partner's voters.
const KIND: &str = "jury";

/// How many options campaigns have.
const N_OPTIONS: usize = 20;

/// How much voters have to spend, and how fast they do.
#[derive(Clone, Debug)]
pub struct Means {
    /// What most voters are granted; some get little.
    pub tickets: i64,
    /// The most tickets a day on the limited channel.
    pub daily_limit: i64,
    /// How long a client rests between two votes, on average.
    pub rest: Duration,
    /// The zone whose midnight begins a new day of tickets.
    pub time_zone: String,
}

impl Default for Means {
    /// Some hundred tickets, spent without a rest.
    fn default() -> Self {
        Self {
            tickets: 500,
            daily_limit: 150,
            rest: Duration::ZERO,
            time_zone: "Europe/Berlin".to_owned(),
        }
    }
}

/// The services on servers of their own, an operator, and voters of both kinds.
#[derive(Debug)]
pub struct Arena {
    /// The services.
    pub stack: Arc<RealStack>,
    pub(crate) operator: Member,
    pub(crate) clock: Clock,
    n_clients: usize,
    means: Means,
    voters: Vec<Voter>,
    /// Where every answer is noted, if it is.
    pub(crate) record: Option<Arc<Record>>,
}

impl Arena {
    /// Starts two gateways and `n_workers` workers on servers of their own, and signs
    /// voters up for `n_clients` clients: half of them members, half a partner's.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn open(n_workers: usize, n_clients: usize) -> Result<Self> {
        let settings = [("TALLY__AUTH__ACCESS_TOKEN_S", "86400")];
        let stack = RealStack::start(2, n_workers, &settings).await?;
        Self::on(Arc::new(stack), n_clients, Means::default()).await
    }

    /// As [`Arena::open`], on a stack that runs already and has a first admin.
    ///
    /// # Errors
    /// When somebody cannot be signed up.
    pub async fn on(stack: Arc<RealStack>, n_clients: usize, means: Means) -> Result<Self> {
        let operator = stack.site().admin().await?;
        let partner = Partner::admit(&operator, "Broadcaster", KIND).await?;
        let client = &stack.site().client()?;
        // The first are shared by all clients; each client has two of its own.
        let voters = stream::iter(0..N_SHARED + 2 * n_clients)
            .map(|n| {
                let partner = &partner;
                async move {
                    if n % 2 == 0 {
                        return Ok(partner.voter(format!("voter-{n}")));
                    }
                    let member = client.sign_up(&format!("fan-{n}")).await?;
                    anyhow::Ok(Voter::Member(member))
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self {
            operator,
            clock: Clock::system(),
            n_clients,
            means,
            voters,
            record: None,
            stack,
        })
    }

    /// Who votes.
    #[must_use]
    pub fn voters(&self) -> &[Voter] {
        &self.voters
    }

    /// Creates a campaign that ends after `life` and grants tickets: much to most
    /// voters, little to some.
    pub(crate) async fn campaign(
        &self,
        name: &str,
        life: TimeDelta,
        seed: u64,
    ) -> Result<Arc<Crowd>> {
        let mut draft = Draft::open_for(self.clock.now(), life);
        draft.name = name.to_owned();
        draft.time_zone.clone_from(&self.means.time_zone);
        draft.free_daily_tickets = 10;
        draft.options = (1..=N_OPTIONS).map(|n| format!("option-{n:02}")).collect();
        let reserved = Channel {
            only: Some(KIND),
            ..Channel::open(RESERVED)
        };
        let limited = Channel {
            daily_limit: Some(self.means.daily_limit),
            ..Channel::open(LIMITED)
        };
        draft.channels = vec![limited, reserved, Channel::open(FREE)];
        let body = draft.body();
        let made = patiently(|| self.operator.ask(Method::POST, "/campaigns", Some(&body)));
        let campaign = made.await?.expect(201)?.id("campaign_id")?;
        let mut rng = StdRng::seed_from_u64(seed);
        let grants: Vec<(usize, i64)> = (0..self.voters.len())
            .map(|voter| {
                let few = rng.random_bool(0.15);
                let little = rng.random_range(1..20);
                (voter, if few { little } else { self.means.tickets })
            })
            .collect();
        stream::iter(grants)
            .map(|(voter, tickets)| self.grant(campaign, &self.voters[voter], tickets))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(Arc::new(Crowd {
            campaign,
            ends_at: draft.ends_at,
            options: draft.options,
            voters: self.voters.clone(),
            gateways: self.stack.site().gateways.clone(),
            n_clients: self.n_clients,
            rest: self.means.rest,
            seed,
            clock: self.clock.clone(),
            record: self.record.clone(),
        }))
    }

    async fn grant(&self, campaign: Uuid, voter: &Voter, tickets: i64) -> Result<()> {
        let path = format!("/campaigns/{campaign}/grants");
        let body = json!({
            "voter": voter.body(), "tickets": tickets, "reason": "bought",
            "grant_key": format!("{}-{}", voter.kind(), voter.id()),
        });
        let answer = patiently(|| self.operator.ask_gateway(Method::POST, &path, Some(&body)));
        let answer = answer.await?.expect(202);
        answer.with_context(|| format!("granting {tickets} to {}", voter.id()))?;
        Ok(())
    }

    /// The state of a campaign, and when it ends, as the catalog tells it.
    pub(crate) async fn state(&self, campaign: Uuid) -> Result<(String, DateTime<Utc>)> {
        let path = format!("/campaigns/{campaign}");
        let shown = patiently(|| self.operator.ask(Method::GET, &path, None));
        let shown = shown.await?.expect(200)?.body;
        let state = shown["state"].as_str().context("no state")?.to_owned();
        let ends_at = shown["ends_at"].as_str().context("no ends_at")?;
        Ok((state, ends_at.parse()?))
    }
}

/// Asks again while the answer is 503, as it may be while a machine is busy.
async fn patiently<F: Future<Output = Result<Answer>>>(ask: impl Fn() -> F) -> Result<Answer> {
    let asked_at = Instant::now();
    loop {
        let answer = ask().await?;
        if answer.status != 503 || asked_at.elapsed() > PATIENCE {
            return Ok(answer);
        }
        println!("    answered 503, and asked again: {}", answer.body);
        sleep(Duration::from_millis(300)).await;
    }
}
