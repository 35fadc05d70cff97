//! Voids of votes on reviews: taken out of the count again, those still queued too.

use actix_web::HttpResponse;
use actix_web::web::Data;
use http_kit::{Actor, Json, Path, Problem, ProblemDetails};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::review::Counts;
use vote_domain::{Permission, RejectReason, ReviewId, Seq, UserId, VoteId, Voter};
use vote_store::audit::AuditActor;
use vote_store::review_voids::{ReviewVoidOutcome, VoidedReviewVotes};
use vote_store::voids::NewVoid;

use crate::answer::review_not_found;
use crate::campaigns::answer::VoidedBody;
use crate::campaigns::routes::{VOID_REASON_MAX, VoterBody, text};
use crate::error::Unavailable;
use crate::gateway::Gateway;
use crate::guard::require;

/// How often a voter's state is brought up to date while others change it too.
const TELL_TRIES: u32 = 20;

/// What a void covers.
#[derive(Clone, Copy, Debug)]
pub enum ReviewVoid {
    /// One vote.
    Vote(VoteId),
    /// All votes that the voter has cast on the review so far.
    Voter(UserId),
}

/// What a void did at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewVoided {
    /// Counted votes it took out.
    pub n_votes: u64,
    /// Whether the one vote is not in the ledger yet; it is voided when it arrives.
    pub is_waiting: bool,
}

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
            VoidError::NotCounted(reason) => Problem::conflict(
                "vote_not_counted",
                format!("The vote was rejected: {reason}."),
            ),
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
        target: ReviewVoid,
        void: VoidOrder,
    ) -> Result<(Uuid, ReviewVoided), VoidError> {
        let now = self.cache.now().await;
        let now = now.map_err(|error| Unavailable::of("voter states", error))?;
        let void = NewVoid {
            void_id: self.office.ids.next(),
            reason: void.reason,
            forfeit: void.forfeit,
            by: AuditActor::User(void.by),
            position: now.timestamp_micros(),
        };
        let store = &self.store;
        let outcome = match target {
            ReviewVoid::Vote(vote) => store.void_review_vote(review, vote, &void, now).await,
            ReviewVoid::Voter(voter) => {
                let up_to = self.last_cast(voter).await?;
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
                self.tell_voter(voter).await;
                (0, false)
            }
            ReviewVoidOutcome::NotCounted(reason) => return Err(VoidError::NotCounted(reason)),
            ReviewVoidOutcome::OfAnotherReview => return Err(VoidError::VoteNotFound),
            ReviewVoidOutcome::NoSuchReview => return Err(VoidError::ReviewNotFound),
        };
        tracing::info!(%review, void = %void.void_id, n_votes, is_waiting, "votes voided");
        let voided = ReviewVoided {
            n_votes,
            is_waiting,
        };
        Ok((void.void_id, voided))
    }

    /// The last place among the votes of `voter` that were admitted before now: whatever
    /// is admitted later comes behind it.
    async fn last_cast(&self, voter: UserId) -> Result<Seq, Unavailable> {
        let known = self.reviews.read(voter.into()).await?;
        let before_now = Seq(known.now.timestamp_micros() - 1);
        Ok(known.state.last_seq().max(before_now))
    }

    /// Shows what a void changed; best effort, for states and counters are read from SQL
    /// again.
    async fn show_void(&self, voided: &VoidedReviewVotes) {
        let counts: Vec<(ReviewId, Counts)> = voided.counts.into_iter().collect();
        let ttl = self.office.settings.counter_ttl;
        let (counters, ()) = tokio::join!(
            self.cache.put_counts(&counts, ttl),
            self.tell_voter(voided.voter)
        );
        if let Err(error) = counters {
            tracing::warn!(%error, "counters not told");
        }
    }

    /// Brings the state of `voter` up to what SQL says now. One who has no state gets one:
    /// else those who have just read SQL for want of it would not learn of the void.
    async fn tell_voter(&self, voter: UserId) {
        let told = async {
            for _ in 0..TELL_TRIES {
                let mut known = self.reviews.read(voter.into()).await?;
                self.reviews.refresh(voter.into(), &mut known).await?;
                if self.reviews.write(voter.into(), &known).await? {
                    return Ok(());
                }
            }
            Err(Unavailable::from(vote_cache::StateError::Contended))
        };
        if let Err(error) = told.await {
            tracing::warn!(%voter, %error, "a voter's state was not told");
        }
    }
}

/// Who voids, why, and at what price.
#[derive(Clone, Debug)]
pub struct VoidOrder {
    /// Who voids.
    pub by: UserId,
    /// Why; at most 500 characters.
    pub reason: String,
    /// Whether the votes of the day stay used; else they are returned.
    pub forfeit: bool,
}

/// Votes to void: one vote, or all that a member has cast on the review so far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewVoidRequest {
    /// One vote; it may still be queued.
    vote_id: Option<Uuid>,
    /// All votes of this member on the review, those still queued too.
    voter: Option<VoterBody>,
    /// Why, up to 500 characters.
    reason: String,
    /// Whether the votes of the day stay used; else they are returned.
    #[serde(default)]
    forfeit: bool,
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
    post, path = "/api/v1/reviews/{review_id}/voids", tag = "votes",
    request_body = ReviewVoidRequest, params(("review_id" = Uuid, Path)),
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
    body: Json<ReviewVoidRequest>,
) -> Result<HttpResponse, Problem> {
    require(&gateway.store, &actor, Permission::VoidReviewVote).await?;
    let target = match (body.vote_id, &body.voter) {
        (Some(vote_id), None) => ReviewVoid::Vote(VoteId(vote_id)),
        (None, Some(voter)) => ReviewVoid::Voter(member(&voter.parse()?)?),
        _ => {
            return Err(Problem::invalid(
                "invalid_body",
                "A void names either a vote_id or a voter.",
            ));
        }
    };
    let order = VoidOrder {
        by: actor.user_id,
        reason: text("reason", &body.reason, VOID_REASON_MAX)?,
        forfeit: body.forfeit,
    };
    let voiding = gateway.void_review_votes(ReviewId(*review), target, order);
    let (void_id, voided) = voiding.await?;
    Ok(HttpResponse::Accepted().json(VoidedBody {
        void_id,
        voided: voided.n_votes,
        waiting: voided.is_waiting,
    }))
}
