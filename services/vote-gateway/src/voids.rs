//! Voids: votes taken out of the count again, those still queued too. What both products
//! share of them: what is asked for, and what is answered.

use chrono::{DateTime, Utc};
use http_kit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::{RejectReason, UserId, VoteId, Voter};
use vote_store::audit::AuditActor;
use vote_store::voids::NewVoid;

use crate::booth::Office;
use crate::request::{VoterBody, text};

/// The longest reason of a void, in characters.
const REASON_MAX: usize = 500;

/// What a void covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidTarget<V> {
    /// One vote.
    Vote(VoteId),
    /// All votes that the voter has cast so far.
    Voter(V),
}

/// Who voids, why, and at what price.
#[derive(Clone, Debug)]
pub struct VoidOrder {
    /// Who voids.
    pub by: UserId,
    /// Why; at most 500 characters.
    pub reason: String,
    /// Whether what the votes cost is lost to the voter; else it is returned.
    pub forfeit: bool,
}

/// What a void did at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voided {
    /// Counted votes it took out.
    pub n_votes: u64,
    /// Whether the one vote is not in the ledger yet; it is voided when it arrives.
    pub is_waiting: bool,
}

impl Office {
    /// The void that `order` asks for, made at `now`.
    pub(crate) fn new_void(&self, order: VoidOrder, now: DateTime<Utc>) -> NewVoid {
        NewVoid {
            void_id: self.ids.next(),
            reason: order.reason,
            forfeit: order.forfeit,
            by: AuditActor::User(order.by),
            position: now.timestamp_micros(),
        }
    }
}

/// Votes to void: one vote, or all that a voter has cast so far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "vote_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52", "reason": "Voted by a machine."
}))]
pub(crate) struct VoidRequest {
    /// One vote; it may still be queued.
    vote_id: Option<Uuid>,
    /// All votes of this voter on the review or in the campaign, those still queued too.
    voter: Option<VoterBody>,
    /// Why, up to 500 characters.
    reason: String,
    /// Whether what the votes cost, tickets or votes of the day, is lost to the voter; else
    /// it is returned.
    #[serde(default)]
    forfeit: bool,
}

impl VoidRequest {
    /// What is to be voided, and the order to, given by `by`.
    ///
    /// # Errors
    /// 422 `invalid_body`, `invalid_voter`.
    pub(crate) fn parse(&self, by: UserId) -> Result<(VoidTarget<Voter>, VoidOrder), Problem> {
        let target = match (self.vote_id, &self.voter) {
            (Some(vote_id), None) => VoidTarget::Vote(VoteId(vote_id)),
            (None, Some(voter)) => VoidTarget::Voter(voter.parse()?),
            _ => {
                return Err(Problem::invalid(
                    "invalid_body",
                    "A void names either a vote_id or a voter.",
                ));
            }
        };
        let order = VoidOrder {
            by,
            reason: text("reason", &self.reason, REASON_MAX)?,
            forfeit: self.forfeit,
        };
        Ok((target, order))
    }
}

/// A void that holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct VoidedBody {
    void_id: Uuid,
    /// Counted votes taken out of the count now.
    voided: u64,
    /// Whether the vote is not in the ledger yet; it is voided when it arrives.
    waiting: bool,
}

impl VoidedBody {
    pub(crate) fn new(void_id: Uuid, voided: Voided) -> Self {
        Self {
            void_id,
            voided: voided.n_votes,
            waiting: voided.is_waiting,
        }
    }
}

/// 409 for a vote that never counted.
pub(crate) fn vote_not_counted(reason: RejectReason) -> Problem {
    Problem::conflict(
        "vote_not_counted",
        format!("The vote was rejected: {reason}."),
    )
}
