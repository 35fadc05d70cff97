//! Rows of restaurants and items.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::{ItemId, RestaurantId};

use super::Conn;
use crate::StoreError;
use crate::catalog::{Item, NewItem, NewRestaurant, Rating, Restaurant, name_key};
use crate::key::{Key, Moment, keys};
use crate::schema::{items, restaurants};

diesel::define_sql_function! {
    /// Where `part` begins in `text`, from 1; 0 where it is nowhere.
    fn instr(text: diesel::sql_types::Text, part: diesel::sql_types::Text)
        -> diesel::sql_types::BigInt;
}

#[derive(Queryable)]
struct RestaurantRow {
    restaurant_id: Key,
    name: String,
    _name_key: String,
    address: String,
    description: String,
    n_reviews: i64,
    stars_sum: i64,
    created_at: Moment,
}

impl From<RestaurantRow> for Restaurant {
    fn from(row: RestaurantRow) -> Self {
        Self {
            restaurant_id: row.restaurant_id.into(),
            name: row.name,
            address: row.address,
            description: row.description,
            rating: rating(row.n_reviews, row.stars_sum),
            created_at: row.created_at.into(),
        }
    }
}

#[derive(Queryable)]
struct ItemRow {
    item_id: Key,
    restaurant_id: Key,
    name: String,
    _name_key: String,
    description: String,
    n_reviews: i64,
    stars_sum: i64,
    created_at: Moment,
}

impl From<ItemRow> for Item {
    fn from(row: ItemRow) -> Self {
        Self {
            item_id: row.item_id.into(),
            restaurant_id: row.restaurant_id.into(),
            name: row.name,
            description: row.description,
            rating: rating(row.n_reviews, row.stars_sum),
            created_at: row.created_at.into(),
        }
    }
}

fn rating(n_reviews: i64, stars_sum: i64) -> Rating {
    Rating {
        n_reviews: n_reviews.unsigned_abs(),
        stars_sum: stars_sum.unsigned_abs(),
    }
}

pub(crate) async fn create_restaurant(
    connection: &mut Conn,
    new: &NewRestaurant,
) -> Result<(), StoreError> {
    diesel::insert_into(restaurants::table)
        .values((
            restaurants::restaurant_id.eq(Key::from(new.restaurant_id)),
            restaurants::name.eq(&new.name),
            restaurants::name_key.eq(name_key(&new.name)),
            restaurants::address.eq(&new.address),
            restaurants::description.eq(&new.description),
            restaurants::n_reviews.eq(0),
            restaurants::stars_sum.eq(0),
            restaurants::created_at.eq(Moment(new.created_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn restaurant(
    connection: &mut Conn,
    id: RestaurantId,
) -> Result<Option<Restaurant>, StoreError> {
    let row: Option<RestaurantRow> = restaurants::table
        .filter(restaurants::restaurant_id.eq(Key::from(id)))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Restaurant::from))
}

pub(crate) async fn restaurants(
    connection: &mut Conn,
    search: Option<&str>,
    after: Option<(&str, RestaurantId)>,
    limit: u32,
) -> Result<Vec<Restaurant>, StoreError> {
    let mut query = restaurants::table
        .order((restaurants::name_key, restaurants::restaurant_id))
        .limit(limit.into())
        .into_boxed();
    if let Some(search) = search {
        query = query.filter(instr(restaurants::name_key, search).gt(0));
    }
    if let Some((name, id)) = after {
        query = query.filter(
            restaurants::name_key.gt(name).or(restaurants::name_key
                .eq(name)
                .and(restaurants::restaurant_id.gt(Key::from(id)))),
        );
    }
    let rows: Vec<RestaurantRow> = query.load(connection).await?;
    Ok(rows.into_iter().map(Restaurant::from).collect())
}

pub(crate) async fn create_item(connection: &mut Conn, new: &NewItem) -> Result<bool, StoreError> {
    if restaurant(connection, new.restaurant_id).await?.is_none() {
        return Ok(false);
    }
    diesel::insert_into(items::table)
        .values((
            items::item_id.eq(Key::from(new.item_id)),
            items::restaurant_id.eq(Key::from(new.restaurant_id)),
            items::name.eq(&new.name),
            items::name_key.eq(name_key(&new.name)),
            items::description.eq(&new.description),
            items::n_reviews.eq(0),
            items::stars_sum.eq(0),
            items::created_at.eq(Moment(new.created_at)),
        ))
        .execute(connection)
        .await?;
    Ok(true)
}

pub(crate) async fn item(connection: &mut Conn, id: ItemId) -> Result<Option<Item>, StoreError> {
    let row: Option<ItemRow> = items::table
        .filter(items::item_id.eq(Key::from(id)))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Item::from))
}

pub(crate) async fn items(
    connection: &mut Conn,
    restaurant: RestaurantId,
    after: Option<(&str, ItemId)>,
    limit: u32,
) -> Result<Vec<Item>, StoreError> {
    let mut query = items::table
        .filter(items::restaurant_id.eq(Key::from(restaurant)))
        .order((items::name_key, items::item_id))
        .limit(limit.into())
        .into_boxed();
    if let Some((name, id)) = after {
        query = query.filter(
            items::name_key.gt(name).or(items::name_key
                .eq(name)
                .and(items::item_id.gt(Key::from(id)))),
        );
    }
    let rows: Vec<ItemRow> = query.load(connection).await?;
    Ok(rows.into_iter().map(Item::from).collect())
}

pub(crate) async fn restaurant_names(
    connection: &mut Conn,
    ids: &[RestaurantId],
) -> Result<HashMap<RestaurantId, String>, StoreError> {
    let rows: Vec<(Key, String)> = restaurants::table
        .filter(restaurants::restaurant_id.eq_any(keys(ids)))
        .select((restaurants::restaurant_id, restaurants::name))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| (id.into(), name))
        .collect())
}

pub(crate) async fn item_names(
    connection: &mut Conn,
    ids: &[ItemId],
) -> Result<HashMap<ItemId, String>, StoreError> {
    let rows: Vec<(Key, String)> = items::table
        .filter(items::item_id.eq_any(keys(ids)))
        .select((items::item_id, items::name))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| (id.into(), name))
        .collect())
}
