//! Lists that are answered page by page.

use anyhow::{Context, Result};
use serde_json::Value;
use uuid::Uuid;

use crate::api::{Api, Call};
use crate::session::Session;

/// The items of `list` (a path without a query) that are `wanted`, read as `reader`.
///
/// # Errors
/// When the service stays away or refuses.
pub(crate) async fn find_all(
    api: &Api,
    reader: &mut Session,
    list: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut path = format!("{list}?limit=100");
    loop {
        let answer = reader.call(api, Call::get(path)).await?;
        let answer = answer.expect(200, &format!("reading {list}"))?;
        found.extend(
            (answer.list("items")?.iter())
                .filter(|item| wanted(item))
                .cloned(),
        );
        match answer.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("{list}?limit=100&cursor={cursor}"),
            None => return Ok(found),
        }
    }
}

/// The id at `field` of `value`.
///
/// # Errors
/// When it holds none.
pub(crate) fn id(value: &Value, field: &str) -> Result<Uuid> {
    let text = value[field]
        .as_str()
        .with_context(|| format!("an answer without {field}"))?;
    text.parse().with_context(|| format!("{text:?} is no id"))
}
