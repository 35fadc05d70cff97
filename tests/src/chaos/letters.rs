//! What becomes of messages that are no votes: each is kept as a dead letter, and an
//! operator drops it, as an open one keeps its campaign from closing. And of votes that
//! workers panicked over: the operator replays them once workers do so no more.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mysql_async::prelude::Queryable;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::books::connect;
use super::faults::POISON;
use super::judge::{Promise, Violation};
use crate::member::Member;
use crate::real_stack::RealStack;

/// How often the operator looks.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// How long it may take until every poison is a dead letter, once everything was healed.
const KEPT_WITHIN: Duration = Duration::from_secs(60);

/// Drops poison among the dead letters until it is dropped itself.
pub(crate) async fn look_after(operator: &Member, gateways: &[String]) {
    for gateway in gateways.iter().cycle() {
        sleep(LOOKS_EVERY).await;
        // While things are broken it finds the rest the next time.
        let _ = decide(&operator.by_way_of(gateway), &BTreeSet::new()).await;
    }
}

/// What came of the dead letters in the end.
#[derive(Debug, Default)]
pub(crate) struct Cleared {
    pub(crate) n_replayed: usize,
    pub(crate) violations: Vec<Violation>,
}

/// Drops all poison, and sees that nothing of it was lost; replays votes of the members in
/// `panicked`. Dead letters that remain are other votes.
///
/// # Errors
/// When SQL cannot be asked.
pub(crate) async fn clear(
    operator: &Member,
    stack: &RealStack,
    n_poison: usize,
    panicked: &BTreeSet<Uuid>,
) -> Result<Cleared> {
    let began = Instant::now();
    let mut cleared = Cleared::default();
    loop {
        let decided = decide(operator, panicked).await;
        let n_kept = n_dropped(stack).await?;
        cleared.n_replayed += *decided.as_ref().unwrap_or(&0);
        // What was replayed is asked after once more, in case it came back.
        if matches!(decided, Ok(0)) && n_kept == n_poison {
            return Ok(cleared);
        }
        if began.elapsed() > KEPT_WITHIN {
            let detail = format!("{n_kept} of {n_poison} poison messages were kept and dropped");
            let violation = Violation::new(Promise::NothingIsLost, detail);
            cleared.violations.push(violation);
            if let Err(error) = decided {
                let detail = format!("dead letters cannot be decided on: {error:#}");
                let violation = Violation::new(Promise::AnswersAreClear, detail);
                cleared.violations.push(violation);
            }
            return Ok(cleared);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Drops the poison among the open dead letters, and replays the votes of members in
/// `panicked`; answers how many those were.
async fn decide(operator: &Member, panicked: &BTreeSet<Uuid>) -> Result<usize> {
    let list = "/dead-letters?state=open&limit=100";
    let page = operator.ask_gateway(Method::GET, list, None).await?;
    let page = page.expect(200)?.body;
    let mut n_replayed = 0;
    for letter in page["items"].as_array().context("no items")? {
        let id = letter["dead_letter_id"].as_str().context("no id")?;
        let path = format!("/dead-letters/{id}");
        let shown = operator.ask_gateway(Method::GET, &path, None).await?;
        let shown = shown.expect(200)?.body;
        let bytes = STANDARD.decode(shown["bytes"].as_str().context("no bytes")?)?;
        if bytes.starts_with(POISON) {
            let reason = json!({ "reason": "it is no vote" });
            let path = format!("{path}/drop");
            let dropped = operator.ask_gateway(Method::POST, &path, Some(&reason));
            dropped.await?.expect(200)?;
        } else if is_of(&shown, panicked) {
            let path = format!("{path}/replay");
            let replayed = operator.ask_gateway(Method::POST, &path, None);
            replayed.await?.expect(202)?;
            n_replayed += 1;
        }
    }
    Ok(n_replayed)
}

/// Whether the letter is a vote of one of `members` that a worker panicked over.
fn is_of(letter: &Value, members: &BTreeSet<Uuid>) -> bool {
    let voter = letter["votes"][0]["voter"]["id"].as_str();
    let voter = voter.and_then(|voter| voter.parse().ok());
    let detail = letter["detail"].as_str().unwrap_or_default();
    letter["kind"] == "vote"
        && detail.contains("panicked")
        && voter.is_some_and(|voter| members.contains(&voter))
}

/// How many different poisons were dropped.
async fn n_dropped(stack: &RealStack) -> Result<usize> {
    let mut sql = connect(&stack.mysql_url).await?;
    let n: Option<usize> = sql
        .exec_first(
            "SELECT COUNT(DISTINCT bytes) FROM dead_letters WHERE resolved_at IS NOT NULL \
             AND LEFT(bytes, ?) = ?",
            (POISON.len(), POISON),
        )
        .await?;
    sql.disconnect().await?;
    Ok(n.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::Client;

    /// A gateway that has one open letter, of a vote of `member` that a worker panicked over,
    /// and answers as the contract says.
    async fn gateway_with_a_letter_of(member: Uuid) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut asked = String::new();
                let mut lines = BufReader::new(&mut connection).lines();
                while let Ok(Some(line)) = lines.next_line().await
                    && !line.is_empty()
                {
                    asked.push_str(&line);
                }
                let (status, body) = if asked.starts_with("POST /api/v1/dead-letters/7/replay") {
                    ("202 Accepted", json!({ "state": "replayed" }))
                } else if asked.starts_with("GET /api/v1/dead-letters/7 ") {
                    let votes = json!([{ "voter": { "id": member } }]);
                    let letter = json!({
                        "kind": "vote", "detail": "settling panicked", "bytes": "",
                        "votes": votes,
                    });
                    ("200 OK", letter)
                } else {
                    ("200 OK", json!({ "items": [{ "dead_letter_id": "7" }] }))
                };
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = connection.write_all((head + &body).as_bytes()).await;
            }
        });
        Ok(url)
    }

    #[tokio::test]
    async fn a_letter_that_workers_panicked_over_is_replayed_and_counts_as_such() -> Result<()> {
        let member = Uuid::from_u128(7);
        let url = gateway_with_a_letter_of(member).await?;
        let client = Client::new(&url, &url)?;
        let operator = Member::new(client, Uuid::from_u128(8), "operator", String::new());
        assert_eq!(decide(&operator, &BTreeSet::from([member])).await?, 1);
        assert_eq!(decide(&operator, &BTreeSet::new()).await?, 0);
        Ok(())
    }
}
