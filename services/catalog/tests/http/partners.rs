//! Partners, their keys, and who may reach them.

use std::collections::BTreeMap;

use anyhow::Result;
use bootstrap::{Secret, settings};
use catalog::reseal_partner_secrets;
use partner_auth::{SecretOwner, Vault};
use partner_signature::SignedParts;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Answer, Member, PARTNER_KEY, ROOT, Server, id, on_each_stack};

impl Server {
    async fn admit(&self, root: &Member, kind: &str) -> Result<Value> {
        let body = json!({"name": format!("The {kind}"), "voter_kind": kind});
        Ok(self.post_as(root, "/partners", body).await?.ok(201))
    }

    async fn give_key(&self, root: &Member, partner: &str) -> Result<Answer> {
        let path = format!("/partners/{partner}/keys");
        let request = self.request(Method::POST, &path).bearer_auth(&root.token);
        self.send(request).await
    }

    /// Calls what takes no partners, signed with a key and its secret.
    async fn signed(&self, method: Method, path: &str, admitted: &Value) -> Result<Answer> {
        let path_and_query = format!("/api/v1{path}");
        let text = |name: &str| admitted[name].as_str().unwrap();
        let parts = SignedParts {
            method: method.as_str(),
            path_and_query: &path_and_query,
            timestamp: self.clock.now().timestamp(),
            nonce: &Uuid::from_u128(7).to_string(),
            body: b"",
        };
        let mut request = self.request(method.clone(), path);
        for (name, value) in parts.headers(text("key_id"), text("secret")) {
            request = request.header(name, value);
        }
        self.send(request).await
    }
}

on_each_stack! {
    async fn a_partner_is_admitted_with_a_key_whose_secret_is_shown_once(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let admitted = server.admit(&root, "jury").await?;
        assert_eq!((&admitted["name"], &admitted["voter_kind"]), (&json!("The jury"), &json!("jury")));
        let secret = admitted["secret"].as_str().unwrap();
        assert_eq!(secret.len(), 64);
        let (partner, key) = (id(&admitted, "partner_id"), id(&admitted, "key_id"));
        let page = server.get_as(&root, "/partners").await?;
        assert!(!page.header("etag").is_empty());
        let page = page.ok(200);
        assert!(!page.to_string().contains(secret));
        assert_eq!(
            page["items"],
            json!([{
                "partner_id": partner, "name": "The jury", "voter_kind": "jury",
                "created_at": admitted["created_at"],
                "keys": [{"key_id": key, "created_at": admitted["created_at"], "revoked_at": null}],
            }])
        );
        Ok(())
    }

    async fn a_kind_belongs_to_one_partner(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        server.admit(&root, "jury").await?;
        let again = json!({"name": "Other", "voter_kind": "jury"});
        server.post_as(&root, "/partners", again).await?.problem(409, "voter_kind_taken");
        assert_eq!(server.get_as(&root, "/partners").await?.ok(200)["items"].as_array().unwrap().len(), 1);
        Ok(())
    }

    async fn keys_are_rotated_and_revoked(server: Server) -> Result<()> {
        let root = server.sign_in(ROOT).await?;
        let admitted = server.admit(&root, "jury").await?;
        let partner = id(&admitted, "partner_id");
        let new = server.give_key(&root, &partner).await?.ok(201);
        assert_ne!(new["secret"], admitted["secret"]);
        assert_ne!(new["key_id"], admitted["key_id"]);
        let old = format!("/partners/{partner}/keys/{}", id(&admitted, "key_id"));
        for _ in 0..2 {
            server.delete_as(&root, &old).await?.ok(204);
        }
        let keys = server.get_as(&root, "/partners").await?.ok(200)["items"][0]["keys"].clone();
        let revoked: Vec<_> = keys.as_array().unwrap().iter()
            .filter(|key| !key["revoked_at"].is_null())
            .map(|key| key["key_id"].clone())
            .collect();
        assert_eq!(revoked, [admitted["key_id"].clone()]);
        for _ in 2..=10 {
            server.give_key(&root, &partner).await?.ok(201);
        }
        server.give_key(&root, &partner).await?.problem(409, "too_many_keys");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_partner_is_refused_and_leaves_nothing() -> Result<()> {
    let server = Server::sqlite().await?;
    let root = server.sign_in(ROOT).await?;
    let bad = [
        (
            json!({"name": "x", "voter_kind": "member"}),
            422,
            "invalid_voter_kind",
        ),
        (
            json!({"name": "x", "voter_kind": "Jury"}),
            422,
            "invalid_voter_kind",
        ),
        (
            json!({"name": "x", "voter_kind": ""}),
            422,
            "invalid_voter_kind",
        ),
        (
            json!({"name": "x", "voter_kind": "k".repeat(33)}),
            422,
            "invalid_voter_kind",
        ),
        (
            json!({"name": "x", "voter_kind": "a:b"}),
            422,
            "invalid_voter_kind",
        ),
        (
            json!({"name": " ", "voter_kind": "jury"}),
            422,
            "invalid_name",
        ),
        (
            json!({"name": "x".repeat(201), "voter_kind": "jury"}),
            422,
            "invalid_name",
        ),
        (
            json!({"name": "a\nb", "voter_kind": "jury"}),
            422,
            "invalid_name",
        ),
        (json!({"name": "x"}), 422, "invalid_body"),
        (
            json!({"name": "x", "voter_kind": "jury", "secret": "mine"}),
            422,
            "invalid_body",
        ),
        (json!({"name": "x", "voter_kind": 1}), 422, "invalid_body"),
        (json!([]), 422, "invalid_body"),
    ];
    for (body, status, code) in bad {
        server
            .post_as(&root, "/partners", body)
            .await?
            .problem(status, code);
    }
    let nil = Uuid::nil();
    server
        .give_key(&root, &nil.to_string())
        .await?
        .problem(404, "partner_not_found");
    server
        .give_key(&root, "x")
        .await?
        .problem(422, "invalid_id");
    let path = format!("/partners/{nil}/keys/{nil}");
    server
        .delete_as(&root, &path)
        .await?
        .problem(404, "partner_key_not_found");
    let items = server.get_as(&root, "/partners").await?.ok(200)["items"].clone();
    assert_eq!(items, json!([]));
    assert_eq!(
        server
            .get_as(&root, "/audit?action=partner_created")
            .await?
            .ok(200)["items"],
        json!([])
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_admin_reaches_partners() -> Result<()> {
    let server = Server::sqlite().await?;
    let operator = server.member_with_role("olga", "operator").await?;
    let body = json!({"name": "x", "voter_kind": "jury"});
    server
        .post_as(&operator, "/partners", body.clone())
        .await?
        .problem(403, "forbidden");
    server
        .post("/partners", body)
        .await?
        .problem(401, "unauthenticated");
    let nil = Uuid::nil();
    server
        .give_key(&operator, &nil.to_string())
        .await?
        .problem(403, "forbidden");
    let path = format!("/partners/{nil}/keys/{nil}");
    server
        .delete_as(&operator, &path)
        .await?
        .problem(403, "forbidden");
    server
        .get_as(&operator, "/partners")
        .await?
        .problem(403, "forbidden");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_signature_opens_nothing_that_takes_no_partners() -> Result<()> {
    let server = Server::sqlite().await?;
    let root = server.sign_in(ROOT).await?;
    let admitted = server.admit(&root, "jury").await?;
    for (method, path) in [
        (Method::GET, "/restaurants"),
        (Method::GET, "/me"),
        (Method::GET, "/partners"),
        (Method::GET, "/audit"),
        (Method::POST, "/users"),
    ] {
        let answer = server.signed(method, path, &admitted).await?;
        answer.problem(403, "not_for_partners");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_to_seal_with_no_partner_is_admitted() -> Result<()> {
    let server = Server::sqlite_without_partner_key().await?;
    let root = server.sign_in(ROOT).await?;
    let body = json!({"name": "x", "voter_kind": "jury"});
    let answer = server.post_as(&root, "/partners", body).await?;
    assert!(!answer.header("retry-after").is_empty());
    answer.problem(503, "partner_secrets_unavailable");
    assert_eq!(
        server.get_as(&root, "/partners").await?.ok(200)["items"],
        json!([])
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_sealed_under_a_former_key_are_sealed_anew_at_start() -> Result<()> {
    let server = Server::sqlite().await?;
    let root = server.sign_in(ROOT).await?;
    let admitted = server.admit(&root, "jury").await?;
    let partner = id(&admitted, "partner_id");
    let second = server.give_key(&root, &partner).await?.ok(201);
    let present = "ff".repeat(32);
    let open = |settings: &settings::Partners| {
        let (store, vault) = (server.store.clone(), Vault::from_settings(settings));
        async move {
            let keys = store.standing_partner_keys(None, 10).await?;
            assert_eq!(keys.len(), 2);
            let opened = keys.into_iter().filter_map(|key| {
                let (key_id, partner_id) = (key.key_id, key.partner_id);
                let owner = SecretOwner { key_id, partner_id };
                let secret = vault.open(owner, &key.sealed).ok()?;
                Some((key_id.to_string(), secret.expose().to_owned()))
            });
            anyhow::Ok(opened.collect::<BTreeMap<_, _>>())
        }
    };
    let new = settings::Partners {
        secret_key: Some(Secret::new(present)),
        former_secret_keys: None,
    };
    let both = settings::Partners {
        former_secret_keys: Some(Secret::new(PARTNER_KEY)),
        ..new.clone()
    };
    // Without the former key nothing is lost, only left as it is.
    reseal_partner_secrets(&server.restarted(&new)).await?;
    assert!(open(&new).await?.is_empty());
    for _ in 0..2 {
        reseal_partner_secrets(&server.restarted(&both)).await?;
        let expected = [&admitted, &second].map(|key| {
            let text = |name: &str| key[name].as_str().unwrap().to_owned();
            (text("key_id"), text("secret"))
        });
        assert_eq!(open(&new).await?, BTreeMap::from(expected));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_are_listed_a_page_at_a_time() -> Result<()> {
    let server = Server::sqlite().await?;
    let root = server.sign_in(ROOT).await?;
    for kind in ["c", "a", "b"] {
        server.admit(&root, kind).await?;
    }
    let first = server.get_as(&root, "/partners?limit=2").await?.ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/partners?limit=2&cursor={cursor}");
    let second = server.get_as(&root, &path).await?.ok(200);
    let kinds: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|partner| partner["voter_kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["a", "b", "c"]);
    assert!(second["next_cursor"].is_null());
    server
        .get_as(&root, "/partners?cursor=x")
        .await?
        .problem(422, "invalid_cursor");
    server
        .get_as(&root, "/partners?x=1")
        .await?
        .problem(422, "invalid_query");
    Ok(())
}
