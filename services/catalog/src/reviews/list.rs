//! Lists of reviews.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{Cursor, Limit, MaybeActor, Page, Path, ProblemDetails, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use vote_domain::{ItemId, RestaurantId};
use vote_store::StoreError;
use vote_store::catalog::ReviewScope;

use super::answer::ReviewBody;
use super::order::{NewestPosition, Place, RankedBy, RankedPosition, Ranking, Sort};
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::names;

/// Which page of a list of reviews is asked for, and how it is sorted.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReviewsQuery {
    /// `new` (newest first, the default), `top` (lower bound of the Wilson score interval
    /// of the share of up votes) or `hot` (up votes less down votes, and youth). The last
    /// two rank the newest 10,000 reviews.
    #[param(inline)]
    sort: Sort,
    /// How many at most: 1 to 100, 20 by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Where the page begins, from `next_cursor` of the same sort.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Lists the reviews of a restaurant's items.
#[utoipa::path(
    get, path = "/api/v1/restaurants/{restaurant_id}/reviews",
    operation_id = "list_reviews_of_restaurant", tag = "catalog",
    params(("restaurant_id" = Uuid, Path), ReviewsQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<ReviewBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`: a token is not needed, but must be sound", body = ProblemDetails),
        (status = 404, description = "`restaurant_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security((), ("bearer" = []))
)]
pub(crate) async fn of_restaurant(
    catalog: Data<Catalog>,
    actor: MaybeActor,
    restaurant: Path<RestaurantId>,
    query: Query<ReviewsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    catalog.restaurant(*restaurant).await?;
    let scope = ReviewScope::Restaurant(*restaurant);
    answer(&catalog, actor, scope, &query, &request).await
}

/// Lists the reviews of an item.
#[utoipa::path(
    get, path = "/api/v1/items/{item_id}/reviews",
    operation_id = "list_reviews_of_item", tag = "catalog",
    params(("item_id" = Uuid, Path), ReviewsQuery),
    responses(
        (status = 200, description = "A page; with `ETag`", body = Page<ReviewBody>),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`: a token is not needed, but must be sound", body = ProblemDetails),
        (status = 404, description = "`item_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_query`, `invalid_cursor`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security((), ("bearer" = []))
)]
pub(crate) async fn of_item(
    catalog: Data<Catalog>,
    actor: MaybeActor,
    item: Path<ItemId>,
    query: Query<ReviewsQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    catalog.item(*item).await?;
    let scope = ReviewScope::Item(*item);
    answer(&catalog, actor, scope, &query, &request).await
}

async fn answer(
    catalog: &Catalog,
    actor: MaybeActor,
    scope: ReviewScope,
    query: &ReviewsQuery,
    request: &HttpRequest,
) -> Result<HttpResponse, Failure> {
    let mut page = match query.sort {
        Sort::New => catalog.newest(scope, query).await?,
        Sort::Top => catalog.ranked(scope, RankedBy::Top, query).await?,
        Sort::Hot => catalog.ranked(scope, RankedBy::Hot, query).await?,
    };
    let member = actor.0.map(|actor| actor.user_id);
    catalog.fill_in(&mut page.items, member).await?;
    Ok(cached_json(request, &page)?)
}

impl Catalog {
    async fn newest(
        &self,
        scope: ReviewScope,
        query: &ReviewsQuery,
    ) -> Result<Page<ReviewBody>, Failure> {
        let before = query
            .cursor
            .as_ref()
            .map(NewestPosition::parse)
            .transpose()?;
        let (store, limit) = (self.store.clone(), query.limit);
        let load = move || async move {
            let n_rows = u32::from(limit.get()) + 1;
            let rows = store.newest_reviews(scope, before, n_rows).await?;
            Ok(Page::from_rows(rows, limit, NewestPosition::of).map(ReviewBody::from))
        };
        match before {
            None => {
                let list = names::reviews_of(scope);
                self.first_page(&list, "new", limit, load).await
            }
            Some(_) => self.entries.uncached(load).await,
        }
    }

    async fn ranked(
        &self,
        scope: ReviewScope,
        by: RankedBy,
        query: &ReviewsQuery,
    ) -> Result<Page<ReviewBody>, Failure> {
        let after = query.cursor.as_ref();
        let after = after
            .map(|cursor| RankedPosition::parse(cursor, by))
            .transpose()?;
        let (list, limit) = (names::reviews_of(scope), query.limit);
        let generation = self.generation(&list).await?;
        let ranking = self.rankings.get(generation, scope, by).await?;
        let this = self.clone();
        let load = move || async move { this.page_of(&ranking, after, limit).await };
        match after {
            None => self.first_page(&list, by.as_str(), limit, load).await,
            Some(_) => self.entries.uncached(load).await,
        }
    }

    /// The page of `ranking` behind `after`. A review deleted since is left out.
    async fn page_of(
        &self,
        ranking: &Arc<Ranking>,
        after: Option<Place>,
        limit: Limit,
    ) -> Result<Page<ReviewBody>, StoreError> {
        let (ids, next_cursor) = ranking.page(after, limit.into());
        let found = self.store.reviews(&ids).await?;
        let mut found: HashMap<_, _> = found
            .into_iter()
            .map(|review| (review.review_id, ReviewBody::from(review)))
            .collect();
        let items = ids.iter().filter_map(|id| found.remove(id)).collect();
        Ok(Page { items, next_cursor })
    }
}
