//! Signing up, in, on and out; what a member sees of themselves.

use anyhow::Result;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{PASSWORD, ROOT, on_each_stack};

fn login(name: &str, password: &str) -> Value {
    json!({"user_name": name, "password": password})
}

on_each_stack! {
    async fn a_new_account_signs_in_and_sees_itself(server: Server) -> Result<()> {
        let made = server.post("/users", login("Ada.L", PASSWORD)).await?.ok(201);
        assert_eq!(
            made,
            json!({
                "user_id": made["user_id"], "user_name": "Ada.L",
                "role": "member", "credit": 0
            })
        );
        let tokens = server.post("/sessions", login("ada.l", PASSWORD)).await?.ok(200);
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 900);
        let ada = server.sign_in("ADA.L").await?;
        let me = server.get_as(&ada, "/me").await?.ok(200);
        assert_eq!(
            me,
            json!({
                "user_id": made["user_id"], "user_name": "Ada.L", "role": "member", "credit": 0,
                "votes": server.votes_of_day(0)
            })
        );
        Ok(())
    }

    async fn a_name_is_taken_however_it_is_spelled(server: Server) -> Result<()> {
        server.member("ada").await?;
        for name in ["ada", "ADA", "Ada"] {
            server.post("/users", login(name, PASSWORD)).await?.problem(409, "name_taken");
        }
        let tries = (0..6).map(|_| server.post("/users", login("bob", PASSWORD)));
        let mut created = 0;
        for answer in futures::future::join_all(tries).await {
            let answer = answer?;
            if answer.status == 201 {
                created += 1;
            } else {
                answer.problem(409, "name_taken");
            }
        }
        assert_eq!(created, 1);
        Ok(())
    }

    async fn wrong_credentials_tell_nothing_apart(server: Server) -> Result<()> {
        server.member("ada").await?;
        let mut details = Vec::new();
        for body in [
            login("ada", "wrong password"),
            login("nobody", PASSWORD),
            login("no body", PASSWORD),
            login("ada\0", PASSWORD),
            login("ad\u{e1}", PASSWORD),
            login("ada", "short"),
            login("ada", &"x".repeat(73)),
        ] {
            let problem = server.post("/sessions", body).await?.problem(401, "invalid_credentials");
            details.push(problem["detail"].clone());
        }
        details.dedup();
        assert_eq!(details.len(), 1);
        Ok(())
    }

    async fn moderators_find_members_by_the_beginning_of_their_names(server: Server) -> Result<()> {
        for name in ["grace", "Greta", "grim", "hedy"] {
            server.member(name).await?;
        }
        let root = server.sign_in(ROOT).await?;
        let names = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|user| user["user_name"].as_str().unwrap().to_owned()).collect()
        };
        let first = server.get_as(&root, "/users?q=GR&limit=2").await?.ok(200);
        assert_eq!(names(&first), ["grace", "Greta"]);
        assert_eq!(first["items"][0]["role"], "member");
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = server.get_as(&root, &format!("/users?q=GR&limit=2&cursor={cursor}")).await?.ok(200);
        assert_eq!((names(&rest), &rest["next_cursor"]), (vec!["grim".to_owned()], &Value::Null));
        for q in ["a%25", "a%20b", "%C3%A9", &"x".repeat(33)] {
            let path = format!("/users?q={q}");
            server.get_as(&root, &path).await?.problem(422, "invalid_query");
        }
        Ok(())
    }

    async fn a_password_counts_to_its_72nd_byte(server: Server) -> Result<()> {
        let long = "é".repeat(36);
        server.post("/users", login("ada", &long)).await?.ok(201);
        server.post("/sessions", login("ada", &long)).await?.ok(200);
        let other = format!("{}e!", "é".repeat(35));
        server.post("/sessions", login("ada", &other)).await?.problem(401, "invalid_credentials");
        Ok(())
    }

    async fn a_refresh_token_is_worth_one_more_pair(server: Server) -> Result<()> {
        let ada = server.member("ada").await?;
        let first = json!({"refresh_token": ada.refresh_token});
        let pair = server.post("/sessions/refresh", first.clone()).await?.ok(200);
        assert_ne!(pair["refresh_token"], first["refresh_token"]);
        let second = json!({"refresh_token": pair["refresh_token"]});
        let third = server.post("/sessions/refresh", second.clone()).await?.ok(200);
        let newer = crate::server::Member {
            token: third["access_token"].as_str().unwrap().to_owned(),
            ..ada.clone()
        };
        server.get_as(&newer, "/me").await?.ok(200);
        // The first one comes again: the family is revoked, the newest token included.
        let refused = "invalid_refresh_token";
        server.post("/sessions/refresh", first).await?.problem(401, refused);
        let newest = json!({"refresh_token": third["refresh_token"]});
        server.post("/sessions/refresh", newest).await?.problem(401, refused);
        server.post("/sessions/refresh", second).await?.problem(401, refused);
        server.sign_in("ada").await?;
        Ok(())
    }

    async fn a_refresh_token_runs_out(server: Server) -> Result<()> {
        let ada = server.member("ada").await?;
        server.clock.set(server.start + TimeDelta::days(31));
        let late = json!({"refresh_token": ada.refresh_token});
        server.post("/sessions/refresh", late).await?.problem(401, "invalid_refresh_token");
        Ok(())
    }

    async fn signing_out_ends_one_session_or_all(server: Server) -> Result<()> {
        let here = server.member("ada").await?;
        let there = server.sign_in("ada").await?;
        let elsewhere = server.sign_in("ada").await?;
        let refresh = async |token: &str| {
            server.post("/sessions/refresh", json!({"refresh_token": token})).await
        };
        let one = server
            .request(Method::DELETE, "/sessions")
            .bearer_auth(&here.token)
            .json(&json!({"refresh_token": here.refresh_token}));
        server.send(one).await?.ok(204);
        refresh(&here.refresh_token).await?.problem(401, "invalid_refresh_token");
        let there_again = refresh(&there.refresh_token).await?.ok(200);
        server.delete_as(&elsewhere, "/sessions").await?.ok(204);
        for token in [&elsewhere.refresh_token, there_again["refresh_token"].as_str().unwrap()] {
            refresh(token).await?.problem(401, "invalid_refresh_token");
        }
        server.delete_as(&elsewhere, "/sessions").await?.ok(204);
        Ok(())
    }

    async fn a_role_is_given_by_admins_and_holds_at_once(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let ada = server.member("ada").await?;
        let path = format!("/users/{}/role", ada.id);
        let body = json!({"name": "x", "address": "", "description": ""});
        let create = async || server.post_as(&ada, "/restaurants", body.clone()).await;
        create().await?.problem(403, "forbidden");
        let given = server.put_as(&root, &path, json!({"role": "operator"})).await?.ok(200);
        assert_eq!((&given["user_name"], &given["role"]), (&json!("ada"), &json!("operator")));
        create().await?.ok(201);
        server.put_as(&root, &path, json!({"role": "member"})).await?.ok(200);
        create().await?.problem(403, "forbidden");
        let nobody = "/users/00000000-0000-4000-8000-000000000000/role";
        server.put_as(&root, nobody, json!({"role": "admin"})).await?.problem(404, "user_not_found");
        Ok(())
    }

    async fn the_last_admin_stays_one(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let path = format!("/users/{}/role", root.id);
        server.put_as(&root, &path, json!({"role": "member"})).await?.problem(409, "last_admin");
        server.member_with_role("ada", "admin").await?;
        server.put_as(&root, &path, json!({"role": "member"})).await?.ok(200);
        server.put_as(&root, &path, json!({"role": "admin"})).await?.problem(403, "forbidden");
        Ok(())
    }

    async fn a_revoked_session_guards_nothing_any_more(server: Server) -> Result<()> {
        let operator = server.member_with_role("ada", "operator").await?;
        server.delete_as(&operator, "/sessions").await?.ok(204);
        let body = json!({"name": "x", "address": "", "description": ""});
        server.post_as(&operator, "/restaurants", body).await?.problem(401, "unauthenticated");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_ends_at_midnight_of_the_zone_also_when_it_has_23_hours() -> Result<()> {
    let server = crate::server::Server::sqlite().await?;
    let ada = server.member("ada").await?;
    let me = server.get_as(&ada, "/me").await?.ok(200);
    assert_eq!(me["votes"]["resets_at"], "2026-03-29T22:00:00Z");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_oneself_is_not_sent_twice() -> Result<()> {
    let server = crate::server::Server::sqlite().await?;
    let ada = server.member("ada").await?;
    let first = server.get_as(&ada, "/me").await?;
    let again = server.get_as_if_changed(&ada, "/me", &first).await?;
    assert_eq!((again.status, again.body), (304, Value::Null));
    assert_eq!(first.header("cache-control"), "private, no-cache");
    Ok(())
}
