//! What must never do harm: each of it is a problem with its code, and changes nothing.

use anyhow::Result;
use chrono::TimeDelta;
use http_kit::Cursor;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{Scene, body};
use crate::server::{Server, on_each_stack};

/// Rows of campaigns, channels and options, and all versions.
async fn counted(server: &Server) -> Result<Vec<i64>> {
    let mut rows = Vec::new();
    for sql in [
        "SELECT COUNT(*) AS n FROM campaigns WHERE version = 1",
        "SELECT COUNT(*) AS n FROM campaign_channels",
        "SELECT COUNT(*) AS n FROM campaign_options",
        "SELECT COUNT(*) AS n FROM audit_log WHERE action LIKE 'campaign%'",
    ] {
        rows.push(server.store.select_number(sql).await?);
    }
    Ok(rows)
}

/// Fields with values that no campaign has, and where and what each fault is.
fn faulty() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let option = |key: &str| json!({"key": key, "name": "x"});
    let million = 1_000_000_i64;
    vec![
        ("name", json!(""), "name", "invalid_length"),
        ("name", json!("x".repeat(201)), "name", "invalid_length"),
        ("name", json!("a\u{0}b"), "name", "control_character"),
        (
            "time_zone",
            json!("Europe/Atlantis"),
            "time_zone",
            "unknown_zone",
        ),
        ("time_zone", json!(""), "time_zone", "unknown_zone"),
        (
            "free_daily_tickets",
            json!(-1),
            "free_daily_tickets",
            "out_of_range",
        ),
        (
            "free_daily_tickets",
            json!(million * million),
            "free_daily_tickets",
            "out_of_range",
        ),
        (
            "max_tickets_per_vote",
            json!(0),
            "max_tickets_per_vote",
            "out_of_range",
        ),
        (
            "max_tickets_per_vote",
            json!(-7),
            "max_tickets_per_vote",
            "out_of_range",
        ),
        (
            "max_tickets_per_vote",
            json!(million * million),
            "max_tickets_per_vote",
            "out_of_range",
        ),
        (
            "ticket_expiry",
            json!({"kind": "days", "days": 0}),
            "ticket_expiry.days",
            "out_of_range",
        ),
        (
            "ticket_expiry",
            json!({"kind": "days", "days": 367}),
            "ticket_expiry.days",
            "out_of_range",
        ),
        (
            "ticket_expiry",
            json!({"kind": "days", "days": million * million}),
            "ticket_expiry.days",
            "out_of_range",
        ),
        ("options", json!([]), "options", "invalid_count"),
        (
            "options",
            json!([option("a"), option("b"), option("a")]),
            "options[2].key",
            "duplicate_key",
        ),
        (
            "options",
            json!([option("a b")]),
            "options[0].key",
            "invalid_key",
        ),
        (
            "options",
            json!([option("")]),
            "options[0].key",
            "invalid_key",
        ),
        (
            "options",
            json!([option(&"k".repeat(65))]),
            "options[0].key",
            "invalid_key",
        ),
        (
            "options",
            json!([{"key": "a", "name": "x", "subject_id": "7"}]),
            "options[0].subject_kind",
            "subject_incomplete",
        ),
        ("channels", json!([]), "channels", "invalid_count"),
        (
            "channels",
            json!([option("a"), option("a")]),
            "channels[1].key",
            "duplicate_key",
        ),
        (
            "channels",
            json!([{"key": "a", "name": "x", "daily_ticket_limit": 0}]),
            "channels[0].daily_ticket_limit",
            "out_of_range",
        ),
        (
            "channels",
            json!([{"key": "a", "name": "x", "daily_ticket_limit": million * million}]),
            "channels[0].daily_ticket_limit",
            "out_of_range",
        ),
        (
            "channels",
            json!([{"key": "a", "name": "x", "voter_kinds": []}]),
            "channels[0].voter_kinds",
            "invalid_count",
        ),
        (
            "channels",
            json!([{"key": "a", "name": "x", "voter_kinds": ["No!"]}]),
            "channels[0].voter_kinds[0]",
            "invalid_voter_kind",
        ),
    ]
}

on_each_stack! {
    async fn campaigns_that_cannot_be_are_refused_with_every_fault(server: Server) -> Result<()> {
        let scene = Scene::set(server, 1, 50).await?;
        let Scene { server, operator, path, .. } = &scene;
        let before = counted(server).await?;
        let now = server.cache.now().await?;
        let mut faulty = faulty();
        for (ends_at, code) in [
            (now + TimeDelta::minutes(50), "not_after_start"),
            (now - TimeDelta::hours(1), "not_after_start"),
            (now + TimeDelta::days(400), "too_long"),
        ] {
            faulty.push(("ends_at", json!(ends_at), "ends_at", code));
        }
        for (field, value, at, code) in &faulty {
            let mut sent = body(server, 2, 50).await?;
            sent[*field] = value.clone();
            let refused = server.post_as(operator, "/campaigns", sent).await?;
            let refused = refused.problem(422, "invalid_campaign");
            assert_eq!(refused["errors"][0]["field"], *at, "{field} {value}");
            assert_eq!(refused["errors"][0]["code"], *code, "{field} {value}");
            let change = json!({ *field: value });
            let refused = server.patch_as(operator, path, "\"1\"", change).await?;
            let refused = refused.problem(422, "invalid_campaign");
            assert_eq!(refused["errors"][0]["field"], *at, "{field} {value}");
        }
        let mut sent = body(server, -2, 50).await?;
        sent["ends_at"] = json!(now - TimeDelta::seconds(1));
        sent["time_zone"] = json!("x");
        let refused = server.post_as(operator, "/campaigns", sent).await?;
        let refused = refused.problem(422, "invalid_campaign");
        assert_eq!(refused["errors"].as_array().unwrap().len(), 2);
        assert_eq!(counted(server).await?, before);
        Ok(())
    }

    async fn bodies_that_do_not_fit_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server, 1, 50).await?;
        let Scene { server, operator, path, .. } = &scene;
        let before = counted(server).await?;
        let sound = body(server, 2, 50).await?;
        for (field, value) in [
            ("unknown", json!(1)),
            ("starts_at", json!("tomorrow")),
            ("starts_at", json!("2026-02-30T00:00:00Z")),
            ("ends_at", json!(1_800_000_000)),
            ("free_daily_tickets", json!(1.5)),
            ("free_daily_tickets", json!("3")),
            ("free_daily_tickets", json!(1e30)),
            ("ticket_expiry", json!({"kind": "never"})),
            ("ticket_expiry", json!({"kind": "days"})),
            ("ticket_expiry", json!({"kind": "end_of_day", "days": 1})),
            ("channels", json!({})),
            ("channels", json!([{"key": "a"}])),
            ("channels", json!([{"key": "a", "name": "A", "colour": "red"}])),
            ("options", json!(["a"])),
            ("options", json!([{"key": "a", "name": "A", "votes": 7}])),
        ] {
            let mut sent = sound.clone();
            sent[field] = value.clone();
            let refused = server.post_as(operator, "/campaigns", sent).await?;
            refused.problem(422, "invalid_body");
            let change = json!({ field: value });
            let refused = server.patch_as(operator, path, "\"1\"", change).await?;
            refused.problem(422, "invalid_body");
        }
        for field in ["name", "starts_at", "ends_at", "time_zone", "free_daily_tickets", "ticket_expiry", "channels", "options"] {
            let mut sent = sound.clone();
            sent.as_object_mut().unwrap().remove(field);
            server.post_as(operator, "/campaigns", sent).await?.problem(422, "invalid_body");
        }
        server.patch_as(operator, path, "\"1\"", json!({})).await?.problem(422, "invalid_body");
        let large = json!({"name": "x".repeat(9 * 1_024 * 1_024)});
        server.post_as(operator, "/campaigns", large).await?.problem(413, "body_too_large");
        assert_eq!(counted(server).await?, before);
        Ok(())
    }

    async fn only_operators_keep_campaigns(server: Server) -> Result<()> {
        let scene = Scene::set(server, 1, 50).await?;
        let Scene { server, path, .. } = &scene;
        let before = counted(server).await?;
        let sound = body(server, 2, 50).await?;
        server.post("/campaigns", sound.clone()).await?.problem(401, "unauthenticated");
        let unsigned = server.request(Method::PATCH, path).json(&json!({"name": "x"}));
        server.send(unsigned).await?.problem(401, "unauthenticated");
        for (name, role) in [("ada", "member"), ("moe", "moderator")] {
            let who = server.member_with_role(name, role).await?;
            // Before anything is read of a body that may be large.
            for body in [sound.clone(), json!({"no": "campaign"})] {
                server.post_as(&who, "/campaigns", body).await?.problem(403, "forbidden");
            }
            let change = json!({"name": "x"});
            server.patch_as(&who, path, "\"1\"", change).await?.problem(403, "forbidden");
        }
        assert_eq!(counted(server).await?, before);
        Ok(())
    }

    async fn what_is_not_there_is_not_found(server: Server) -> Result<()> {
        let scene = Scene::set(server, -1, 50).await?;
        let Scene { server, operator, path, .. } = &scene;
        let nothing = "/campaigns/00000000-0000-4000-8000-000000000000";
        for _ in 0..2 {
            for rest in ["", "/board", "/options/a/hours", "/options/a/fans", "/result"] {
                let answer = server.get(&format!("{nothing}{rest}")).await?;
                answer.problem(404, "campaign_not_found");
                let answer = server.get(&format!("/campaigns/x{rest}")).await?;
                answer.problem(422, "invalid_id");
            }
            let edited = server.patch_as(operator, nothing, "\"1\"", json!({"name": "x"})).await?;
            edited.problem(404, "campaign_not_found");
        }
        // An option of another campaign is none of this one's.
        let mut other = body(server, -1, 50).await?;
        other["options"] = json!([{"key": "elsewhere", "name": "x"}]);
        server.post_as(operator, "/campaigns", other).await?.ok(201);
        for key in ["elsewhere", "A", "a%20", "%00", &"k".repeat(3_000)] {
            for list in ["hours", "fans"] {
                let answer = server.get(&format!("{path}/options/{key}/{list}")).await?;
                answer.problem(404, "option_not_found");
            }
        }
        for channel in ["", "Web", "elsewhere", "%00"] {
            for rest in ["board", "options/a/hours"] {
                let answer = server.get(&format!("{path}/{rest}?channel={channel}")).await?;
                answer.problem(404, "channel_not_found");
            }
        }
        Ok(())
    }

    async fn queries_and_cursors_made_up_are_refused(server: Server) -> Result<()> {
        let scene = Scene::set(server, -1, 50).await?;
        let Scene { server, path, .. } = &scene;
        for rest in ["board", "options/a/hours"] {
            for range in [
                "from=yesterday", "to=", "from=2026-05-01", "from=2026-05-01T00:30:00Z",
                "to=2026-05-01T00:00:00.000001Z", "from=2026-05-01T00:00:00+05:30",
                "from=2026-05-01T00:00:00Z&to=2026-05-01T00:00:00Z",
                "from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z", "from=99999999999999999999",
            ] {
                let answer = server.get(&format!("{path}/{rest}?{range}")).await?;
                answer.problem(422, "invalid_range");
            }
            let answer = server.get(&format!("{path}/{rest}?limit=1")).await?;
            answer.problem(422, "invalid_query");
        }
        let voter = "00000000-0000-4000-8000-000000000000";
        let cursors = [
            "x".to_owned(),
            "%00".to_owned(),
            "A".repeat(2_000),
            Cursor::encode(&json!({})),
            Cursor::encode(&json!({"starts_at": i64::MAX, "campaign_id": voter})),
            Cursor::encode(&json!({"starts_at": -1, "campaign_id": voter})),
            Cursor::encode(&json!({"starts_at": "x", "campaign_id": voter})),
            Cursor::encode(&json!({"option": 1, "tickets": 5, "voter": voter, "rank": 1, "n_before": 1})),
            Cursor::encode(&json!({"option": 0, "tickets": -5, "voter": voter, "rank": 1, "n_before": 1})),
        ];
        for list in ["/campaigns".to_owned(), format!("{path}/options/a/fans")] {
            for query in ["limit=0", "limit=101", "limit=x", "unknown=1", "limit=1&limit=2"] {
                let answer = server.get(&format!("{list}?{query}")).await?;
                answer.problem(422, "invalid_query");
            }
            for cursor in &cursors {
                let answer = server.get(&format!("{list}?cursor={cursor}")).await?;
                answer.problem(422, "invalid_cursor");
            }
        }
        // One that could be, with numbers as large as they come.
        let huge = json!({
            "option": 0, "tickets": u64::MAX, "voter": voter, "rank": u64::MAX, "n_before": u64::MAX
        });
        let far = format!("{path}/options/a/fans?cursor={}", Cursor::encode(&huge));
        server.get(&far).await?.ok(200);
        for query in ["state=Open", "state=", "state=running"] {
            server.get(&format!("/campaigns?{query}")).await?.problem(422, "invalid_query");
        }
        Ok(())
    }
}
