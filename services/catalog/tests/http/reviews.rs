//! Reviews: written, changed, removed, listed, counted.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use vote_domain::ReviewId;
use vote_domain::review::{Counts, Direction};

use crate::own_votes::settle;
use crate::server::{Server, id, on_each_stack};

/// The ids of a page of reviews, and the next cursor.
async fn page(server: &Server, path: &str) -> Result<(Vec<String>, Option<String>)> {
    let page = server.get(path).await?.ok(200);
    let items = page["items"].as_array().unwrap();
    let ids = items.iter().map(|review| id(review, "review_id")).collect();
    Ok((ids, page["next_cursor"].as_str().map(str::to_owned)))
}

/// The ids of all pages.
async fn pages(server: &Server, path: &str, limit: usize) -> Result<Vec<String>> {
    let (mut seen, mut next) = (Vec::new(), None);
    loop {
        let from = next.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let (ids, cursor) = page(server, &format!("{path}&limit={limit}{from}")).await?;
        assert!(ids.len() <= limit);
        seen.extend(ids);
        next = cursor;
        if next.is_none() {
            return Ok(seen);
        }
    }
}

fn uuid(text: &str) -> ReviewId {
    text.parse().unwrap()
}

on_each_stack! {
    async fn a_review_lives_from_its_writing_to_its_removal(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let (restaurant, item) = &places;
        let ada = server.member("ada").await?;
        let path = format!("/restaurants/{restaurant}/review");
        let body = json!({"item_id": item, "stars": 5, "content": " Zwei\nZeilen 👍 "});
        let written = server.post_as(&ada, &path, body).await?;
        assert_eq!(written.header("etag"), "\"1\"");
        let location = written.header("location").to_owned();
        let written = written.ok(201);
        let path = format!("/reviews/{}", id(&written, "review_id"));
        assert_eq!(location, format!("/api/v1{path}"));
        assert_eq!(
            written,
            json!({
                "review_id": written["review_id"], "restaurant_id": restaurant,
                "item_id": item,
                "author": {"user_id": ada.id, "user_name": "ada"},
                "stars": 5, "content": "Zwei\nZeilen 👍", "up": 0, "down": 0, "my_vote": null,
                "version": 1, "created_at": server.start,
                "updated_at": server.start, "reward_sent_at": null
            })
        );
        assert_eq!(server.get(&path).await?.ok(200), written);

        server.clock.set(server.start + TimeDelta::seconds(60));
        let change = json!({"stars": 2});
        let changed = server.patch_as(&ada, &path, "\"1\"", change.clone()).await?;
        assert_eq!(changed.header("etag"), "\"2\"");
        let changed = changed.ok(200);
        assert_eq!((&changed["stars"], &changed["version"]), (&json!(2), &json!(2)));
        assert_eq!(changed["content"], "Zwei\nZeilen 👍");
        assert_eq!(changed["updated_at"], json!(server.clock.now()));
        assert_eq!(server.get(&path).await?.ok(200), changed);
        let stale = server.patch_as(&ada, &path, "\"1\"", change).await?;
        assert_eq!(stale.problem(412, "stale_version")["version"], 2);

        server.delete_as(&ada, &path).await?.ok(204);
        server.get(&path).await?.problem(404, "review_not_found");
        server.delete_as(&ada, &path).await?.problem(404, "review_not_found");
        let change = json!({"stars": 3});
        server.patch_as(&ada, &path, "\"2\"", change).await?.problem(404, "review_not_found");
        Ok(())
    }

    async fn what_one_writes_shows_at_once_wherever_it_is_shown(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let (restaurant, item) = &places;
        let ada = server.member("ada").await?;
        let lists: Vec<_> = ["new", "top", "hot"]
            .into_iter()
            .flat_map(|sort| [
                format!("/restaurants/{restaurant}/reviews?sort={sort}"),
                format!("/items/{item}/reviews?sort={sort}"),
            ])
            .collect();
        let rated = async || {
            let mut ratings = Vec::new();
            for path in [format!("/restaurants/{restaurant}"), format!("/items/{item}")] {
                let thing = server.get(&path).await?.ok(200);
                ratings.push(json!([thing["n_reviews"], thing["stars_mean"]]));
            }
            let items = server.get(&format!("/restaurants/{restaurant}/items")).await?.ok(200);
            let listed = &items["items"][0];
            ratings.push(json!([listed["n_reviews"], listed["stars_mean"]]));
            anyhow::Ok(ratings)
        };
        let listed = async || {
            let mut all = Vec::new();
            for list in &lists {
                all.push(page(&server, list).await?.0);
            }
            anyhow::Ok(all)
        };
        assert_eq!(rated().await?, vec![json!([0, null]); 3]);
        assert_eq!(listed().await?, vec![Vec::<String>::new(); 6]);
        let review = server.add_review(&ada, &places, 4).await?;
        assert_eq!(rated().await?, vec![json!([1, 4.0]); 3]);
        assert_eq!(listed().await?, vec![vec![review.clone()]; 6]);
        let path = format!("/reviews/{review}");
        server.patch_as(&ada, &path, "\"1\"", json!({"stars": 1})).await?.ok(200);
        assert_eq!(rated().await?, vec![json!([1, 1.0]); 3]);
        for list in &lists {
            assert_eq!(server.get(list).await?.ok(200)["items"][0]["stars"], 1);
        }
        server.delete_as(&ada, &path).await?.ok(204);
        assert_eq!(rated().await?, vec![json!([0, null]); 3]);
        assert_eq!(listed().await?, vec![Vec::<String>::new(); 6]);
        let counts = server.get(&format!("/reviews/counts?ids={review}")).await?.ok(200);
        assert_eq!(counts["counts"], json!([]));
        Ok(())
    }

    async fn lists_are_sorted_and_paged_without_a_gap(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let (restaurant, item) = &places;
        let ada = server.member("ada").await?;
        let mut reviews = Vec::new();
        for n in 0..7 {
            server.clock.set(server.start + TimeDelta::minutes(n / 2));
            reviews.push(server.add_review(&ada, &places, 4).await?);
        }
        let bob = server.member("bob").await?;
        let eve = server.member("eve").await?;
        settle(&server, &bob, &reviews[1], Some(Direction::Up)).await?;
        settle(&server, &eve, &reviews[1], Some(Direction::Up)).await?;
        settle(&server, &bob, &reviews[4], Some(Direction::Up)).await?;
        settle(&server, &eve, &reviews[6], Some(Direction::Down)).await?;
        // What lists kept from before the votes has run out.
        server.clock.set(server.clock.now() + TimeDelta::seconds(10));
        for scope in [format!("/restaurants/{restaurant}"), format!("/items/{item}")] {
            for sort in ["new", "top", "hot"] {
                let path = format!("{scope}/reviews?sort={sort}");
                let whole = pages(&server, &path, 100).await?;
                assert_eq!(whole.len(), 7);
                for limit in [1, 2, 3, 6, 7] {
                    assert_eq!(pages(&server, &path, limit).await?, whole, "{path} by {limit}");
                }
                match sort {
                    "new" => {
                        let newest = &reviews[6];
                        assert_eq!(&whole[0], newest);
                        assert_eq!(pages(&server, &format!("{scope}/reviews?"), 9).await?, whole);
                    }
                    "top" => assert_eq!([&whole[0], &whole[1]], [&reviews[1], &reviews[4]]),
                    _ => assert_eq!(&whole[0], &reviews[1]),
                }
            }
        }
        Ok(())
    }

    async fn counts_are_told_in_bulk_and_again_only_when_they_change(
        server: Server
    ) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let first = server.add_review(&ada, &places, 4).await?;
        let second = server.add_review(&ada, &places, 4).await?;
        let nothing = "00000000-0000-4000-8000-000000000000";
        let path = format!("/reviews/counts?ids={second},{nothing},{first},{second}");
        let before = server.get(&path).await?;
        assert_eq!(
            before.body,
            json!({
                "as_of": server.start,
                "counts": [
                    {"review_id": second, "up": 0, "down": 0, "my_vote": null},
                    {"review_id": first, "up": 0, "down": 0, "my_vote": null},
                ]
            })
        );
        server.clock.set(server.start + TimeDelta::seconds(1));
        let same = server.get_if_changed(&path, &before).await?;
        assert_eq!((same.status, same.body), (304, Value::Null));

        // The worker commits, and puts what it knows into the cache.
        settle(&server, &bob, &first, Some(Direction::Up)).await?;
        let counts = Counts { up: 1, down: 0, version: 1 };
        server.cache.put_counts(&[(uuid(&first), counts)], std::time::Duration::from_secs(60)).await?;
        let after = server.get_if_changed(&path, &before).await?;
        assert_eq!(after.status, 200);
        assert_eq!(after.body["counts"][1]["up"], 1);
        let alone = server.get(&format!("/reviews/{first}")).await?.ok(200);
        assert_eq!((&alone["up"], &alone["down"]), (&json!(1), &json!(0)));
        Ok(())
    }

    async fn counters_come_from_sql_where_the_cache_has_none(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let bob = server.member("bob").await?;
        let review = server.add_review(&ada, &places, 4).await?;
        settle(&server, &bob, &review, Some(Direction::Down)).await?;
        let read = server.get(&format!("/reviews/{review}")).await?.ok(200);
        assert_eq!((&read["up"], &read["down"]), (&json!(0), &json!(1)));
        let kept = server.cache.get_counts(&[uuid(&review)]).await?;
        assert_eq!(kept[&uuid(&review)].down, 1, "and are kept there");
        Ok(())
    }

    async fn a_reward_shows_once_the_review_was_forgotten(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let review = server.add_review(&ada, &places, 4).await?;
        let path = format!("/reviews/{review}");
        assert_eq!(server.get(&path).await?.ok(200)["reward_sent_at"], Value::Null);
        for n in 0..10 {
            let voter = server.member(&format!("voter-{n}")).await?;
            settle(&server, &voter, &review, Some(Direction::Up)).await?;
        }
        // As a worker does after its commit.
        server.cache.forget_counts(&[uuid(&review)]).await?;
        let entry = vote_cache::key::review_entry(uuid(&review));
        server.cache.invalidate(&[entry]).await?;
        // A process keeps counts of its own for a moment.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let read = server.get(&path).await?.ok(200);
        assert_eq!(read["up"], 10);
        assert_eq!(read["reward_sent_at"], json!(server.start));
        assert_eq!(server.get_as(&ada, "/me").await?.ok(200)["credit"], 1);
        Ok(())
    }

    async fn of_many_changes_at_once_to_one_version_one_holds(server: Server) -> Result<()> {
        let places = server.furnish().await?;
        let ada = server.member("ada").await?;
        let path = format!("/reviews/{}", server.add_review(&ada, &places, 4).await?);
        let changes = (1..=5).map(|stars| {
            server.patch_as(&ada, &path, "\"1\"", json!({"stars": stars}))
        });
        let mut held = Vec::new();
        for answer in futures::future::join_all(changes).await {
            let answer = answer?;
            if answer.status == 200 {
                held.push(answer.body);
            } else {
                answer.problem(412, "stale_version");
            }
        }
        assert_eq!(held.len(), 1);
        assert_eq!(server.get(&path).await?.ok(200), held[0]);
        Ok(())
    }

    async fn a_review_needs_an_item_of_its_restaurant(server: Server) -> Result<()> {
        let (restaurant, _) = server.furnish().await?;
        let (_, elsewhere) = server.furnish().await?;
        let ada = server.member("ada").await?;
        let body = json!({"item_id": elsewhere, "stars": 4, "content": "x"});
        let path = format!("/restaurants/{restaurant}/reviews");
        server.post_as(&ada, &path, body.clone()).await?.problem(404, "item_not_found");
        let nowhere = "/restaurants/00000000-0000-4000-8000-000000000000/reviews";
        server.post_as(&ada, nowhere, body).await?.problem(404, "restaurant_not_found");
        Ok(())
    }
}
