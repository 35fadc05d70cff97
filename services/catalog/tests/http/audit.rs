//! The audit record, as operators read it.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{ROOT, Server, id, on_each_stack};

fn actions(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|record| record["action"].as_str().unwrap())
        .collect()
}

on_each_stack! {
    async fn roles_and_partners_leave_a_record_of_who_when_and_what(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let ada = server.member("ada").await?;
        let role = format!("/users/{}/role", ada.id);
        for step in 1..=3 {
            server.clock.set(server.start + chrono::TimeDelta::seconds(step));
            let name = if step == 1 { "moderator" } else { "operator" };
            server.put_as(&root, &role, json!({"role": name})).await?.ok(200);
        }
        server.clock.set(server.start + chrono::TimeDelta::seconds(4));
        let body = json!({"name": "The jury", "voter_kind": "jury"});
        let admitted = server.post_as(&root, "/partners", body).await?.ok(201);
        let (partner, key) = (id(&admitted, "partner_id"), id(&admitted, "key_id"));
        server.clock.set(server.start + chrono::TimeDelta::seconds(5));
        let keys = format!("/partners/{partner}/keys");
        let request = server.request(Method::POST, &keys).bearer_auth(&root.token);
        server.send(request).await?.ok(201);
        server.clock.set(server.start + chrono::TimeDelta::seconds(6));
        server.delete_as(&root, &format!("{keys}/{key}")).await?.ok(204);
        let page = server.get_as(&ada, "/audit?limit=5").await?.ok(200);
        assert_eq!(
            actions(&page),
            ["partner_key_revoked", "partner_key_created", "partner_created", "role_given", "role_given"]
        );
        let by_root = json!({"kind": "user", "user_id": root.id, "user_name": ROOT});
        for record in page["items"].as_array().unwrap() {
            assert_eq!(record["actor"], by_root);
        }
        assert_eq!(page["items"][0]["at"], json!(server.start + chrono::TimeDelta::seconds(6)));
        assert_eq!(page["items"][0]["detail"], json!({"key_id": key}));
        assert_eq!(
            page["items"][2]["detail"],
            json!({"name": "The jury", "voter_kind": "jury", "key_id": key})
        );
        assert_eq!(page["items"][3]["detail"], json!({"from": "moderator", "to": "operator"}));
        assert_eq!(page["items"][3]["subject"], format!("user:{}", ada.id));
        assert!(!page.to_string().contains(admitted["secret"].as_str().unwrap()));
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = server.get_as(&ada, &format!("/audit?limit=5&cursor={cursor}")).await?.ok(200);
        assert_eq!(actions(&rest), ["role_given"]);
        assert_eq!(rest["items"][0]["actor"], json!({"kind": "system"}));
        assert!(rest["next_cursor"].is_null());
        Ok(())
    }

    async fn records_are_filtered_by_action_and_subject(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let ada = server.member_with_role("ada", "operator").await?;
        for kind in ["jury", "public"] {
            let body = json!({"name": kind, "voter_kind": kind});
            server.post_as(&root, "/partners", body).await?.ok(201);
        }
        let page = server.get_as(&ada, "/audit?action=partner_created").await?.ok(200);
        assert_eq!(actions(&page), ["partner_created"; 2]);
        let subject = page["items"][0]["subject"].as_str().unwrap();
        let page = server.get_as(&ada, &format!("/audit?subject={subject}")).await?.ok(200);
        assert_eq!(actions(&page), ["partner_created"]);
        let path = format!("/audit?subject={subject}&action=role_given");
        assert_eq!(actions(&server.get_as(&ada, &path).await?.ok(200)), [""; 0]);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_are_problems_and_members_learn_nothing() -> Result<()> {
    let server = Server::sqlite().await?;
    let root = server.sign_in(ROOT).await?;
    // The year before the first, which no SQL knows.
    let made_up = json!({"at": -62_198_755_200_000_000_i64, "audit_id": Uuid::nil()});
    let made_up = format!("cursor={}", http_kit::Cursor::encode(&made_up));
    for (query, code) in [
        ("limit=0", "invalid_query"),
        ("x=1", "invalid_query"),
        ("cursor=x", "invalid_cursor"),
        (&made_up, "invalid_cursor"),
    ] {
        let path = format!("/audit?{query}");
        server.get_as(&root, &path).await?.problem(422, code);
    }
    let ada = server.member_with_role("ada", "moderator").await?;
    server
        .get_as(&ada, "/audit")
        .await?
        .problem(403, "forbidden");
    server.get("/audit").await?.problem(401, "unauthenticated");
    Ok(())
}
