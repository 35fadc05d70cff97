//! A gateway and a worker on adapters of either kind, without HTTP around them.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tempfile::TempDir;
use test_stack::{Stack, TestScope};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vote_cache::{Cache, VoterStates};
use vote_domain::Seq;
use vote_domain::review::{Ballot, Direction, QuotaPolicy, ReviewVote};
use vote_domain::voter_state::InFlight;
use vote_domain::{Clock, Ids, ReviewId, Role, UserId, VoteId};
use vote_gateway::{
    Accepted, Cast, CastError, Gateway, GatewayParts, GatewaySettings, IdempotencyKey,
    PressureSettings, VoteState,
};
use vote_queue::{BallotBox, EmbeddedSettings, PublisherSettings, Queue, RabbitSettings};
use vote_store::accounts::{NewRefreshToken, NewUser};
use vote_store::settle::RewardPolicy;
use vote_store::{MysqlSettings, Store};
use vote_worker::{Worker, WorkerParts, WorkerSettings};

pub(crate) const UP: Option<Direction> = Some(Direction::Up);
pub(crate) const DOWN: Option<Direction> = Some(Direction::Down);

/// Both sides of the queue.
pub(crate) struct Engine {
    pub(crate) gateway: Gateway,
    pub(crate) worker: Worker,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) ids: Ids,
    pub(crate) stop: CancellationToken,
    place: Place,
}

/// Where the data lie, until the test is over.
enum Place {
    Folder(TempDir),
    Servers(Box<TestScope>),
}

impl Engine {
    /// On SQLite, the embedded queue and memory, at the time of `clock`.
    pub(crate) async fn embedded(clock: Clock) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ids = Ids::random();
        let store = Store::sqlite(folder.path().join("tally.db")).await?;
        let queue = Queue::embedded(EmbeddedSettings::at(folder.path().join("votes"))).await?;
        let cache = Cache::memory(clock, 0, ids.clone());
        Self::on(store, queue, cache, ids, Place::Folder(folder)).await
    }

    /// On MariaDB, RabbitMQ and Redis.
    pub(crate) async fn real(test: &str) -> Result<Self> {
        let scope = Stack::isolated(test).await?;
        let ids = Ids::random();
        let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
        let queue = Queue::rabbit(&RabbitSettings::at(&scope.amqp_url), &ids)?;
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
        let gateway = gateway(&store, &queue, &cache, &ids);
        let worker = worker(&store, &queue, &cache, &ids);
        let stop = CancellationToken::new();
        Ok(Self {
            gateway,
            worker,
            store,
            cache,
            queue,
            ids,
            stop,
            place,
        })
    }

    /// Another gateway process on the same servers.
    pub(crate) fn another_gateway(&self) -> Gateway {
        gateway(&self.store, &self.queue, &self.cache, &self.ids)
    }

    /// Another gateway process, which sheds beyond `pressure`.
    pub(crate) fn gateway_under(&self, pressure: PressureSettings) -> Gateway {
        gateway_under(pressure, &self.store, &self.queue, &self.cache, &self.ids)
    }

    /// An account of `role` that is signed in; its session beside it.
    pub(crate) async fn account(&self, name: &str, role: Role) -> Result<(UserId, Uuid)> {
        let (user_id, session_id): (UserId, Uuid) = (self.ids.next(), self.ids.next());
        let now = Clock::system().now();
        let user = NewUser {
            user_id,
            user_name: name.to_owned(),
            password_hash: String::new(),
            role,
            created_at: now,
        };
        self.store.create_user(&user).await?;
        let token = NewRefreshToken {
            hash: self.ids.bytes(),
            issued_at: now,
            expires_at: now + chrono::TimeDelta::hours(1),
        };
        self.store.begin_session(session_id, user_id, token).await?;
        Ok((user_id, session_id))
    }

    /// The voters' states.
    pub(crate) fn states(&self) -> VoterStates {
        VoterStates::of_reviews(self.cache.clone(), self.ids.clone())
    }

    /// A store of its own on the same database, as another process has it.
    pub(crate) fn another_store(&self, call_timeout: Duration) -> Result<Store> {
        match &self.place {
            Place::Servers(scope) => Ok(Store::mysql(&MysqlSettings {
                call_timeout,
                ..MysqlSettings::new(&scope.mysql_url)
            })?),
            Place::Folder(_) => anyhow::bail!("a file has one store"),
        }
    }

    /// Another worker process, on `store`.
    pub(crate) fn another_worker(&self, store: &Store) -> Worker {
        worker(store, &self.queue, &self.cache, &self.ids)
    }

    /// A gateway whose broker refuses everything.
    pub(crate) async fn gateway_without_broker(&self, folder: &TempDir) -> Result<Gateway> {
        let queue = Queue::embedded(EmbeddedSettings::at(folder.path().join("votes"))).await?;
        Ok(gateway(&self.store, &queue, &self.cache, &self.ids))
    }

    /// Puts a vote into its voter's state, as a gateway leaves it that reserved it.
    pub(crate) async fn reserve(&self, vote: &ReviewVote, unknown: bool) -> Result<()> {
        let states = self.states();
        let mut known = states.read(vote.voter).await?;
        if !known.was_there() {
            known.state.base.complete = true;
            known.state.base.loaded_at = known.now;
        }
        known.state.in_flight.push(InFlight {
            message: vote_messages::vote::encode(vote, "").to_vec(),
            vote: vote.clone(),
            gateway: stranger(),
            sent_at: known.now,
            n_sends: 1,
            unknown,
        });
        assert!(states.write(vote.voter, &known).await?);
        Ok(())
    }

    /// Publishes `votes` as one message, whatever the rules say.
    pub(crate) async fn publish(&self, votes: &[ReviewVote]) -> Result<()> {
        let encoded: Vec<_> = votes
            .iter()
            .map(|vote| vote_messages::vote::encode(vote, ""))
            .collect();
        self.publish_body(vote_messages::vote::frame(&encoded))
            .await
    }

    /// Publishes a message, whatever it is.
    pub(crate) async fn publish_body(&self, body: bytes::Bytes) -> Result<()> {
        let settings = PublisherSettings::default();
        let ballot_box = BallotBox::reviews();
        let raw = self
            .queue
            .publisher(&ballot_box, &settings, |bodies| bodies[0].clone());
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        raw.reserve()?.publish(body, deadline, None).await?;
        Ok(())
    }

    /// Lets the worker begin.
    pub(crate) fn work(&self) {
        let (worker, stop) = (self.worker.clone(), self.stop.clone());
        tokio::spawn(async move { worker.run(stop).await });
    }

    /// Puts a review there.
    pub(crate) async fn review(&self) -> Result<ReviewId> {
        self.review_by(self.ids.next()).await
    }

    /// Puts a review of `author`'s there.
    pub(crate) async fn review_by(&self, author: UserId) -> Result<ReviewId> {
        let review: ReviewId = self.ids.next();
        let at = "'2026-03-01 00:00:00.000000'";
        let none = "X'00000000000000000000000000000000'";
        let sql = format!(
            "INSERT INTO reviews VALUES (X'{}', {none}, {none}, X'{}', 4, 'good', 1, {at}, {at}, NULL)",
            review.0.simple(),
            author.0.simple()
        );
        self.store.execute_raw(&sql).await?;
        Ok(review)
    }

    /// Waits until every vote of `votes` is settled; answers their ends.
    pub(crate) async fn settled(&self, voter: UserId, votes: &[VoteId]) -> Result<Vec<VoteState>> {
        for _ in 0..1_000 {
            let found = self.gateway.statuses(voter, votes).await?;
            if found.len() == votes.len()
                && found.iter().all(|vote| vote.state != VoteState::Accepted)
            {
                return Ok(found.into_iter().map(|vote| vote.state).collect());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::bail!("votes not settled in time")
    }

    /// The ups and downs of `review` in SQL.
    pub(crate) async fn counts(&self, review: ReviewId) -> Result<(u64, u64)> {
        let counts = self.store.counts(&[review]).await?;
        let counts = counts.get(&review).copied().unwrap_or_default();
        Ok((counts.up, counts.down))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn gateway(store: &Store, queue: &Queue, cache: &Cache, ids: &Ids) -> Gateway {
    gateway_under(PressureSettings::default(), store, queue, cache, ids)
}

fn gateway_under(
    pressure: PressureSettings,
    store: &Store,
    queue: &Queue,
    cache: &Cache,
    ids: &Ids,
) -> Gateway {
    let parts = GatewayParts {
        store: store.clone(),
        cache: cache.clone(),
        queue: queue.clone(),
        ids: ids.clone(),
    };
    let settings = GatewaySettings {
        policy: QuotaPolicy {
            votes_per_day: 3,
            zone: chrono_tz::Europe::Berlin,
        },
        accept_timeout: Duration::from_secs(3),
        publisher: PublisherSettings::default(),
        base_max_age: Duration::from_secs(30),
        facts_max_age: Duration::ZERO,
        counter_ttl: Duration::from_secs(10),
        pressure,
    };
    Gateway::new(parts, settings)
}

fn worker(store: &Store, queue: &Queue, cache: &Cache, ids: &Ids) -> Worker {
    let parts = WorkerParts {
        store: store.clone(),
        cache: cache.clone(),
        queue: queue.clone(),
        clock: Clock::system(),
        ids: ids.clone(),
    };
    let settings = WorkerSettings {
        batch_votes_max: 100,
        batch_linger: Duration::from_millis(2),
        consumers: 2,
        prefetch: 16,
        reward: RewardPolicy {
            up_votes: 10,
            credit: 1,
        },
        counter_ttl: Duration::from_secs(10),
        close_quiet: Duration::from_millis(400),
        ..WorkerSettings::default()
    };
    Worker::new(parts, settings)
}

/// A vote as a gateway would have admitted it at `at`, the voter's `n`th.
pub(crate) fn admitted(voter: UserId, ballot: Ballot, at: DateTime<Utc>, n: u32) -> ReviewVote {
    let seq = Seq(at.timestamp_micros() + i64::from(n));
    ReviewVote {
        vote_id: VoteId(Uuid::from_u64_pair(voter.0.as_u64_pair().0, n.into())),
        voter,
        review: ballot.review,
        direction: ballot.direction,
        seq,
        day: vote_domain::time::local_day(chrono_tz::Europe::Berlin, seq.at()),
        cost: ballot.direction.is_some().into(),
        limit: 3,
    }
}

/// A ballot without a key.
pub(crate) fn ballot(voter: UserId, review: ReviewId, direction: Option<Direction>) -> Cast {
    Cast {
        voter,
        ballot: Ballot { review, direction },
        key: None,
        trace_parent: String::new(),
    }
}

/// `cast` under `key`.
pub(crate) fn under(key: &str, cast: Cast) -> Cast {
    Cast {
        key: Some(IdempotencyKey::parse(key.as_bytes()).expect("a key")),
        ..cast
    }
}

/// The vote and the votes used, of a ballot that was accepted.
pub(crate) fn vote(accepted: Result<Accepted, CastError>) -> (VoteId, u32) {
    match accepted {
        Ok(Accepted::Vote(vote_id, quota)) => (vote_id, quota.used),
        other => panic!("no vote: {other:?}"),
    }
}

/// A day in Berlin's winter, at noon.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_000_400, 0).expect("a time")
}

/// An id that nobody has.
pub(crate) fn stranger() -> Uuid {
    Uuid::from_u128(0xdead)
}

/// Writes one test for each kind of adapters.
#[allow(unused_macros, reason = "each test file uses its own part")]
macro_rules! on_each_engine {
    ($(async fn $name:ident($engine:ident: Engine) -> Result<()> $body:block)*) => {
        $(
            async fn $name($engine: $crate::engine::Engine) -> anyhow::Result<()> $body
        )*
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    let engine = $crate::engine::Engine::embedded(vote_domain::Clock::system());
                    super::$name(engine.await?).await
                }
            )*
        }
        mod real {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() -> anyhow::Result<()> {
                    let engine = $crate::engine::Engine::real(stringify!($name));
                    super::$name(engine.await?).await
                }
            )*
        }
    };
}
#[allow(unused_imports, reason = "each test file uses its own part")]
pub(crate) use on_each_engine;
