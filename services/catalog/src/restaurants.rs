//! Restaurants.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use http_kit::etag::cached_json;
use http_kit::page::{Cursor, Limit};
use http_kit::{API_BASE, Actor, Json, Page, Path, Problem, ProblemDetails, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vote_domain::{Permission, RestaurantId};
use vote_store::catalog::{NewRestaurant, Restaurant, name_key};

use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::{names, texts};

/// Longest search, in characters.
const SEARCH_MAX: usize = 200;

/// A restaurant.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52", "name": "Noodle Bar",
    "address": "1 Main Street", "description": "Hand-pulled noodles.",
    "n_reviews": 12, "stars_mean": 4.25, "created_at": "2026-03-01T12:00:00Z"
}))]
pub(crate) struct RestaurantBody {
    restaurant_id: Uuid,
    name: String,
    address: String,
    description: String,
    /// How many reviews there are of its items.
    n_reviews: u64,
    /// The mean of their stars; null without any.
    stars_mean: Option<f64>,
    created_at: DateTime<Utc>,
}

impl From<Restaurant> for RestaurantBody {
    fn from(restaurant: Restaurant) -> Self {
        Self {
            restaurant_id: restaurant.restaurant_id.0,
            name: restaurant.name,
            address: restaurant.address,
            description: restaurant.description,
            n_reviews: restaurant.rating.n_reviews,
            stars_mean: restaurant.rating.stars_mean(),
            created_at: restaurant.created_at,
        }
    }
}

/// Which restaurants are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
#[derive(Default)]
pub(crate) struct RestaurantsQuery {
    /// Only those with this in their name, in upper or lower case.
    q: Option<String>,
    /// How many at most: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Where the page begins, from `next_cursor`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

impl RestaurantsQuery {
    /// What is searched for, as a key; none for nothing.
    fn search(&self) -> Result<Option<String>, Problem> {
        let Some(text) = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) else {
            return Ok(None);
        };
        if text.chars().count() > SEARCH_MAX || text.chars().any(char::is_control) {
            let detail = format!("q must have at most {SEARCH_MAX} printable characters.");
            return Err(Problem::invalid("invalid_query", detail));
        }
        Ok(Some(name_key(text)))
    }
}

/// Where a page of restaurants begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    name_key: String,
    restaurant_id: RestaurantId,
}

/// A restaurant to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Noodle Bar", "address": "1 Main Street", "description": "Hand-pulled noodles."
}))]
pub(crate) struct NewRestaurantBody {
    /// One line of 1 to 200 characters.
    name: String,
    /// One line of at most 400 characters.
    address: String,
    /// At most 4,000 characters.
    description: String,
}

/// Lists restaurants by name.
#[utoipa::path(
    get, path = "/api/v1/restaurants",
    operation_id = "list_restaurants", tag = "catalog", params(RestaurantsQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<RestaurantBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 422, description = "`invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn list(
    catalog: Data<Catalog>,
    query: Query<RestaurantsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let search = query.search()?;
    let after = query.cursor.as_ref().map(Cursor::decode::<Position>);
    let (limit, after) = (query.limit, after.transpose()?);
    let store = catalog.store.clone();
    let load = move || async move {
        let from = after
            .as_ref()
            .map(|position| (position.name_key.as_str(), position.restaurant_id));
        let n_rows = u32::from(limit.get()) + 1;
        let rows = store.restaurants(search.as_deref(), from, n_rows).await?;
        let page = Page::from_rows(rows, limit, |last| Position {
            name_key: name_key(&last.name),
            restaurant_id: last.restaurant_id,
        });
        Ok(page.map(RestaurantBody::from))
    };
    let page = if query.q.is_none() && query.cursor.is_none() {
        catalog
            .first_page(names::RESTAURANTS, "", limit, load)
            .await?
    } else if query.q.is_some() {
        catalog.entries.searched(load).await?
    } else {
        catalog.entries.uncached(load).await?
    };
    Ok(cached_json(&request, &page)?)
}

/// Reads a restaurant.
#[utoipa::path(
    get, path = "/api/v1/restaurants/{restaurant_id}",
    operation_id = "get_restaurant", tag = "catalog",
    params(("restaurant_id" = Uuid, Path)),
    responses(
        (status = 200, description = "The restaurant; with `ETag`", body = RestaurantBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, description = "`restaurant_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    )
)]
pub(crate) async fn read(
    catalog: Data<Catalog>,
    id: Path<RestaurantId>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let restaurant = catalog.restaurant(*id).await?;
    Ok(cached_json(&request, &restaurant)?)
}

/// Adds a restaurant.
#[utoipa::path(
    post, path = "/api/v1/restaurants",
    operation_id = "create_restaurant", tag = "catalog", request_body = NewRestaurantBody,
    responses(
        (status = 201, description = "The restaurant", body = RestaurantBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for operators", body = ProblemDetails),
        (status = 422, description = "`invalid_body`, `invalid_name`, `invalid_address`, `invalid_description`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    catalog: Data<Catalog>,
    actor: Actor,
    body: Json<NewRestaurantBody>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::KeepCatalog).await?;
    let new = NewRestaurant {
        restaurant_id: catalog.ids.next(),
        name: texts::name(&body.name)?,
        address: texts::address(&body.address)?,
        description: texts::description(&body.description)?,
        created_at: catalog.clock.now(),
    };
    let (this, added) = ((**catalog).clone(), new.clone());
    let write = async move {
        this.store.create_restaurant(&added).await?;
        let names = [
            names::RESTAURANTS.to_owned(),
            names::restaurant(added.restaurant_id),
        ];
        this.entries.invalidate(&names).await;
        Ok(())
    };
    catalog.finish(write).await?;
    let id = new.restaurant_id;
    let location = format!("{API_BASE}/restaurants/{id}");
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(RestaurantBody::from(Restaurant {
            restaurant_id: id,
            name: new.name,
            address: new.address,
            description: new.description,
            rating: vote_store::catalog::Rating::default(),
            created_at: new.created_at,
        })))
}

impl Catalog {
    /// The restaurant `id`, through the cache.
    ///
    /// # Errors
    /// 404 `restaurant_not_found`.
    pub(crate) async fn restaurant(&self, id: RestaurantId) -> Result<RestaurantBody, Failure> {
        let store = self.store.clone();
        let load = move || async move {
            let restaurant = store.restaurant(id).await?;
            Ok(restaurant.map(RestaurantBody::from))
        };
        let name = names::restaurant(id);
        let found = self.entries.get(&name, self.life(), load).await?;
        Ok(found.ok_or_else(restaurant_not_found)?)
    }
}

/// 404 `restaurant_not_found`.
pub(crate) fn restaurant_not_found() -> Problem {
    Problem::not_found("restaurant_not_found", "There is no such restaurant.")
}
