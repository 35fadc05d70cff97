//! Items: what a restaurant serves.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json;
use http_kit::{API_BASE, Actor, Json, Page, PageQuery, Path, Problem, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::{ItemId, Permission, RestaurantId};
use vote_store::catalog::{Item, NewItem, Rating, name_key};

use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::restaurants::restaurant_not_found;
use crate::{names, texts};

/// A dish or drink of a restaurant.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
    "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52",
    "name": "Ramen", "description": "Eighteen hours of broth.",
    "n_reviews": 7, "stars_mean": 4.5, "created_at": "2026-03-01T12:00:00Z"
}))]
pub(crate) struct ItemBody {
    item_id: Uuid,
    restaurant_id: Uuid,
    name: String,
    description: String,
    /// How many reviews there are of it.
    n_reviews: u64,
    /// The mean of their stars; null without any.
    stars_mean: Option<f64>,
    created_at: DateTime<Utc>,
}

impl From<Item> for ItemBody {
    fn from(item: Item) -> Self {
        Self {
            item_id: item.item_id.0,
            restaurant_id: item.restaurant_id.0,
            name: item.name,
            description: item.description,
            n_reviews: item.rating.n_reviews,
            stars_mean: item.rating.stars_mean(),
            created_at: item.created_at,
        }
    }
}

/// Where a page of items begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    name_key: String,
    item_id: ItemId,
}

/// An item to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ramen", "description": "Eighteen hours of broth."}))]
pub(crate) struct NewItemBody {
    /// One line of 1 to 200 characters.
    name: String,
    /// At most 4,000 characters.
    description: String,
}

/// Lists a restaurant's items by name.
#[utoipa::path(
    get, path = "/api/v1/restaurants/{restaurant_id}/items",
    operation_id = "list_items", tag = "catalog",
    params(
        ("restaurant_id" = Uuid, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<ItemBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`restaurant_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn list(
    catalog: Data<Catalog>,
    restaurant: Path<RestaurantId>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (restaurant, limit) = (*restaurant, query.limit);
    let after: Option<Position> = query.position()?;
    catalog.restaurant(restaurant).await?;
    let store = catalog.store.clone();
    let load = move || async move {
        let from = after
            .as_ref()
            .map(|position| (position.name_key.as_str(), position.item_id));
        let n_rows = u32::from(limit.get()) + 1;
        let rows = store.items(restaurant, from, n_rows).await?;
        let page = Page::from_rows(rows, limit, |last| Position {
            name_key: name_key(&last.name),
            item_id: last.item_id,
        });
        Ok(page.map(ItemBody::from))
    };
    let page = if query.cursor.is_none() {
        let list = names::items_of(restaurant);
        catalog.first_page(&list, "", limit, load).await?
    } else {
        catalog.entries.uncached(load).await?
    };
    Ok(cached_json(&request, &page)?)
}

/// Reads an item.
#[utoipa::path(
    get, path = "/api/v1/items/{item_id}",
    operation_id = "get_item", tag = "catalog",
    params(("item_id" = Uuid, Path)),
    responses(
        (status = 200, description = "The item; with `ETag`", body = ItemBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`item_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn read(
    catalog: Data<Catalog>,
    id: Path<ItemId>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let item = catalog.item(*id).await?;
    Ok(cached_json(&request, &item)?)
}

/// Adds an item to a restaurant.
#[utoipa::path(
    post, path = "/api/v1/restaurants/{restaurant_id}/items",
    operation_id = "create_item", tag = "catalog",
    params(("restaurant_id" = Uuid, Path)), request_body = NewItemBody,
    responses(
        (status = 201, description = "The item", body = ItemBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 404, description = "`restaurant_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_name`, `invalid_description`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    catalog: Data<Catalog>,
    actor: Actor,
    restaurant: Path<RestaurantId>,
    body: Json<NewItemBody>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepCatalog).await?;
    let new = NewItem {
        item_id: catalog.ids.next(),
        restaurant_id: *restaurant,
        name: texts::name(&body.name)?,
        description: texts::description(&body.description)?,
        created_at: catalog.clock.now(),
    };
    let (this, added) = ((**catalog).clone(), new.clone());
    let write = async move {
        if !this.store.create_item(&added).await? {
            return Err(restaurant_not_found().into());
        }
        let names = [
            names::items_of(added.restaurant_id),
            names::item(added.item_id),
        ];
        this.entries.invalidate(&names).await;
        Ok(())
    };
    catalog.finish(write).await?;
    let location = format!("{API_BASE}/items/{}", new.item_id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(ItemBody::from(Item {
            item_id: new.item_id,
            restaurant_id: new.restaurant_id,
            name: new.name,
            description: new.description,
            rating: Rating::default(),
            created_at: new.created_at,
        })))
}

impl Catalog {
    /// The item `id`, through the cache.
    ///
    /// # Errors
    /// 404 `item_not_found`.
    pub(crate) async fn item(&self, id: ItemId) -> Result<ItemBody, Failure> {
        let store = self.store.clone();
        let load = move || async move { Ok(store.item(id).await?.map(ItemBody::from)) };
        let name = names::item(id);
        let found = self.entries.get(&name, self.life(), load).await?;
        Ok(found.ok_or_else(item_not_found)?)
    }
}

/// 404 `item_not_found`.
pub(crate) fn item_not_found() -> Problem {
    Problem::not_found("item_not_found", "There is no such item.")
}
