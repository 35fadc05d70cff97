//! The restaurant and the item that all reviews of an import are about.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Run;
use crate::api::Call;
use crate::session::Session;

/// Where the reviews stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) restaurant: Uuid,
    pub(super) item: Uuid,
}

/// Finds restaurant and item by their names, or makes them as `admin`.
///
/// # Errors
/// When `admin` may not make them, or the service stays away.
pub(super) async fn find_or_make(run: &Run, admin: &mut Session) -> Result<Place> {
    let name = run.names.restaurant();
    let restaurant = match find(run, "/restaurants", "restaurant_id", &name).await? {
        Some(restaurant) => restaurant,
        None => {
            let body = json!({
                "name": name,
                "address": "Nowhere",
                "description": "Votes that were cast elsewhere.",
            });
            make(run, admin, "/restaurants", "restaurant_id", body).await?
        }
    };
    let items = format!("/restaurants/{restaurant}/items");
    let name = run.names.item();
    let item = match find(run, &items, "item_id", &name).await? {
        Some(item) => item,
        None => {
            let body = json!({ "name": name, "description": "What members think of a member." });
            make(run, admin, &items, "item_id", body).await?
        }
    };
    Ok(Place { restaurant, item })
}

async fn find(run: &Run, list: &str, id: &str, name: &str) -> Result<Option<Uuid>> {
    let mut cursor = None;
    loop {
        let page = page(run, list, cursor.as_deref()).await?;
        let found = page.items.iter().find(|item| item["name"] == name);
        if let Some(found) = found {
            return uuid(&found[id]).map(Some);
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(None);
        }
    }
}

async fn make(run: &Run, admin: &mut Session, list: &str, id: &str, body: Value) -> Result<Uuid> {
    let call = Call::post(list).body(body);
    let made = admin
        .call(&run.catalog, call)
        .await?
        .expect(201, &format!("the admin given writing to {list}"))?;
    uuid(&made.body[id])
}

/// A page of a list.
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    pub(super) next_cursor: Option<String>,
}

/// Reads the page of `list` (a path without a query) that `cursor` stands for, or the first.
///
/// # Errors
/// When the service stays away or refuses.
pub(super) async fn page(run: &Run, list: &str, cursor: Option<&str>) -> Result<Page> {
    let mut path = format!("{list}?limit=100");
    if let Some(cursor) = cursor {
        path.push_str("&cursor=");
        path.push_str(cursor);
    }
    let answer = run
        .catalog
        .call(Call::get(path))
        .await?
        .expect(200, &format!("reading {list}"))?;
    Ok(Page {
        items: answer.list("items")?.clone(),
        next_cursor: answer.body["next_cursor"].as_str().map(str::to_owned),
    })
}

/// The id that `value` holds.
///
/// # Errors
/// When it holds none.
pub(super) fn uuid(value: &Value) -> Result<Uuid> {
    let text = value.as_str().context("an answer without an id")?;
    text.parse().with_context(|| format!("{text:?} is no id"))
}
