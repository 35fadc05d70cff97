//! Writing reviews, changing them, removing them.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::{expected_version, stale_version, version_tag};
use http_kit::{API_BASE, Actor, Json, Path, Problem, ProblemDetails};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::{ItemId, Permission, RestaurantId, ReviewId};
use vote_store::catalog::{
    NewReview, Remover, Review, ReviewChange, ReviewCreation, ReviewRemoval, ReviewScope,
    ReviewUpdate,
};

use super::answer::{ReviewBody, review_not_found};
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::items::item_not_found;
use crate::restaurants::restaurant_not_found;
use crate::{names, texts};

/// A review to write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52", "stars": 5,
    "content": "The broth alone is worth the queue."
}))]
pub(crate) struct NewReviewBody {
    /// An item of the restaurant.
    item_id: Uuid,
    /// 1 to 5.
    stars: i64,
    /// 1 to 10,000 characters.
    content: String,
}

/// What to change about a review; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"stars": 4, "content": "Still good, less of it."}))]
pub(crate) struct ReviewChangeBody {
    /// 1 to 5.
    stars: Option<i64>,
    /// 1 to 10,000 characters.
    content: Option<String>,
}

impl ReviewChangeBody {
    fn parse(&self) -> Result<ReviewChange, Problem> {
        if self.stars.is_none() && self.content.is_none() {
            let detail = "Say what to change: stars, content, or both.";
            return Err(Problem::invalid("invalid_body", detail));
        }
        Ok(ReviewChange {
            stars: self.stars.map(texts::stars).transpose()?,
            content: self.content.as_deref().map(texts::content).transpose()?,
        })
    }
}

/// Writes a review.
#[utoipa::path(
    post, path = "/api/v1/restaurants/{restaurant_id}/reviews",
    operation_id = "create_review", tag = "catalog",
    params(("restaurant_id" = Uuid, Path)), request_body = NewReviewBody,
    responses(
        (status = 201, description = "The review; `ETag` is its version", body = ReviewBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 404, description = "`restaurant_not_found`, `item_not_found`: none of this restaurant's", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_stars`, `invalid_content`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    catalog: Data<Catalog>,
    actor: Actor,
    restaurant: Path<RestaurantId>,
    body: Json<NewReviewBody>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::Review).await?;
    let new = NewReview {
        review_id: catalog.ids.next(),
        restaurant_id: *restaurant,
        item_id: ItemId(body.item_id),
        author: actor.user_id,
        stars: texts::stars(body.stars)?,
        content: texts::content(&body.content)?,
        created_at: catalog.clock.now(),
    };
    let (this, id) = ((**catalog).clone(), new.review_id);
    let write = async move {
        let creation = this.store.create_review(&new).await;
        // Where nobody knows whether it was written, it may have been.
        if matches!(creation, Ok(ReviewCreation::Created) | Err(_)) {
            this.forget(id, new.restaurant_id, new.item_id).await;
        }
        match creation? {
            ReviewCreation::Created => this.review_in_sql(id).await,
            ReviewCreation::NoSuchRestaurant => Err(restaurant_not_found().into()),
            ReviewCreation::NoSuchItem => Err(item_not_found().into()),
        }
    };
    let review = ReviewBody::from(catalog.finish(write).await?);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("{API_BASE}/reviews/{id}")))
        .insert_header((header::ETAG, version_tag(review.version)))
        .json(review))
}

/// Writes a review; the same as `/reviews`.
#[utoipa::path(
    post, path = "/api/v1/restaurants/{restaurant_id}/review",
    operation_id = "create_review_by_alias", tag = "catalog",
    params(("restaurant_id" = Uuid, Path)), request_body = NewReviewBody,
    responses(
        (status = 201, description = "As `/reviews` answers", body = ReviewBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 404, description = "`restaurant_not_found`, `item_not_found`", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 422, description = "`invalid_body`, `invalid_stars`, `invalid_content`, `invalid_id`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn create_by_alias(
    catalog: Data<Catalog>,
    actor: Actor,
    restaurant: Path<RestaurantId>,
    body: Json<NewReviewBody>,
) -> Result<HttpResponse, Failure> {
    create(catalog, actor, restaurant, body).await
}

/// Changes a review of one's own.
#[utoipa::path(
    patch, path = "/api/v1/reviews/{review_id}",
    operation_id = "edit_review", tag = "catalog",
    params(
        ("review_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "The version it changes, quoted: `\"1\"`"),
    ),
    request_body = ReviewChangeBody,
    responses(
        (status = 200, description = "The review; `ETag` is its version", body = ReviewBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for its author", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 412, description = "`stale_version`, with the `version` there is", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_stars`, `invalid_content`, `invalid_version`", body = ProblemDetails),
        (status = 428, description = "`version_required`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`: it may have been edited", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn change(
    catalog: Data<Catalog>,
    actor: Actor,
    review: Path<ReviewId>,
    body: Json<ReviewChangeBody>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::Review).await?;
    let expected = expected_version(&request)?;
    let change = body.parse()?;
    let (this, id, now) = ((**catalog).clone(), *review, catalog.clock.now());
    let write = async move {
        let before = this.review_in_sql(id).await?;
        let author = actor.user_id;
        let update = this.store.update_review(id, author, expected, &change, now);
        let update = update.await;
        // Where nobody knows whether it was written, it may have been.
        if matches!(update, Ok(ReviewUpdate::Updated) | Err(_)) {
            this.forget(id, before.restaurant_id, before.item_id).await;
        }
        match update? {
            ReviewUpdate::Updated => this.review_in_sql(id).await,
            ReviewUpdate::NotFound => Err(review_not_found().into()),
            ReviewUpdate::NotTheAuthor => Err(not_the_author().into()),
            ReviewUpdate::Stale(current) => Err(stale_version(current).into()),
        }
    };
    let mut review = ReviewBody::from(catalog.finish(write).await?);
    catalog
        .fill_in(std::slice::from_mut(&mut review), Some(actor.user_id))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(review.version)))
        .json(review))
}

/// Removes a review: one's own, or any as a moderator. Votes on it that were accepted
/// before still count, and no more are taken.
#[utoipa::path(
    delete, path = "/api/v1/reviews/{review_id}",
    operation_id = "remove_review", tag = "catalog",
    params(("review_id" = Uuid, Path)),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for its author, and moderators", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn remove(
    catalog: Data<Catalog>,
    actor: Actor,
    review: Path<ReviewId>,
) -> Result<HttpResponse, Failure> {
    catalog.require(&actor, Permission::Review).await?;
    let (this, id, now) = ((**catalog).clone(), *review, catalog.clock.now());
    let write = async move {
        // What lists it is in is known before it is gone only.
        let before = this.review_in_sql(id).await?;
        let remover = if before.author == actor.user_id {
            Remover::Author(actor.user_id)
        } else {
            this.require(&actor, Permission::RemoveReview).await?;
            Remover::Moderator(this.act(&actor))
        };
        let removal = this.store.remove_review(id, &remover, now).await;
        // Where nobody knows whether it was removed, it may have been.
        if matches!(removal, Ok(ReviewRemoval::Removed) | Err(_)) {
            this.forget(id, before.restaurant_id, before.item_id).await;
        }
        match removal? {
            ReviewRemoval::Removed => {
                this.counters.forget(id).await;
                Ok(())
            }
            ReviewRemoval::NotFound => Err(review_not_found().into()),
            ReviewRemoval::NotTheAuthor => Err(not_the_author().into()),
        }
    };
    catalog.finish(write).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl Catalog {
    /// The review `id` as SQL has it.
    async fn review_in_sql(&self, id: ReviewId) -> Result<Review, Failure> {
        let found = self.store.reviews(&[id]).await?;
        Ok(found.into_iter().next().ok_or_else(review_not_found)?)
    }

    /// Forgets a review in the cache, together with all that shows it. First of all after a
    /// write: what else fails then must not leave the former one on show.
    async fn forget(&self, id: ReviewId, restaurant: RestaurantId, item: ItemId) {
        let names = [
            names::review(id),
            names::restaurant(restaurant),
            names::item(item),
            names::reviews_of(ReviewScope::Restaurant(restaurant)),
            names::reviews_of(ReviewScope::Item(item)),
            names::items_of(restaurant),
        ];
        self.entries.invalidate(&names).await;
    }
}

fn not_the_author() -> Problem {
    Problem::forbidden("forbidden", "Somebody else wrote this review.")
}
