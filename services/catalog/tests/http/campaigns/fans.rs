//! Fans.

use anyhow::Result;
use partner_signature::{SignedParts, VOTER_HEADER};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::{Ids, Voter};

use super::scene::Scene;
use crate::server::{ROOT, Server, on_each_stack};

/// The headers of a request that reads `path`, signed with a new nonce.
async fn sign(
    server: &Server,
    path: &str,
    admitted: &Value,
) -> Result<Vec<(&'static str, String)>> {
    let text = |name: &str| admitted[name].as_str().unwrap();
    let nonce: Uuid = Ids::random().next();
    let parts = SignedParts {
        method: "GET",
        path_and_query: &format!("/api/v1{path}"),
        timestamp: server.cache.now().await?.timestamp(),
        nonce: &nonce.to_string(),
        body: b"",
    };
    Ok(parts.headers(text("key_id"), text("secret")).into())
}

on_each_stack! {
    async fn fans_are_paged_with_ranks_names_and_me(server: Server) -> Result<()> {
        let scene = Scene::set(server, -5, 50).await?;
        let server = &scene.server;
        let (ada, bob) = (server.member("ada").await?, server.member("bob").await?);
        let path = format!("{}/options/a/fans", scene.path);
        let none = server.get_as(&ada, &path).await?.ok(200);
        assert_eq!((&none["items"], &none["me"]), (&json!([]), &Value::Null));
        scene.fan(ada.id.0, "member", &ada.id.to_string(), 5).await?;
        for (n, tickets) in [(1, 9), (2, 5), (3, 5), (4, 1), (5, 0)] {
            scene.fan(Uuid::from_u128(n), "jury", &format!("J{n}"), tickets).await?;
        }
        scene.wait_for_snapshots().await;
        let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
        loop {
            let page = server.get_as(&ada, &format!("{path}{query}")).await?.ok(200);
            assert_eq!(page["me"], json!({"rank": 2, "votes": 5}));
            seen.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=2&cursor={next}");
        }
        let ranks: Vec<_> = seen.iter().map(|fan| (fan["rank"].clone(), fan["votes"].clone())).collect();
        assert_eq!(json!(ranks), json!([[1, 9], [2, 5], [2, 5], [2, 5], [5, 1]]));
        assert_eq!(seen[0]["voter"], json!({"kind": "jury", "id": "J1"}));
        assert_eq!(seen[0]["name"], "J1");
        let me = seen.iter().find(|fan| fan["voter"]["kind"] == "member").unwrap();
        assert_eq!((&me["name"], &me["voter"]["id"]), (&json!("ada"), &json!(ada.id)));
        assert_eq!(server.get_as(&bob, &path).await?.ok(200)["me"], Value::Null);
        assert_eq!(server.get(&path).await?.ok(200)["me"], Value::Null);
        let first = server.get(&path).await?;
        assert_eq!(server.get_if_changed(&path, &first).await?.status, 304);
        let signed = async |voter: &str, headers: Vec<(&'static str, String)>| {
            let mut request = server.request(Method::GET, &path).header(VOTER_HEADER, voter);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            server.send(request).await
        };
        let root = server.sign_in(ROOT).await?;
        let jury = json!({"name": "Jury", "voter_kind": "jury"});
        let jury = server.post_as(&root, "/partners", jury).await?.ok(201);
        let voter = Voter::new("jury".parse()?, "DE")?;
        scene.fan(voter.voter_id().0, "jury", "DE", 7).await?;
        let headers = sign(server, &path, &jury).await?;
        let page = signed("DE", headers.clone()).await?.ok(200);
        assert_eq!(page["me"], json!({"rank": 2, "votes": 7}));
        signed("DE", headers).await?.problem(401, "replayed_request");
        let nobody = signed("FR", sign(server, &path, &jury).await?).await?.ok(200);
        assert_eq!(nobody["me"], Value::Null);
        let elsewhere = format!("{}/options/b/fans", scene.path);
        assert_eq!(server.get(&elsewhere).await?.ok(200)["items"], json!([]));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_hundred_thousandth_the_rank_is_at_least() -> Result<()> {
    let scene = Scene::set(Server::sqlite().await?, -5, 50).await?;
    let server = &scene.server;
    let (last, almost) = (server.member("last").await?, server.member("almost").await?);
    let key = scene.key();
    // 99,999 with three tickets, one with two, and one with one.
    let many = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 99999) \
         INSERT INTO campaign_fans SELECT {key}, 0, \
         CAST(substr('0000000000000000' || n, -16) AS BLOB), 3 FROM n"
    );
    server.store.execute_raw(&many).await?;
    for (member, tickets) in [(&almost, 2), (&last, 1)] {
        let voter = Voter::member(member.id);
        scene
            .fan(voter.voter_id().0, "member", voter.id(), tickets)
            .await?;
    }
    let voters = format!(
        "INSERT INTO campaign_voters SELECT voter_id, {key}, 'jury', 'v', 1, 1 \
         FROM campaign_fans WHERE tickets = 3 AND campaign_id = {key}"
    );
    server.store.execute_raw(&voters).await?;
    let path = format!("{}/options/a/fans?limit=1", scene.path);
    let of = async |member| {
        server
            .get_as(member, &path)
            .await
            .map(|answer| answer.ok(200))
    };
    assert_eq!(
        of(&almost).await?["me"],
        json!({"rank": 100_000, "votes": 2})
    );
    let me = of(&last).await?["me"].clone();
    assert_eq!(me, json!({"rank": 100_000, "at_least": true, "votes": 1}));
    Ok(())
}
