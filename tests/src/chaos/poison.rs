//! What became of the messages that were no votes: each must be kept as a dead letter,
//! which is then taken out of the way.

use anyhow::Result;
use mysql_async::prelude::Queryable;

use super::books::connect;
use super::faults::POISON;
use super::judge::{Promise, Violation};
use crate::real_stack::RealStack;

/// Resolves every dead letter that was poison from the start; what is left are votes.
///
/// # Errors
/// When SQL cannot be asked.
pub(crate) async fn clear(stack: &RealStack, n_poison: usize) -> Result<Vec<Violation>> {
    let mut sql = connect(&stack.mysql_url).await?;
    let found: Vec<Vec<u8>> = sql
        .exec(
            "SELECT DISTINCT bytes FROM dead_letters WHERE resolved_at IS NULL \
             AND LEFT(bytes, ?) = ?",
            (POISON.len(), POISON),
        )
        .await?;
    sql.exec_drop(
        "UPDATE dead_letters SET resolved_at = UTC_TIMESTAMP(6), resolution = 'dropped' \
         WHERE resolved_at IS NULL AND LEFT(bytes, ?) = ?",
        (POISON.len(), POISON),
    )
    .await?;
    sql.disconnect().await?;
    let is_whole = found.len() == n_poison;
    let detail = format!("{} of {n_poison} poison messages were kept", found.len());
    let violation = Violation::new(Promise::NothingIsLost, detail);
    Ok(if is_whole { vec![] } else { vec![violation] })
}
