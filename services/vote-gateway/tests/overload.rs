//! Overload, over HTTP: what is too much is refused early and in full, what is accepted is
//! accepted quickly and counted, and it passes by itself.

mod engine;

use std::time::{Duration, Instant};

use actix_web::web::Data;
use anyhow::{Context, Result};
use bootstrap::Secret;
use bootstrap::settings::{self, Http, SigningKey};
use engine::{Engine, UP, ballot};
use http_kit::{Actor, Meter, RateLimits, Site, Tokens};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use utoipa::OpenApi;
use uuid::Uuid;
use vote_domain::{Clock, Ids, ReviewId, Role, UserId};
use vote_gateway::{Gateway, PressureSettings, routes};

/// A gateway on the network.
#[derive(Clone)]
struct Server {
    base: String,
    address: std::net::SocketAddr,
    tokens: Tokens,
    client: Client,
}

impl Server {
    fn start(engine: &Engine, gateway: &Gateway, limits: &settings::RateLimits) -> Result<Self> {
        let key = SigningKey {
            id: "test".to_owned(),
            secret: Secret::new("0123456789abcdef0123456789abcdef"),
        };
        let tokens = Tokens::new(&[key], 900, Clock::system())?;
        let http = Http {
            threads: 2,
            ..Http::default()
        };
        let (api, meter) = (routes::Api::openapi(), Meter::install()?);
        let serving = gateway.clone();
        let listening = Site::new(&http, api, meter, Ids::random())
            .with_tokens(tokens.clone())
            .with_rate_limits(RateLimits::from_settings(limits), &[])
            .with_routes(move |config| {
                config.app_data(Data::new(serving.clone()));
                routes::configure(config);
            })
            .listen(engine.stop.clone())?;
        Ok(Self {
            base: format!("http://{}", listening.address()),
            address: listening.address(),
            tokens,
            client: Client::new(),
        })
    }

    fn token(&self, user: UserId) -> Result<String> {
        Ok(self.tokens.sign(Actor {
            user_id: user,
            role: Role::Member,
            session_id: Uuid::from_u128(1),
        })?)
    }

    async fn upvote(&self, voter: UserId, review: ReviewId) -> Result<Response> {
        let url = format!("{}/api/v1/reviews/{review}/upvote", self.base);
        let request = self.client.post(url).bearer_auth(self.token(voter)?);
        Ok(request.send().await?)
    }

    async fn get(&self, voter: UserId, path: &str) -> Result<Response> {
        let url = format!("{}/api/v1{path}", self.base);
        let request = self.client.get(url).bearer_auth(self.token(voter)?);
        Ok(request.send().await?)
    }
}

fn unlimited() -> settings::RateLimits {
    settings::RateLimits {
        enabled: false,
        ..settings::RateLimits::default()
    }
}

/// Asserts a whole `503 overloaded` that says when to try again.
async fn assert_overloaded(answer: Response) -> Result<()> {
    assert_eq!(answer.status(), 503);
    let retry_after = answer.headers().get("retry-after").context("Retry-After")?;
    let retry_after_s: u64 = retry_after.to_str()?.parse()?;
    assert!((1..=10).contains(&retry_after_s));
    let body: Value = answer.json().await?;
    assert_eq!(body["code"], "overloaded", "{body}");
    assert_eq!(body["vote_id"], Value::Null, "nothing was cast");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shed_ballot_leaves_no_trace_and_reads_go_on() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let full = engine.gateway_under(PressureSettings {
        casts_max: 0,
        ..PressureSettings::default()
    });
    let server = Server::start(&engine, &full, &unlimited())?;
    let (voter, review) = (engine.ids.next(), engine.review().await?);
    let cast = engine.gateway.cast(ballot(voter, review, UP)).await;
    let (earlier, _) = engine::vote(cast);
    for _ in 0..3 {
        assert_overloaded(server.upvote(engine.ids.next(), review).await?).await?;
    }
    let stranger: UserId = engine.ids.next();
    assert_overloaded(server.upvote(stranger, review).await?).await?;
    let known = engine.states().read(stranger).await?;
    assert!(!known.was_there(), "nothing was even read for it");
    // What was cast before can be asked after.
    let status = server.get(voter, &format!("/votes/{earlier}")).await?;
    assert_eq!(status.status(), 200);
    let status = server.get(voter, &format!("/votes?ids={earlier}")).await?;
    assert_eq!(status.status(), 200);
    let metrics = server
        .client
        .get(format!("{}/metrics", server.base))
        .send()
        .await?;
    let metrics = metrics.text().await?;
    let shed = metrics.lines().any(|line| {
        line.starts_with("tally_casts_shed_total{reason=\"casts\"}") && !line.ends_with(" 0")
    });
    assert!(shed, "{metrics}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_ballots_than_can_be_cast_some_are_shed_and_the_others_all_count() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    engine.work();
    let gateway = engine.gateway_under(PressureSettings {
        casts_max: 4,
        ..PressureSettings::default()
    });
    let server = Server::start(&engine, &gateway, &unlimited())?;
    let review = engine.review().await?;
    let voters: Vec<UserId> = (0..200).map(|_| engine.ids.next()).collect();
    let casting: Vec<_> = voters
        .iter()
        .map(|voter| {
            let (server, voter) = (server.clone(), *voter);
            tokio::spawn(async move { server.upvote(voter, review).await })
        })
        .collect();
    let (mut n_accepted, mut n_shed) = (0, 0);
    for answer in casting {
        let answer = answer.await??;
        if answer.status() == 202 {
            n_accepted += 1;
        } else {
            assert_overloaded(answer).await?;
            n_shed += 1;
        }
    }
    assert!(n_accepted > 0 && n_shed > 0, "{n_accepted} and {n_shed}");
    // And once the rush is over, everybody is let in.
    let mut last = None;
    for voter in &voters {
        let answer = server.upvote(*voter, review).await?;
        assert_eq!(answer.status(), 202);
        last = Some(answer.json::<Value>().await?);
    }
    let last = last.context("a vote")?["vote_id"]
        .as_str()
        .context("an id")?
        .parse()?;
    engine.settled(voters[199], &[last]).await?;
    eventually(Duration::from_secs(10), async || {
        Ok(engine.counts(review).await? == (200, 0))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_whose_votes_wait_too_long_takes_none_until_workers_catch_up() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let gateway = engine.gateway_under(PressureSettings {
        box_age_max: Duration::from_secs(2),
        ..PressureSettings::default()
    });
    let server = Server::start(&engine, &gateway, &unlimited())?;
    let review = engine.review().await?;
    // Nobody settles: the first votes are taken all the same.
    let first: UserId = engine.ids.next();
    assert_eq!(server.upvote(first, review).await?.status(), 202);
    eventually(Duration::from_secs(20), async || {
        let answer = server.upvote(engine.ids.next(), review).await?;
        let is_shed = answer.status() == 503;
        if is_shed {
            assert_overloaded(answer).await?;
        } else {
            assert_eq!(answer.status(), 202);
        }
        Ok(is_shed)
    })
    .await?;
    engine.work();
    eventually(Duration::from_secs(20), async || {
        Ok(server.upvote(engine.ids.next(), review).await?.status() == 202)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_slow_connections_do_not_slow_votes() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    engine.work();
    let server = Server::start(&engine, &engine.gateway, &unlimited())?;
    let review = engine.review().await?;
    let mut slow = Vec::new();
    for n in 0..500 {
        let mut stream = TcpStream::connect(server.address).await?;
        let beginning: &[u8] = if n % 2 == 0 {
            b"POST /api/v1/votes HTTP/1.1\r\nHost: x\r\n"
        } else {
            b"POST /api/v1/votes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
              Content-Length: 100\r\n\r\n{"
        };
        stream.write_all(beginning).await?;
        slow.push(stream);
    }
    let mut took = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        let answer = server.upvote(engine.ids.next(), review).await?;
        assert_eq!(answer.status(), 202);
        took.push(started.elapsed());
    }
    took.sort();
    assert!(took[50] < Duration::from_millis(500), "{took:?}");
    drop(slow);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voter_who_casts_too_often_is_told_when_to_go_on_and_others_are_not_held_up() -> Result<()>
{
    let engine = Engine::embedded(Clock::system()).await?;
    let limits = settings::RateLimits {
        voter_writes: 3,
        ..settings::RateLimits::default()
    };
    let server = Server::start(&engine, &engine.gateway, &limits)?;
    let (voter, review) = (engine.ids.next(), engine.review().await?);
    for _ in 0..3 {
        let answer = server.upvote(voter, review).await?;
        assert_eq!(answer.status(), 202);
        assert!(answer.headers().contains_key("ratelimit"));
    }
    let answer = server.upvote(voter, review).await?;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    let body: Value = answer.json().await?;
    assert_eq!(
        (&body["code"], &body["quota"]),
        (&json!("rate_limited"), &json!("voter-writes"))
    );
    assert_eq!(
        server.upvote(engine.ids.next(), review).await?.status(),
        202
    );
    assert_eq!(
        server.get(voter, "/votes?ids=").await?.status(),
        200,
        "reads go on"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_the_boxes_and_members_do_not() -> Result<()> {
    let engine = Engine::embedded(Clock::system()).await?;
    let server = Server::start(&engine, &engine.gateway, &unlimited())?;
    let (operator, session) = engine.account("olga", Role::Operator).await?;
    let (member, members_session) = engine.account("mia", Role::Member).await?;
    let ask = async |user_id, session_id| {
        let token = server.tokens.sign(Actor {
            user_id,
            role: Role::Operator,
            session_id,
        })?;
        let url = format!("{}/api/v1/boxes", server.base);
        anyhow::Ok(server.client.get(url).bearer_auth(token).send().await?)
    };
    assert_eq!(ask(member, members_session).await?.status(), 403);
    let review = engine.review().await?;
    assert_eq!(
        server.upvote(engine.ids.next(), review).await?.status(),
        202
    );
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let body: Value = ask(operator, session).await?.json().await?;
    let reviews = &body["items"][0];
    assert_eq!(reviews["name"], "votes.reviews");
    assert_eq!(
        (&reviews["depth"], &reviews["workers"]),
        (&json!(1), &json!(0))
    );
    let age_s = reviews["age_s"].as_f64().context("an age")?;
    assert!((0.5..10.0).contains(&age_s), "{body}");
    assert_eq!(reviews["takes_votes"], true);

    engine.work();
    eventually(Duration::from_secs(10), async || {
        let body: Value = ask(operator, session).await?.json().await?;
        let reviews = &body["items"][0];
        let has_workers = reviews["workers"].as_u64() > Some(0);
        Ok(has_workers && reviews["depth"] == 0 && reviews["age_s"] == 0.0)
    })
    .await
}

/// Asks until it is so.
async fn eventually(limit: Duration, ask: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !ask().await? {
        anyhow::ensure!(started.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
