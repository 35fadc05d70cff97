//! Voids of votes on reviews.

use actix_web::HttpResponse;
use actix_web::web::Data;
use http_kit::{Actor, Json, Path, Problem, ProblemDetails};
use uuid::Uuid;
use vote_domain::review::Counts;
use vote_domain::{Permission, RejectReason, ReviewId, UserId, Voter};
use vote_store::review_voids::{ReviewVoidOutcome, VoidedReviewVotes};

use crate::answer::review_not_found;
use crate::error::Unavailable;
use crate::gateway::Gateway;
use crate::guard::require;
use crate::voids::{VoidOrder, VoidRequest, VoidTarget, Voided, VoidedBody, vote_not_counted};

/// Why nothing was voided.
#[derive(Debug, thiserror::Error)]
pub enum VoidError {
    /// There is no such review, or not any more.
    #[error("there is no such review")]
    ReviewNotFound,
    /// The vote was cast on another review.
    #[error("the review has no such vote")]
    VoteNotFound,
    /// The vote never counted.
    #[error("the vote was rejected: {0}")]
    NotCounted(RejectReason),
    /// A part is missing; votes may be voided nevertheless. Repeat it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<VoidError> for Problem {
    fn from(error: VoidError) -> Self {
        match error {
            VoidError::ReviewNotFound => review_not_found(),
            VoidError::VoteNotFound => {
                Problem::not_found("vote_not_found", "The review has no such vote.")
            }
            VoidError::NotCounted(reason) => vote_not_counted(reason),
            VoidError::Unavailable(error) => error.into(),
        }
    }
}

impl Gateway {
    /// Voids what `target` says on `review`, by `actor` and for `reason`; the votes of the
    /// day are returned unless it is to `forfeit` them. The counters and the voter's state
    /// follow before it returns. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`VoidError`]
    pub async fn void_review_votes(
        &self,
        review: ReviewId,
        target: VoidTarget<UserId>,
        order: VoidOrder,
    ) -> Result<(Uuid, Voided), VoidError> {
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        let void = self.office.new_void(order, now);
        let store = &self.store;
        let outcome = match target {
            VoidTarget::Vote(vote) => store.void_review_vote(review, vote, &void, now).await,
            VoidTarget::Voter(voter) => {
                let up_to = self.reviews.last_cast(voter.into()).await?;
                let voiding = store.void_review_voter(review, voter, up_to, &void, now);
                voiding.await
            }
        };
        let (n_votes, is_waiting) = match outcome.map_err(Unavailable::from)? {
            ReviewVoidOutcome::Done(voided) => {
                self.show_void(&voided).await;
                (voided.votes.len() as u64, false)
            }
            ReviewVoidOutcome::Waiting => (0, true),
            ReviewVoidOutcome::AlreadyVoided(voter) => {
                // Whoever voided it may not have come to telling.
                self.reviews.catch_up(voter.into()).await;
                (0, false)
            }
            ReviewVoidOutcome::NotCounted(reason) => return Err(VoidError::NotCounted(reason)),
            ReviewVoidOutcome::OfAnotherReview => return Err(VoidError::VoteNotFound),
            ReviewVoidOutcome::NoSuchReview => return Err(VoidError::ReviewNotFound),
        };
        tracing::info!(%review, void = %void.void_id, n_votes, is_waiting, "votes voided");
        let voided = Voided {
            n_votes,
            is_waiting,
        };
        Ok((void.void_id, voided))
    }

    /// Shows what a void changed; best effort, for states and counters are read from SQL
    /// again.
    async fn show_void(&self, voided: &VoidedReviewVotes) {
        let counts: Vec<(ReviewId, Counts)> = voided.counts.into_iter().collect();
        let ttl = self.office.settings.counter_ttl;
        let (counters, ()) = tokio::join!(
            self.cache.put_counts(&counts, ttl),
            self.reviews.catch_up(voided.voter.into())
        );
        if let Err(error) = counters {
            tracing::warn!(%error, "counters not told");
        }
    }
}

/// The member that a void names.
fn member(voter: &Voter) -> Result<UserId, Problem> {
    if voter.kind().is_member() {
        Ok(UserId(voter.voter_id().0))
    } else {
        Err(Problem::invalid(
            "invalid_voter",
            "voter: only members vote on reviews.",
        ))
    }
}

/// Voids one vote on a review, or all of a member's, also those that are still queued.
#[utoipa::path(
    post, path = "/api/v1/reviews/{review_id}/voids",
    operation_id = "void_review_votes", tag = "votes",
    request_body = VoidRequest, params(("review_id" = Uuid, Path)),
    responses(
        (status = 202, description = "The void holds", body = VoidedBody),
        (status = 400, description = "`malformed_json`", body = ProblemDetails),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 403, description = "`forbidden`: for moderators", body = ProblemDetails),
        (status = 404, description = "`review_not_found`; `vote_not_found`: on another review", body = ProblemDetails),
        (status = 409, description = "`vote_not_counted`: it was rejected", body = ProblemDetails),
        (status = 413, description = "`body_too_large`", body = ProblemDetails),
        (status = 415, description = "`unsupported_media_type`", body = ProblemDetails),
        (status = 422, description = "`invalid_id`, `invalid_body`, `invalid_voter`", body = ProblemDetails),
        (status = 503, description = "`queue_unavailable`: repeat it", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn void(
    gateway: Data<Gateway>,
    actor: Actor,
    review: Path<Uuid>,
    body: Json<VoidRequest>,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::VoidReviewVote).await?;
    let (target, order) = body.parse(actor.user_id)?;
    let target = match target {
        VoidTarget::Vote(vote_id) => VoidTarget::Vote(vote_id),
        VoidTarget::Voter(voter) => VoidTarget::Voter(member(&voter)?),
    };
    let voiding = gateway.void_review_votes(ReviewId(*review), target, order);
    let (void_id, voided) = voiding.await?;
    Ok(HttpResponse::Accepted().json(VoidedBody::new(void_id, voided)))
}
