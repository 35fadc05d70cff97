//! Redis is away: what can be read is read from SQL, and what is written is written.

use anyhow::Result;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn everything_but_votes_goes_on() -> Result<()> {
    let server = Server::mysql_without_redis("catalog_without_redis").await?;
    let places = server.furnish().await?;
    let (restaurant, item) = &places;
    let ada = server.member("ada").await?;
    let review = server.add_review(&ada, &places, 4).await?;
    let path = format!("/reviews/{review}");
    server
        .patch_as(&ada, &path, "\"1\"", json!({"stars": 2}))
        .await?
        .ok(200);
    assert_eq!(server.get_as(&ada, &path).await?.ok(200)["stars"], 2);
    let paths = [
        format!("/restaurants/{restaurant}"),
        "/restaurants".to_owned(),
        format!("/restaurants/{restaurant}/items"),
        format!("/restaurants/{restaurant}/reviews?sort=top"),
        format!("/items/{item}/reviews"),
        format!("/reviews/counts?ids={review}"),
        "/me".to_owned(),
        "/me/votes".to_owned(),
        "/me/preferences".to_owned(),
    ];
    let asked = paths
        .iter()
        .cycle()
        .take(90)
        .map(|path| server.get_as(&ada, path));
    for answer in futures::future::join_all(asked).await {
        answer?.ok(200);
    }
    server.delete_as(&ada, &path).await?.ok(204);
    server.get(&path).await?.problem(404, "review_not_found");
    let ready = server.request_at(reqwest::Method::GET, "/readyz");
    server.send(ready).await?.ok(200);
    Ok(())
}
