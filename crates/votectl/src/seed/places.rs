//! The demo's restaurants and items.

use std::collections::HashMap;

use anyhow::{Context, Result};
use demo_content::places::PLACES;
use serde_json::{Value, json};

use super::Made;
use crate::api::Call;
use crate::operator::Operator;
use crate::progress::Progress;

/// Ids of restaurants by name, and of items by restaurant and name.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    restaurants: HashMap<&'static str, String>,
    items: HashMap<(&'static str, &'static str), String>,
}

impl Shelf {
    /// The restaurant's id.
    pub(super) fn restaurant(&self, name: &str) -> Result<&str> {
        let found = self.restaurants.get(name);
        Ok(found.with_context(|| format!("no restaurant {name}"))?)
    }

    /// The item's id.
    pub(super) fn item(&self, place: &'static str, name: &'static str) -> Result<&str> {
        let found = self.items.get(&(place, name));
        Ok(found.with_context(|| format!("no {name} at {place}"))?)
    }
}

/// Sees to it that every restaurant and item is there: how many restaurants and items were
/// made, and their ids.
pub(super) async fn furnish(operator: &mut Operator) -> Result<(Made, Made, Shelf)> {
    let (mut restaurants, mut items, mut shelf) =
        (Made::default(), Made::default(), Shelf::default());
    let catalog = operator.catalog.clone();
    let known = operator.list(&catalog, "/restaurants", usize::MAX).await?;
    let progress = Progress::begin("restaurants", PLACES.len());
    for place in PLACES {
        let body = json!({
            "name": place.name, "address": place.address, "description": place.description
        });
        let found = named(&known, place.name, "restaurant_id");
        restaurants.note(found.is_some());
        let id = match found {
            Some(id) => id,
            None => create(operator, "/restaurants", body, "restaurant_id").await?,
        };
        let path = format!("/restaurants/{id}/items");
        let served = operator.list(&catalog, &path, usize::MAX).await?;
        for (name, description) in place.items {
            let body = json!({ "name": name, "description": description });
            let found = named(&served, name, "item_id");
            items.note(found.is_some());
            let item = match found {
                Some(id) => id,
                None => create(operator, &path, body, "item_id").await?,
            };
            shelf.items.insert((place.name, *name), item);
        }
        shelf.restaurants.insert(place.name, id);
        progress.step();
    }
    Ok((restaurants, items, shelf))
}

/// The id of the one of `known` that is called `name`.
fn named(known: &[Value], name: &str, id: &str) -> Option<String> {
    let found = known.iter().find(|found| found["name"] == *name)?;
    found[id].as_str().map(str::to_owned)
}

async fn create(operator: &mut Operator, path: &str, body: Value, id: &str) -> Result<String> {
    let doing = format!("making {}", body["name"]);
    let answer = operator.ask_catalog_once(Call::post(path).body(body), &doing);
    Ok(answer.await?.text(id)?.to_owned())
}
