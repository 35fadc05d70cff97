//! A store, a queue and a cache of either kind, and workers on them.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use test_stack::{Stack, TestScope};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vote_cache::Cache;
use vote_domain::campaign::{
    Ballot, CampaignOption, CampaignVote, Channel, ChannelNo, Draw, OptionNo, Plan, Progress,
    TicketExpiry,
};
use vote_domain::{CampaignId, Clock, Ids, Seq, VoteId, Voter};
use vote_messages::vote;
use vote_queue::{BallotBox, EmbeddedSettings, PublisherSettings, Queue, RabbitSettings};
use vote_store::audit::{Act, AuditActor};
use vote_store::campaigns::CampaignHead;
use vote_store::{MysqlSettings, Store};
use vote_worker::{Worker, WorkerParts, WorkerSettings};

/// How long a box must stay empty here before its campaign is closed.
pub(crate) const QUIET: Duration = Duration::from_millis(400);

/// Longest a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// What workers need.
pub(crate) struct Engine {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) ids: Ids,
    place: Place,
}

/// Where the data lie, until the test is over.
enum Place {
    Folder(#[expect(dead_code, reason = "goes with the engine")] TempDir),
    Servers(Box<TestScope>),
}

/// A worker that runs.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Stops it in order.
    pub(crate) async fn stop(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

impl Engine {
    /// On SQLite, the embedded queue and memory.
    pub(crate) async fn embedded() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ids = Ids::random();
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        let queue = Queue::embedded(EmbeddedSettings {
            delivery_limit: 3,
            ..EmbeddedSettings::at(folder.path().join("votes"))
        })
        .await?;
        let cache = Cache::memory(Clock::system(), 0, ids.clone());
        Self::on(store, queue, cache, ids, Place::Folder(folder)).await
    }

    /// On MariaDB, RabbitMQ and Redis.
    pub(crate) async fn real(test: &str) -> Result<Self> {
        let scope = Stack::isolated(test).await?;
        let ids = Ids::random();
        let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
        let queue = rabbit(&scope, &ids)?;
        queue.until_up().await;
        let redis = bootstrap::settings::Redis {
            url: Some(bootstrap::Secret::new(&scope.redis_url)),
            key_prefix: scope.redis_prefix.trim_end_matches(':').to_owned(),
            ..Default::default()
        };
        let cache = Cache::redis(&redis, 0, ids.clone())?;
        while cache.health().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self::on(store, queue, cache, ids, Place::Servers(Box::new(scope))).await
    }

    async fn on(store: Store, queue: Queue, cache: Cache, ids: Ids, place: Place) -> Result<Self> {
        store.migrate().await?;
        queue.declare(&BallotBox::reviews()).await?;
        Ok(Self {
            store,
            cache,
            queue,
            ids,
            place,
        })
    }

    /// The servers, where there are any.
    pub(crate) fn scope(&self) -> Option<&TestScope> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Servers(scope) => Some(scope),
        }
    }

    /// A connection of its own to the broker, as another process has; the same queue
    /// where it is a file.
    pub(crate) async fn another_queue(&self) -> Result<Queue> {
        let queue = match self.scope() {
            Some(scope) => rabbit(scope, &self.ids)?,
            None => self.queue.clone(),
        };
        queue.until_up().await;
        Ok(queue)
    }

    /// How workers settle here.
    pub(crate) fn settings(&self) -> WorkerSettings {
        WorkerSettings {
            batch_votes_max: 50,
            batch_linger: Duration::from_millis(2),
            prefetch: 8,
            close_quiet: QUIET,
            ..WorkerSettings::default()
        }
    }

    /// Another worker process.
    pub(crate) fn worker(&self, settings: WorkerSettings) -> Worker {
        let parts = WorkerParts {
            store: self.store.clone(),
            cache: self.cache.clone(),
            queue: self.queue.clone(),
            clock: Clock::system(),
            ids: self.ids.clone(),
        };
        Worker::new(parts, settings)
    }

    /// Lets a worker for all boxes begin.
    pub(crate) fn work(&self) -> Running {
        run(self.worker(self.settings()))
    }

    /// A campaign of three options and one channel that began an hour ago and lasts
    /// another, and its box. Everybody has a thousand free tickets a day.
    pub(crate) async fn campaign(&self) -> Result<CampaignHead> {
        let campaign: CampaignId = self.ids.next();
        self.queue.declare(&BallotBox::campaign(campaign.0)).await?;
        let now = self.now().await?;
        let option = |key: &str| CampaignOption {
            key: key.to_owned(),
            name: key.to_owned(),
            subject: None,
        };
        let plan = Plan {
            name: "Best soup".to_owned(),
            starts_at: now - TimeDelta::hours(1),
            ends_at: now + TimeDelta::hours(1),
            zone: chrono_tz::Tz::UTC,
            free_daily_tickets: 1_000,
            expiry: TicketExpiry::CampaignEnd,
            tickets_per_vote_max: 100,
            channels: vec![Channel {
                key: "app".to_owned(),
                name: "App".to_owned(),
                daily_ticket_limit: None,
                voter_kinds: None,
            }],
            options: ["leek", "beet", "pea"].map(option).into(),
        };
        let act = Act {
            audit_id: self.ids.next(),
            at: now,
            actor: AuditActor::System,
        };
        self.store.create_campaign(campaign, &plan, &act).await?;
        self.head(campaign).await
    }

    /// The campaign as SQL has it.
    pub(crate) async fn head(&self, campaign: CampaignId) -> Result<CampaignHead> {
        let mut heads = self.store.campaign_heads(&[campaign]).await?;
        heads
            .remove(&campaign)
            .ok_or_else(|| anyhow::anyhow!("no such campaign"))
    }

    /// Lets the campaign be over, as of `ago`.
    pub(crate) async fn end(&self, campaign: CampaignId, ago: TimeDelta) -> Result<()> {
        let at = (self.now().await? - ago).format("%Y-%m-%d %H:%M:%S%.6f");
        let id = campaign.0.simple();
        let sql = format!("UPDATE campaigns SET ends_at = '{at}' WHERE campaign_id = X'{id}'");
        Ok(self.store.execute_raw(&sql).await?)
    }

    pub(crate) async fn now(&self) -> Result<DateTime<Utc>> {
        Ok(self.cache.now().await?)
    }

    /// Publishes `votes` to the box of `campaign`, some of them together, whatever the
    /// rules say.
    pub(crate) async fn publish(&self, campaign: CampaignId, votes: &[CampaignVote]) -> Result<()> {
        let encoded: Vec<Bytes> = votes.iter().map(|v| vote::encode(v, "")).collect();
        let ballot_box = BallotBox::campaign(campaign.0);
        let bodies = encoded.chunks(7).map(vote::frame);
        self.publish_bodies(&ballot_box, bodies).await
    }

    /// Publishes messages, whatever they are.
    pub(crate) async fn publish_bodies(
        &self,
        ballot_box: &BallotBox,
        bodies: impl IntoIterator<Item = Bytes>,
    ) -> Result<()> {
        let settings = PublisherSettings::default();
        let raw = self
            .queue
            .publisher(ballot_box, &settings, |bodies| bodies[0].clone());
        for body in bodies {
            let deadline = Instant::now() + Duration::from_secs(5);
            raw.reserve()?.publish(body, deadline, None).await?;
        }
        Ok(())
    }

    /// Waits until the ledger of `campaign` holds `n` votes.
    pub(crate) async fn until_settled(&self, campaign: CampaignId, n: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let settled = self.n_settled(campaign).await?;
            if settled == n {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "{settled} of {n} votes settled");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Votes in the ledger of `campaign`.
    pub(crate) async fn n_settled(&self, campaign: CampaignId) -> Result<usize> {
        let id = campaign.0.simple();
        let sql = format!("SELECT COUNT(*) AS n FROM campaign_votes WHERE campaign_id = X'{id}'");
        Ok(usize::try_from(self.store.select_number(&sql).await?)?)
    }

    /// Waits until the close of `campaign` has come to `progress`.
    pub(crate) async fn until(&self, campaign: CampaignId, progress: Progress) -> Result<()> {
        let began = Instant::now();
        loop {
            let is_at = self.head(campaign).await?.progress;
            if is_at >= progress {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("the campaign is only {is_at:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A vote of the voter called `n`, half an hour ago, for one ticket.
pub(crate) fn a_vote(head: &CampaignHead, n: usize) -> CampaignVote {
    let terms = &head.terms;
    let kind = "public".parse().expect("a kind");
    let voter = Voter::new(kind, &n.to_string()).expect("a voter");
    let at = terms.starts_at + TimeDelta::minutes(30);
    let day = terms.day(at);
    let vote = Uuid::from_u64_pair(terms.campaign.0.as_u64_pair().0, n as u64);
    CampaignVote {
        vote_id: VoteId(vote),
        campaign: terms.campaign,
        ballot: Ballot {
            option: OptionNo(u32::try_from(n % 3).expect("small")),
            channel: ChannelNo(0),
            tickets: 1,
        },
        seq: Seq(at.timestamp_micros()),
        day,
        limit: None,
        draws: vec![Draw {
            lot: terms.free_lot_id(voter.voter_id(), day),
            free_day: Some(day),
            tickets: 1,
        }],
        voter,
    }
}

/// Lets `worker` begin.
pub(crate) fn run(worker: Worker) -> Running {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move { worker.run(stopped).await });
    Running { stop, task }
}

fn rabbit(scope: &TestScope, ids: &Ids) -> Result<Queue> {
    let settings = RabbitSettings {
        delivery_limit: 3,
        ..RabbitSettings::at(&scope.amqp_url)
    };
    Ok(Queue::rabbit(&settings, ids)?)
}

/// Writes one test for each kind of adapters.
macro_rules! on_each_engine {
    ($(async fn $name:ident($engine:ident: Engine) -> Result<()> $body:block)*) => {
        $(
            async fn $name($engine: $crate::engine::Engine) -> anyhow::Result<()> $body
        )*
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    super::$name($crate::engine::Engine::embedded().await?).await
                }
            )*
        }
        mod real {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    super::$name($crate::engine::Engine::real(stringify!($name)).await?).await
                }
            )*
        }
    };
}
pub(crate) use on_each_engine;
