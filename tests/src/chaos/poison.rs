//! What becomes of messages that are no votes: each is kept as a dead letter, and an
//! operator drops it, as an open one keeps its campaign from closing.

use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mysql_async::prelude::Queryable;
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};

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
        let _ = drop_poison(&operator.by_way_of(gateway)).await;
    }
}

/// Drops all poison, and sees that nothing of it was lost; dead letters that remain are
/// votes.
///
/// # Errors
/// When SQL cannot be asked.
pub(crate) async fn clear(
    operator: &Member,
    stack: &RealStack,
    n_poison: usize,
) -> Result<Vec<Violation>> {
    let began = Instant::now();
    loop {
        let dropped = drop_poison(operator).await;
        let n_kept = n_dropped(stack).await?;
        if dropped.is_ok() && n_kept == n_poison {
            return Ok(Vec::new());
        }
        if began.elapsed() > KEPT_WITHIN {
            let detail = format!("{n_kept} of {n_poison} poison messages were kept and dropped");
            let mut violations = vec![Violation::new(Promise::NothingIsLost, detail)];
            if let Err(error) = dropped {
                let detail = format!("dead letters cannot be dropped: {error:#}");
                violations.push(Violation::new(Promise::AnswersAreClear, detail));
            }
            return Ok(violations);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Drops the poison among the open dead letters.
async fn drop_poison(operator: &Member) -> Result<()> {
    let list = "/dead-letters?state=open&limit=100";
    let page = operator.ask_gateway(Method::GET, list, None).await?;
    let page = page.expect(200)?.body;
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
        }
    }
    Ok(())
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
