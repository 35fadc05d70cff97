//! Creating, editing, listing and reading.

use anyhow::Result;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{Scene, body};
use crate::server::{Answer, Member, ROOT, Server, id, on_each_stack};

async fn edit(scene: &Scene, change: Value) -> Result<Answer> {
    let request = scene.server.request(Method::PATCH, &scene.path);
    let request = request.bearer_auth(&scene.operator.token).json(&change);
    scene.server.send(request).await
}

async fn names(server: &Server, query: &str) -> Result<(Vec<String>, Value)> {
    let page = server.get(&format!("/campaigns{query}")).await?.ok(200);
    let names = page["items"].as_array().unwrap().iter();
    let names = names.map(|item| item["name"].as_str().unwrap().to_owned());
    Ok((names.collect(), page["next_cursor"].clone()))
}

async fn create(server: &Server, who: &Member, name: &str, from: i64, to: i64) -> Result<String> {
    let mut body = body(server, from, to).await?;
    body["name"] = json!(name);
    let campaign = server.post_as(who, "/campaigns", body).await?.ok(201);
    Ok(id(&campaign, "campaign_id"))
}

on_each_stack! {
    async fn a_campaign_is_read_as_it_was_written_and_has_a_box(server: Server) -> Result<()> {
        let operator = server.member_with_role("olga", "operator").await?;
        let sent = body(&server, 1, 50).await?;
        let written = server.post_as(&operator, "/campaigns", sent.clone()).await?;
        let (location, tag) = (written.header("location").to_owned(), written.header("etag").to_owned());
        let written = written.ok(201);
        let id = id(&written, "campaign_id");
        assert_eq!((location, tag), (format!("/api/v1/campaigns/{id}"), "\"1\"".to_owned()));
        let read = server.get(&format!("/campaigns/{id}")).await?;
        assert!(!read.header("etag").is_empty());
        let read = read.ok(200);
        assert_eq!(read, written);
        assert_eq!((&read["state"], &read["version"]), (&json!("scheduled"), &json!(1)));
        assert_eq!(read["max_tickets_per_vote"], 1_000_000);
        for field in ["name", "time_zone", "free_daily_tickets", "ticket_expiry"] {
            assert_eq!(read[field], sent[field], "{field}");
        }
        assert_eq!(read["options"][0], sent["options"][0]);
        assert_eq!(read["options"][1]["subject_kind"], Value::Null);
        assert_eq!(read["channels"][1]["voter_kinds"], json!(["jury", "member"]));
        assert_eq!((&read["n_options"], &read["n_channels"]), (&json!(3), &json!(2)));
        let ballot_box = vote_queue::BallotBox::campaign(id.parse()?);
        assert_eq!(server.queue.depth(&ballot_box).await?.n_ready, 0);
        let root = server.sign_in(ROOT).await?;
        let audit = server.get_as(&root, "/audit?action=campaign_created").await?.ok(200);
        assert_eq!(audit["items"][0]["subject"], json!(format!("campaign:{id}")));
        Ok(())
    }

    async fn a_campaign_that_begins_in_the_past_is_open_at_once(server: Server) -> Result<()> {
        let scene = Scene::set(server, -5, 5).await?;
        let read = scene.server.get(&scene.path).await?;
        let again = scene.server.get_if_changed(&scene.path, &read).await?;
        assert_eq!(again.status, 304);
        assert_eq!(read.ok(200)["state"], "open");
        scene.progress("drained").await?;
        assert_eq!(scene.server.get(&scene.path).await?.ok(200)["state"], "drained");
        Ok(())
    }

    async fn five_thousand_options_are_taken_and_shown(server: Server) -> Result<()> {
        let operator = server.member_with_role("olga", "operator").await?;
        let mut body = body(&server, -1, 50).await?;
        let options: Vec<_> = (0..5_000)
            .map(|n| json!({"key": format!("o{n}"), "name": "ü".repeat(180) + " song"}))
            .collect();
        body["options"] = json!(options);
        let campaign = server.post_as(&operator, "/campaigns", body.clone()).await?.ok(201);
        assert_eq!(campaign["options"].as_array().unwrap().len(), 5_000);
        let path = format!("/campaigns/{}", id(&campaign, "campaign_id"));
        let board = server.get(&format!("{path}/board")).await?.ok(200);
        assert_eq!(board["options"].as_array().unwrap().len(), 5_000);
        assert_eq!(board["options"][4_999]["rank"], 1);
        body["options"].as_array_mut().unwrap().push(json!({"key": "x", "name": "x"}));
        let refused = server.post_as(&operator, "/campaigns", body).await?;
        assert_eq!(refused.problem(422, "invalid_campaign")["errors"][0]["field"], "options");
        Ok(())
    }

    async fn before_it_opens_everything_changes_at_once(server: Server) -> Result<()> {
        let scene = Scene::set(server, 1, 50).await?;
        scene.server.get(&scene.path).await?.ok(200);
        let mut change = body(&scene.server, 2, 20).await?;
        change["name"] = json!("New");
        change["options"] = json!([{"key": "z", "name": "Zed"}]);
        change["ticket_expiry"] = json!({"kind": "campaign_end"});
        change["max_tickets_per_vote"] = json!(2);
        let edited = edit(&scene, change).await?;
        assert_eq!(edited.header("etag"), "\"2\"");
        let edited = edited.ok(200);
        assert_eq!(scene.server.get(&scene.path).await?.ok(200), edited);
        assert_eq!((&edited["version"], &edited["name"]), (&json!(2), &json!("New")));
        assert_eq!(edited["options"], json!([
            {"key": "z", "name": "Zed", "subject_kind": null, "subject_id": null}
        ]));
        assert_eq!(edited["ticket_expiry"], json!({"kind": "campaign_end"}));
        let board = scene.server.get(&format!("{}/board", scene.path)).await?.ok(200);
        assert_eq!(board["options"], json!([{"rank": 1, "option": "z", "name": "Zed", "votes": 0}]));
        // Nothing more to change: nothing is written.
        assert_eq!(edit(&scene, json!({"name": "New"})).await?.ok(200)["version"], 2);
        let root = scene.server.sign_in(ROOT).await?;
        let audit = scene.server.get_as(&root, "/audit?action=campaign_edited").await?.ok(200);
        assert_eq!(audit["items"].as_array().unwrap().len(), 1);
        assert_eq!(audit["items"][0]["detail"]["changes"]["name"]["to"], "New");
        Ok(())
    }

    async fn while_it_is_open_its_name_and_a_later_end_change(server: Server) -> Result<()> {
        let scene = Scene::set(server, -1, 50).await?;
        let later = scene.server.cache.now().await? + TimeDelta::hours(60);
        let edited = edit(&scene, json!({"name": "New", "ends_at": later})).await?.ok(200);
        assert_eq!((&edited["name"], &edited["ends_at"]), (&json!("New"), &json!(later)));
        let change = json!({"ends_at": later - TimeDelta::hours(1)});
        let refused = edit(&scene, change).await?.problem(422, "invalid_campaign");
        assert_eq!(refused["errors"][0]["code"], "earlier_end");
        let change = json!({"free_daily_tickets": 9, "options": [{"key": "z", "name": "Zed"}]});
        let refused = edit(&scene, change).await?.problem(409, "campaign_not_editable");
        assert_eq!(refused["reason"], "fixed");
        assert_eq!(refused["fields"], json!(["free_daily_tickets", "options"]));
        scene.progress("closing").await?;
        let refused = edit(&scene, json!({"name": "x"})).await?;
        let refused = refused.problem(409, "campaign_not_editable");
        assert_eq!((&refused["reason"], &refused["state"]), (&json!("over"), &json!("closing")));
        assert_eq!(scene.server.get(&scene.path).await?.ok(200)["version"], 2);
        Ok(())
    }

    async fn an_edit_may_name_the_version_it_changes(server: Server) -> Result<()> {
        let scene = Scene::set(server, 1, 50).await?;
        let Scene { server, operator, path, .. } = &scene;
        let change = json!({"name": "New"});
        let stale = server.patch_as(operator, path, "\"2\"", change.clone()).await?;
        assert_eq!(stale.problem(412, "stale_version")["version"], 1);
        server.patch_as(operator, path, "\"1\"", change.clone()).await?.ok(200);
        let stale = server.patch_as(operator, path, "\"1\"", json!({"name": "Newer"})).await?;
        stale.problem(412, "stale_version");
        let bad = server.patch_as(operator, path, "2", change).await?;
        bad.problem(422, "invalid_version");
        Ok(())
    }

    async fn campaigns_are_listed_latest_start_first(server: Server) -> Result<()> {
        let operator = server.member_with_role("olga", "operator").await?;
        assert_eq!(names(&server, "").await?, (vec![], Value::Null));
        for (name, from, to) in [("A", -9, 5), ("B", 3, 9), ("C", -2, 2), ("D", 3, 4)] {
            create(&server, &operator, name, from, to).await?;
            // A new one shows at once, though lists are kept.
            assert!(names(&server, "").await?.0.contains(&name.to_owned()));
        }
        let (all, _) = names(&server, "").await?;
        assert_eq!(all[2..], ["C", "A"]);
        let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
        loop {
            let (page, next) = names(&server, &query).await?;
            seen.extend(page);
            let Some(next) = next.as_str() else { break };
            query = format!("?limit=1&cursor={next}");
        }
        assert_eq!(seen, all);
        assert_eq!(names(&server, "?state=open").await?.0, ["C", "A"]);
        assert_eq!(names(&server, "?state=scheduled&limit=100").await?.0.len(), 2);
        assert_eq!(names(&server, "?state=final").await?.0, [""; 0]);
        let page = server.get("/campaigns").await?.ok(200);
        assert_eq!(page["items"][2]["state"], "open");
        assert_eq!(page["items"][2]["options"], Value::Null);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_opens_and_closes_by_the_clock() -> Result<()> {
    let scene = Scene::set(Server::sqlite().await?, 1, 2).await?;
    let (start, mut scene) = (scene.server.start, scene);
    let opens = start + TimeDelta::hours(1);
    for (at, state) in [
        (opens - TimeDelta::microseconds(1), "scheduled"),
        (opens, "open"),
        (opens + TimeDelta::hours(1), "closing"),
    ] {
        scene.server.clock.set(at);
        let read = scene.server.get(&scene.path).await?.ok(200);
        assert_eq!(read["state"], state, "{at}");
    }
    scene.operator = scene.server.sign_in("olga").await?;
    let refused = edit(&scene, json!({"name": "x"})).await?;
    refused.problem(409, "campaign_not_editable");
    scene.server.clock.set(opens - TimeDelta::seconds(5));
    scene.operator = scene.server.sign_in("olga").await?;
    let refused = edit(&scene, json!({"free_daily_tickets": 1})).await?;
    let refused = refused.problem(409, "campaign_not_editable");
    assert_eq!(refused["fields"], json!(["free_daily_tickets"]));
    edit(&scene, json!({"name": "x"})).await?.ok(200);
    // The clock stands still, but the time that an edit takes counts.
    scene.server.clock.set(opens - TimeDelta::seconds(60));
    edit(&scene, json!({"free_daily_tickets": 1}))
        .await?
        .ok(200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_campaigns_are_created_and_read_but_not_edited() -> Result<()> {
    let server = Server::mysql_without_redis("catalog_campaigns_without_redis").await?;
    let operator = server.member_with_role("olga", "operator").await?;
    let now = server.start;
    let mut sent = json!({
        "name": "x", "starts_at": now - TimeDelta::hours(1), "ends_at": now + TimeDelta::hours(1),
        "time_zone": "UTC", "free_daily_tickets": 0, "ticket_expiry": {"kind": "end_of_day"},
        "channels": [{"key": "w", "name": "W"}], "options": [{"key": "a", "name": "A"}],
    });
    let campaign = server
        .post_as(&operator, "/campaigns", sent.clone())
        .await?
        .ok(201);
    let path = format!("/campaigns/{}", id(&campaign, "campaign_id"));
    let paths = [
        path.clone(),
        "/campaigns".to_owned(),
        "/campaigns?state=open".to_owned(),
        format!("{path}/board"),
        format!("{path}/board?channel=w"),
        format!("{path}/options/a/hours"),
        format!("{path}/options/a/fans"),
    ];
    let asked = paths.iter().cycle().take(70).map(|path| server.get(path));
    for answer in futures::future::join_all(asked).await {
        answer?.ok(200);
    }
    sent = json!({"name": "y"});
    let edited = server
        .request(Method::PATCH, &path)
        .bearer_auth(&operator.token);
    let refused = server.send(edited.json(&sent)).await?;
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(503, "time_unavailable");
    Ok(())
}
