//! Two services that share nothing but MariaDB and Redis.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::server::{Draft, Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_replayed_to_another_process_is_refused() -> Result<()> {
    let (one, two) = Server::two("partner_replay").await?;
    let jury = one.partner("jury").await?;
    let draft = one.post();
    one.send(&jury, &draft).await?.ok();
    two.send(&jury, &draft)
        .await?
        .problem(401, "replayed_request");
    one.send(&jury, &draft)
        .await?
        .problem(401, "replayed_request");
    two.send(&jury, &two.post()).await?.ok();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_replays_at_once_to_both_processes_one_passes() -> Result<()> {
    let (one, two) = Server::two("partner_replays").await?;
    let jury = one.partner("jury").await?;
    let draft = one.post();
    let sends = (0..20).map(|n| {
        let server = if n % 2 == 0 { &one } else { &two };
        server.send(&jury, &draft)
    });
    let mut n_passed = 0;
    for answer in futures::future::join_all(sends).await {
        let answer = answer?;
        match answer.status {
            200 => n_passed += 1,
            _ => drop(answer.problem(401, "replayed_request")),
        }
    }
    assert_eq!(n_passed, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_time_decides_and_not_the_clock_of_a_process() -> Result<()> {
    let (one, _two) = Server::two("partner_clock").await?;
    let jury = one.partner("jury").await?;
    let now = one.now().await?.timestamp();
    for off in [-360, 360] {
        let draft = Draft {
            timestamp: now + off,
            ..one.post()
        };
        one.send(&jury, &draft)
            .await?
            .problem(401, "invalid_signature");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_in_every_process_within_two_seconds() -> Result<()> {
    let (one, two) = Server::two("partner_revoked").await?;
    let jury = one.partner("jury").await?;
    for server in [&one, &two] {
        server.send(&jury, &server.post()).await?.ok();
    }
    one.revoke(&jury).await?;
    let revoked = Instant::now();
    for server in [&one, &two] {
        while server.send(&jury, &server.post()).await?.status == 200 {
            assert!(revoked.elapsed() < Duration::from_secs(2), "still good");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}
