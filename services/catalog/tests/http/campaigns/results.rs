//! Results.

use chrono::{TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use vote_domain::campaign::{OptionVotes, ResultFacts};

use super::scene::{Scene, expected};
use crate::server::on_each_stack;

on_each_stack! {
    async fn a_result_is_told_once_it_is_frozen_and_for_ever(server: Server) -> Result<()> {
        let scene = Scene::set(server, -5, 50).await?;
        let (server, path) = (&scene.server, format!("{}/result", scene.path));
        for progress in ["running", "closing", "drained"] {
            scene.progress(progress).await?;
            let refused = server.get(&path).await?.problem(409, "campaign_not_final");
            let state = if progress == "running" { "open" } else { progress };
            assert_eq!(refused["state"], state);
        }
        let now = server.cache.now().await?;
        scene.count(now, 2, 0, 40).await?;
        scene.count(now, 0, 1, 2).await?;
        let option = |key: &str, votes: [u64; 2]| OptionVotes {
            option: key.to_owned(),
            votes: votes.into(),
        };
        let facts = ResultFacts {
            campaign: scene.id.parse()?,
            starts_at: chrono::DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap(),
            ends_at: chrono::DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::hours(5),
            n_votes: 17,
            channels: vec!["web".to_owned(), "jury".to_owned()],
            options: vec![option("a", [0, 2]), option("b", [0, 0]), option("c.1", [40, 0])],
        };
        let sql = format!(
            "INSERT INTO campaign_results VALUES ({}, '{}', '{}', 17, '2026-05-01 00:00:00.000000')",
            scene.key(), facts.canonical(), facts.digest()
        );
        server.store.execute_raw(&sql).await?;
        scene.progress("final").await?;
        let first = server.get(&path).await?;
        assert_eq!(server.get_if_changed(&path, &first).await?.status, 304);
        let result = first.ok(200);
        assert_eq!(result["digest"], json!(facts.digest()));
        assert_eq!((&result["state"], &result["n_votes"]), (&json!("final"), &json!(17)));
        assert_eq!(result["frozen_at"], "2026-05-01T00:00:00Z");
        assert_eq!(
            result["options"],
            json!([
                {"rank": 1, "option": "c.1", "name": "Third song", "votes": 40, "channels": {"web": 40, "jury": 0}},
                {"rank": 2, "option": "a", "name": "First song", "votes": 2, "channels": {"web": 0, "jury": 2}},
                {"rank": 3, "option": "b", "name": "Second song", "votes": 0, "channels": {"web": 0, "jury": 0}},
            ])
        );
        // Anybody can compute the digest.
        let canonical = format!("{path}?format=canonical");
        let text = server.get(&canonical).await?;
        assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(server.get_if_changed(&canonical, &text).await?.status, 304);
        let text = text.ok(200);
        let digest: String = Sha256::digest(text.as_str().unwrap())
            .iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(json!(digest), result["digest"]);
        // Whatever happens to the counters, the board is the result's.
        scene.count(now, 1, 0, 1_000).await?;
        let board = expected(&[(1, "c.1", 40), (2, "a", 2), (3, "b", 0)]);
        assert_eq!(scene.board("").await?, board);
        let jury = expected(&[(1, "a", 2), (2, "b", 0), (2, "c.1", 0)]);
        assert_eq!(scene.board("?channel=jury").await?, jury);
        server.get(&format!("{path}?format=xml")).await?.problem(422, "invalid_query");
        Ok(())
    }
}
