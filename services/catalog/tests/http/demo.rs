//! The demo data.

use anyhow::Result;
use catalog::demo;
use serde_json::json;
use vote_domain::Ids;

use crate::server::{Server, on_each_stack};

on_each_stack! {
    async fn the_demo_is_there_once(server: Server) -> Result<()> {
        let ids = Ids::random();
        let votes = demo::seed(&server.store, &server.clock, &ids).await?.unwrap();
        assert_eq!(votes, demo::votes());
        assert_eq!(demo::seed(&server.store, &server.clock, &ids).await?, None);

        let login = json!({"user_name": demo::USER_NAME, "password": demo::PASSWORD});
        server.post("/sessions", login).await?.ok(200);
        let restaurants = server.get("/restaurants").await?.ok(200);
        let restaurants = restaurants["items"].as_array().unwrap();
        assert_eq!(restaurants.len(), 6);
        for restaurant in restaurants {
            assert!(restaurant["n_reviews"].as_u64() > Some(3), "{restaurant}");
            let path = format!("/restaurants/{}/reviews", restaurant["restaurant_id"].as_str().unwrap());
            let reviews = server.get(&path).await?.ok(200);
            assert_eq!(
                reviews["items"].as_array().unwrap().len() as u64,
                restaurant["n_reviews"].as_u64().unwrap()
            );
        }
        for (voter, review, _) in votes {
            let review = server.get(&format!("/reviews/{review}")).await?.ok(200);
            assert_ne!(review["author"]["user_id"], json!(voter));
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_in_use_is_left_alone() -> Result<()> {
    let server = Server::sqlite().await?;
    server.furnish().await?;
    let ids = Ids::random();
    assert_eq!(demo::seed(&server.store, &server.clock, &ids).await?, None);
    let restaurants = server.get("/restaurants").await?.ok(200);
    assert_eq!(restaurants["items"].as_array().unwrap().len(), 1);
    Ok(())
}
