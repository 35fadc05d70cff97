//! Ballot boxes: there before their campaigns, and declared again while they might be
//! forgotten.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use vote_queue::{BallotBox, TopologyError};

use super::scene::{Scene, body};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn without_the_queue_no_campaign_is_created() -> Result<()> {
    let server = Server::sqlite_without_queue().await?;
    let operator = server.member_with_role("olga", "operator").await?;
    let body = body(&server, 1, 50).await?;
    let refused = server.post_as(&operator, "/campaigns", body).await?;
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(503, "queue_unavailable");
    let page = server.get("/campaigns").await?.ok(200);
    assert_eq!(page["items"], json!([]));
    let count = "SELECT COUNT(*) AS n FROM campaign_options";
    assert_eq!(server.store.select_number(count).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_was_forgotten_is_declared_again_before_the_campaign_opens() -> Result<()> {
    let scene = Scene::set(Server::sqlite().await?, 1, 50).await?;
    let queue = &scene.server.queue;
    let ballot_box = BallotBox::campaign(scene.id.parse()?);
    queue.delete(&ballot_box).await?;
    assert_eq!(
        queue.depth(&ballot_box).await,
        Err(TopologyError::NoSuchBox)
    );
    for _ in 0..50 {
        if queue.depth(&ballot_box).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the box is still missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_of_a_campaign_that_is_closed_is_left_alone() -> Result<()> {
    let scene = Scene::set(Server::sqlite().await?, 1, 50).await?;
    let queue = &scene.server.queue;
    let ballot_box = BallotBox::campaign(scene.id.parse()?);
    scene.progress("closing").await?;
    queue.delete(&ballot_box).await?;
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(
        queue.depth(&ballot_box).await,
        Err(TopologyError::NoSuchBox)
    );
    Ok(())
}
