//! Restaurants and items.

use anyhow::Result;
use serde_json::{Value, json};

use crate::server::{ROOT, Server, id, on_each_stack};

async fn names(server: &Server, path: &str) -> Result<(Vec<String>, Value)> {
    let page = server.get(path).await?.ok(200);
    let items = page["items"].as_array().unwrap();
    let names = items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned());
    Ok((names.collect(), page["next_cursor"].clone()))
}

on_each_stack! {
    async fn a_restaurant_is_read_as_it_was_written(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let written = server
            .post_as(&root, "/restaurants", json!({
                "name": "  Café 東京 🍜 ", "address": "Hauptstraße 1", "description": "Zwei\nZeilen"
            }))
            .await?;
        let location = written.header("location").to_owned();
        let written = written.ok(201);
        let path = format!("/restaurants/{}", id(&written, "restaurant_id"));
        assert_eq!(location, format!("/api/v1{path}"));
        let read = server.get(&path).await?.ok(200);
        assert_eq!(read, written);
        assert_eq!(
            read,
            json!({
                "restaurant_id": read["restaurant_id"], "name": "Café 東京 🍜",
                "address": "Hauptstraße 1", "description": "Zwei\nZeilen",
                "n_reviews": 0, "stars_mean": null, "created_at": server.start
            })
        );
        Ok(())
    }

    async fn restaurants_are_paged_and_searched_by_name(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        assert_eq!(names(&server, "/restaurants").await?, (vec![], Value::Null));
        for name in ["Delta", "alpha", "Écho", "Bravo bar", "charlie BAR"] {
            // A new one shows at once, though lists are kept.
            server.add_restaurant(&root, name).await?;
            let (listed, _) = names(&server, "/restaurants").await?;
            assert!(listed.contains(&name.to_owned()));
        }
        let (mut seen, mut path) = (Vec::new(), "/restaurants?limit=2".to_owned());
        loop {
            let (page, next) = names(&server, &path).await?;
            seen.extend(page);
            let Some(next) = next.as_str() else { break };
            path = format!("/restaurants?limit=2&cursor={next}");
        }
        assert_eq!(seen, ["alpha", "Bravo bar", "charlie BAR", "Delta", "Écho"]);
        let (first, next) = names(&server, "/restaurants?q=Bar&limit=1").await?;
        assert_eq!(first, ["Bravo bar"]);
        let rest = format!("/restaurants?q=Bar&limit=1&cursor={}", next.as_str().unwrap());
        assert_eq!(names(&server, &rest).await?, (vec!["charlie BAR".to_owned()], Value::Null));
        assert_eq!(names(&server, "/restaurants?q=%C3%89CHO").await?.0, ["Écho"]);
        assert_eq!(names(&server, "/restaurants?q=%25").await?.0, [""; 0]);
        assert_eq!(names(&server, "/restaurants?q=").await?.0.len(), 5);
        Ok(())
    }

    async fn items_belong_to_their_restaurant(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let (noodles, other) = (
            server.add_restaurant(&root, "Noodle Bar").await?,
            server.add_restaurant(&root, "Other").await?,
        );
        let path = format!("/restaurants/{noodles}/items");
        assert_eq!(names(&server, &path).await?.0, [""; 0]);
        for name in ["Udon", "ramen", "Soba"] {
            server.add_item(&root, &noodles, name).await?;
        }
        let elsewhere = server.add_item(&root, &other, "Cake").await?;
        assert_eq!(names(&server, &path).await?.0, ["ramen", "Soba", "Udon"]);
        let (first, next) = names(&server, &format!("{path}?limit=2")).await?;
        assert_eq!(first, ["ramen", "Soba"]);
        let rest = format!("{path}?limit=2&cursor={}", next.as_str().unwrap());
        assert_eq!(names(&server, &rest).await?, (vec!["Udon".to_owned()], Value::Null));
        let item = server.get(&format!("/items/{elsewhere}")).await?.ok(200);
        assert_eq!(item["restaurant_id"], json!(other));
        assert_eq!((&item["n_reviews"], &item["stars_mean"]), (&json!(0), &Value::Null));
        Ok(())
    }

    async fn what_is_not_there_is_not_found_and_shows_once_it_is(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let nothing = "00000000-0000-4000-8000-000000000000";
        for _ in 0..2 {
            let path = format!("/restaurants/{nothing}");
            server.get(&path).await?.problem(404, "restaurant_not_found");
            server.get(&format!("{path}/items")).await?.problem(404, "restaurant_not_found");
            server.get(&format!("{path}/reviews")).await?.problem(404, "restaurant_not_found");
            server.get(&format!("/items/{nothing}")).await?.problem(404, "item_not_found");
            server.get(&format!("/items/{nothing}/reviews")).await?.problem(404, "item_not_found");
        }
        let body = json!({"name": "x", "description": ""});
        let path = format!("/restaurants/{nothing}/items");
        server.post_as(&root, &path, body).await?.problem(404, "restaurant_not_found");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_did_not_change_is_not_sent_again() -> Result<()> {
    let server = Server::sqlite().await?;
    let (restaurant, item) = server.furnish().await?;
    for path in [
        "/restaurants".to_owned(),
        format!("/restaurants/{restaurant}"),
        format!("/restaurants/{restaurant}/items"),
        format!("/items/{item}"),
    ] {
        let first = server.get(&path).await?;
        let again = server.get_if_changed(&path, &first).await?;
        assert_eq!((again.status, again.body), (304, Value::Null), "{path}");
    }
    Ok(())
}
