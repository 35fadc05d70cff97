//! Boards and hourly series.

use anyhow::Result;
use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::scene::{Scene, expected};
use crate::server::{Server, on_each_stack};

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The whole hour it is now.
async fn this_hour(server: &Server) -> Result<DateTime<Utc>> {
    Ok(server
        .cache
        .now()
        .await?
        .duration_trunc(TimeDelta::hours(1))?)
}

on_each_stack! {
    async fn a_board_ranks_every_option_by_its_tickets(server: Server) -> Result<()> {
        let scene = Scene::set(server, -5, 50).await?;
        let all_alike = expected(&[(1, "a", 0), (1, "b", 0), (1, "c.1", 0)]);
        assert_eq!(scene.board("?channel=web").await?, all_alike);
        let now = this_hour(&scene.server).await?;
        scene.count(now, 1, 0, 7).await?;
        scene.count(now, 2, 1, 7).await?;
        scene.count(now, 1, 1, 2).await?;
        let board = scene.server.get(&format!("{}/board", scene.path)).await?.ok(200);
        assert_eq!(board["state"], "open");
        assert!(board["as_of"].is_string());
        assert_eq!(super::scene::rows(&board), expected(&[(1, "b", 9), (2, "c.1", 7), (3, "a", 0)]));
        let jury = expected(&[(1, "c.1", 7), (2, "b", 2), (3, "a", 0)]);
        assert_eq!(scene.board("?channel=jury").await?, jury);
        // What was asked a moment ago is not computed again.
        assert_eq!(scene.board("?channel=web").await?, all_alike);
        scene.wait_for_snapshots().await;
        let web = expected(&[(1, "b", 7), (2, "a", 0), (2, "c.1", 0)]);
        assert_eq!(scene.board("?channel=web").await?, web);
        Ok(())
    }

    async fn a_board_that_shows_the_same_is_not_sent_again(server: Server) -> Result<()> {
        let scene = Scene::set(server, -5, 50).await?;
        let path = format!("{}/board", scene.path);
        let first = scene.server.get(&path).await?;
        scene.wait_for_snapshots().await;
        let again = scene.server.get_if_changed(&path, &first).await?;
        assert_eq!((again.status, again.body), (304, Value::Null));
        let fresh = scene.server.get(&path).await?;
        assert_ne!(fresh.body["as_of"], first.body["as_of"]);
        assert_eq!(fresh.header("etag"), first.header("etag"));
        scene.count(this_hour(&scene.server).await?, 0, 0, 1).await?;
        scene.wait_for_snapshots().await;
        let changed = scene.server.get_if_changed(&path, &first).await?;
        assert_ne!(changed.header("etag"), first.header("etag"));
        changed.ok(200);
        Ok(())
    }

    async fn a_board_shows_at_once_that_its_campaign_went_on(server: Server) -> Result<()> {
        let scene = Scene::set(server, -5, 5).await?;
        let now = this_hour(&scene.server).await?;
        let range = format!("?from={}", text(now - TimeDelta::hours(2)));
        let paths = ["", "?channel=web", &range].map(|query| format!("{}/board{query}", scene.path));
        let mut before = Vec::new();
        for path in &paths {
            before.push(scene.server.get(path).await?);
        }
        scene.count(now, 1, 0, 7).await?;
        scene.progress("drained").await?;
        for (path, before) in paths.iter().zip(before) {
            let board = scene.server.get_if_changed(path, &before).await?.ok(200);
            assert_eq!(before.ok(200)["state"], "open", "{path}");
            assert_eq!(board["state"], "drained", "{path}");
            assert_eq!(super::scene::rows(&board)[0], (1, "b".to_owned(), 7), "{path}");
        }
        Ok(())
    }

    async fn a_board_of_a_range_counts_its_hours(server: Server) -> Result<()> {
        let scene = Scene::set(server, -60, 50).await?;
        let now = this_hour(&scene.server).await?;
        for hours_ago in 0..50 {
            scene.count(now - TimeDelta::hours(hours_ago), 0, 0, 1).await?;
        }
        scene.count(now - TimeDelta::hours(30), 1, 1, 100).await?;
        for (from, to, a, b) in [
            (50, 0, 49, 100), (49, -1, 50, 100), (10, 9, 1, 0), (30, 29, 1, 100), (40, 31, 9, 0),
            (29, 5, 24, 0),
        ] {
            let at = |hours: i64| text(now - TimeDelta::hours(hours));
            let board = scene.board(&format!("?from={}&to={}", at(from), at(to))).await?;
            let votes = |key: &str| board.iter().find(|row| row.1 == key).unwrap().2;
            assert_eq!((votes("a"), votes("b"), votes("c.1")), (a, b, 0), "{from} {to}");
            let web = scene.board(&format!("?channel=web&from={}&to={}", at(from), at(to))).await?;
            assert_eq!(web.iter().map(|row| row.2).sum::<u64>(), a);
        }
        let since = scene.board(&format!("?from={}", text(now - TimeDelta::hours(2)))).await?;
        assert_eq!(since[0], (1, "a".to_owned(), 3));
        let until = scene.board(&format!("?to={}", text(now - TimeDelta::hours(48)))).await?;
        assert_eq!(until[0], (1, "a".to_owned(), 1));
        let later = scene.board(&format!("?from={}", text(now + TimeDelta::days(90)))).await?;
        assert_eq!(later[0].2, 0);
        Ok(())
    }

    async fn a_series_has_every_hour_that_has_begun(server: Server) -> Result<()> {
        let scene = Scene::set(server, -3, 50).await?;
        let now = this_hour(&scene.server).await?;
        scene.count(now, 2, 0, 4).await?;
        scene.count(now - TimeDelta::hours(2), 2, 1, 5).await?;
        let path = format!("{}/options/c.1/hours", scene.path);
        let at = |hours_ago: i64| text(now - TimeDelta::hours(hours_ago));
        let hour = |hours_ago: i64, votes: u64| json!({"hour": at(hours_ago), "votes": votes});
        let series = scene.server.get(&path).await?.ok(200);
        let whole = json!([hour(3, 0), hour(2, 5), hour(1, 0), hour(0, 4)]);
        assert_eq!(series["hours"], whole);
        let jury = scene.server.get(&format!("{path}?channel=jury&from={}", at(2))).await?.ok(200);
        assert_eq!(jury["hours"], json!([hour(2, 5), hour(1, 0), hour(0, 0)]));
        let part = scene.server.get(&format!("{path}?from={}&to={}", at(2), at(1))).await?;
        let again = format!("{path}?from={}&to={}", at(2), at(1));
        assert_eq!(scene.server.get_if_changed(&again, &part).await?.status, 304);
        assert_eq!(part.ok(200)["hours"], json!([hour(2, 5)]));
        let other = scene.server.get(&format!("{}/options/a/hours", scene.path)).await?.ok(200);
        assert_eq!(other["hours"].as_array().unwrap().len(), 4);
        Ok(())
    }
}
