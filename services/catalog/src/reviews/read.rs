//! One review.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{MaybeActor, Path, ProblemDetails};
use vote_domain::{ReviewId, UserId};

use super::answer::{ReviewBody, review_not_found};
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::names;

/// Reads a review.
#[utoipa::path(
    get, path = "/api/v1/reviews/{review_id}",
    operation_id = "get_review", tag = "catalog",
    params(("review_id" = Uuid, Path)),
    responses(
        (status = 200, description = "The review; with `ETag`. `If-Match` wants its `version`", body = ReviewBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`: a token is not needed, but must be sound", body = ProblemDetails),
        (status = 404, description = "`review_not_found`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security((), ("bearer" = []))
)]
pub(crate) async fn read(
    catalog: Data<Catalog>,
    actor: MaybeActor,
    id: Path<ReviewId>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let member = actor.0.map(|actor| actor.user_id);
    let review = catalog.review(*id, member).await?;
    Ok(cached_json(&request, &review)?)
}

impl Catalog {
    /// The review `id` as `member` sees it.
    ///
    /// # Errors
    /// 404 `review_not_found`.
    pub(crate) async fn review(
        &self,
        id: ReviewId,
        member: Option<UserId>,
    ) -> Result<ReviewBody, Failure> {
        let mut review = self.review_text(id).await?;
        self.fill_in(std::slice::from_mut(&mut review), member)
            .await?;
        Ok(review)
    }

    /// The review without what votes say of it, through the cache.
    async fn review_text(&self, id: ReviewId) -> Result<ReviewBody, Failure> {
        let store = self.store.clone();
        let load = move || async move {
            let found = store.reviews(&[id]).await?;
            Ok(found.into_iter().next().map(ReviewBody::from))
        };
        let name = names::review(id);
        let found = self.entries.get(&name, self.life(), load).await?;
        Ok(found.ok_or_else(review_not_found)?)
    }
}
