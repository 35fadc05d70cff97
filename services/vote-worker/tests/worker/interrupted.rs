//! Closers that are killed or stopped on their way, as processes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use test_stack::{Service, ServiceProcess, free_port};
use tokio::time::{Instant, sleep};
use vote_domain::campaign::{CLOSE_AFTER, Progress};
use vote_queue::{BallotBox, TopologyError};

use crate::close::check_result;
use crate::engine::{Engine, a_vote};

/// A lease that nobody extends lasts for 30 s, and the broker takes a silent consumer for
/// alive for about as long; then another worker goes on.
const SUCCEEDED_WITHIN: Duration = Duration::from_secs(90);

/// Starts a worker of its own process on the servers of `engine`.
async fn process(engine: &Engine, name: &str) -> Result<ServiceProcess> {
    let scope = engine.scope().context("servers")?;
    let program = Path::new(env!("CARGO_BIN_EXE_vote-worker"));
    Service::new(name, program, free_port()?)
        .env("TALLY__MYSQL__URL", &scope.mysql_url)
        .env("TALLY__RABBITMQ__URL", &scope.amqp_url)
        .env("TALLY__RABBITMQ__DELIVERY_LIMIT", "50")
        .env("TALLY__REDIS__URL", &scope.redis_url)
        .env(
            "TALLY__REDIS__KEY_PREFIX",
            scope.redis_prefix.trim_end_matches(':'),
        )
        .env("TALLY__GATEWAY__ACCEPT_TIMEOUT_MS", "100")
        .env("TALLY__WORKER__CLOSE_QUIET_MS", "1500")
        .start()
        .await
}

/// Waits until the campaign is final, for as long as a lease may stand in the way.
async fn until_final(engine: &Engine, campaign: vote_domain::CampaignId) -> Result<()> {
    let began = Instant::now();
    while engine.head(campaign).await?.progress < Progress::Final {
        ensure!(began.elapsed() < SUCCEEDED_WITHIN, "not final in time");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A campaign that is over with `n` votes waiting, and a closer that is killed once
/// `when` holds; another goes on.
async fn killed_once(
    test: &str,
    is_there: impl AsyncFn(&Engine, vote_domain::CampaignId) -> Result<bool>,
    freezing_fails: FreezingFails,
) -> Result<()> {
    let engine = Engine::real(test).await?;
    let head = engine.campaign().await?;
    let campaign = head.terms.campaign;
    let votes: Vec<_> = (0..200).map(|n| a_vote(&head, n)).collect();
    engine.publish(campaign, &votes).await?;
    engine.end(campaign, CLOSE_AFTER).await?;
    if let FreezingFails::Yes = freezing_fails {
        rename(&engine, "campaign_results", "campaign_results_away").await?;
    }
    let first = process(&engine, "first").await?;
    let began = Instant::now();
    while !is_there(&engine, campaign).await? {
        ensure!(began.elapsed() < SUCCEEDED_WITHIN, "it never came to that");
        sleep(Duration::from_millis(5)).await;
    }
    first.kill();
    ensure!(engine.head(campaign).await?.progress < Progress::Final);
    if let FreezingFails::Yes = freezing_fails {
        rename(&engine, "campaign_results_away", "campaign_results").await?;
    }
    let _second = process(&engine, "second").await?;
    until_final(&engine, campaign).await?;
    check_result(&engine, campaign, 200).await?;
    let gone = engine.queue.depth(&BallotBox::campaign(campaign.0)).await;
    ensure!(gone == Err(TopologyError::NoSuchBox), "{gone:?}");
    Ok(())
}

/// Whether the first closer cannot freeze the result.
#[derive(Clone, Copy)]
enum FreezingFails {
    Yes,
    No,
}

async fn rename(engine: &Engine, from: &str, to: &str) -> Result<()> {
    let sql = format!("RENAME TABLE {from} TO {to}");
    Ok(engine.store.execute_raw(&sql).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closer_killed_as_it_begins_is_succeeded() -> Result<()> {
    let began = async |engine: &Engine, campaign| {
        Ok(engine.head(campaign).await?.progress == Progress::Closing)
    };
    killed_once("killed_as_it_begins", began, FreezingFails::No).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closer_killed_while_it_drains_is_succeeded() -> Result<()> {
    let drains = async |engine: &Engine, campaign| Ok(engine.n_settled(campaign).await? > 0);
    killed_once("killed_while_it_drains", drains, FreezingFails::No).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closer_killed_before_it_froze_the_result_is_succeeded() -> Result<()> {
    let deleted = async |engine: &Engine, campaign: vote_domain::CampaignId| {
        let depth = engine.queue.depth(&BallotBox::campaign(campaign.0)).await;
        Ok(depth == Err(TopologyError::NoSuchBox))
    };
    killed_once("killed_before_freezing", deleted, FreezingFails::Yes).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closer_that_slept_through_its_lease_changes_nothing() -> Result<()> {
    let engine = Engine::real("closer_that_slept").await?;
    let head = engine.campaign().await?;
    let campaign = head.terms.campaign;
    let votes: Vec<_> = (0..100).map(|n| a_vote(&head, n)).collect();
    engine.publish(campaign, &votes).await?;
    engine.end(campaign, CLOSE_AFTER).await?;
    let sleeper = process(&engine, "sleeper").await?;
    engine.until_settled(campaign, 100).await?;
    sleeper.pause()?;
    let _other = process(&engine, "other").await?;
    // The broker drops a consumer that is silent, and SQL a lease that is not extended.
    until_final(&engine, campaign).await?;
    check_result(&engine, campaign, 100).await?;
    let frozen = engine.store.frozen_result(campaign).await?;
    sleeper.resume()?;
    sleeper.wait_until_ready().await?;
    sleep(Duration::from_secs(3)).await;
    ensure!(engine.store.frozen_result(campaign).await? == frozen);
    let gone = engine.queue.depth(&BallotBox::campaign(campaign.0)).await;
    ensure!(gone == Err(TopologyError::NoSuchBox), "{gone:?}");
    Ok(())
}
