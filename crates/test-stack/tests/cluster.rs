//! Clusters start, and their nodes can be taken away one by one.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use test_stack::Stack;

/// Longest until a broker that was cut off serves nobody, or serves again.
const NOTICED: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_cut_off_stops_and_comes_back_when_it_may() -> Result<()> {
    let began = Instant::now();
    let stack = Stack::start_cluster().await?;
    println!("started after {:?}", began.elapsed());
    assert_eq!(stack.brokers().len(), 3);
    assert_eq!(stack.redis_masters().len(), 3);

    stack.cut_off_broker(2).await?;
    let began = Instant::now();
    if stops_when_cut_off(&stack).await? {
        while is_running(&stack, 2).await? {
            ensure!(began.elapsed() < NOTICED, "it never stopped");
        }
        println!("stopped after {:?}", began.elapsed());
    }
    ensure!(is_running(&stack, 0).await?, "the majority stopped");
    stack.rejoin_broker(2).await?;
    let began = Instant::now();
    while !is_running(&stack, 2).await? {
        ensure!(began.elapsed() < NOTICED, "it never came back");
    }
    println!("back after {:?}", began.elapsed());

    stack.brokers()[1].kill();
    stack.brokers()[1].start().await?;
    println!("{}", stack.rabbitmqctl_on(0, &["cluster_status"]).await?);
    stack.start_brokers().await?;
    stack.stop().await
}

/// Whether brokers know `cluster_partition_handling`: from 4.3 on one that is cut off goes
/// on, and only what needs a majority stays without an answer.
async fn stops_when_cut_off(stack: &Stack) -> Result<bool> {
    let version = stack.rabbitmqctl_on(0, &["version"]).await?;
    let mut numbers = version.trim().split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        bail!("{version} is no version");
    };
    Ok((major, minor) < (4, 3))
}

async fn is_running(stack: &Stack, n: usize) -> Result<bool> {
    let running = stack
        .rabbitmqctl_on(n, &["eval", "rabbit:is_running()."])
        .await?;
    Ok(running.trim() == "true")
}
