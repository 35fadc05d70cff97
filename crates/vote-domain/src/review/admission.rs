//! Whether a ballot may be cast now.

use chrono::{DateTime, Utc};

use super::{Ballot, Quota, QuotaPolicy, ReviewVote, VoterState};
use crate::{Seq, UserId, VoteId};

/// What admission must know of a review that is there to be voted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewFacts {
    /// Who wrote it; never changes.
    pub author: UserId,
}

/// A ballot that may be cast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It makes a vote: reserve it in the voter's state, then enqueue it.
    Cast(ReviewVote),
    /// The direction stands already, by this vote; nothing is cast and nothing costs.
    Stands(VoteId),
    /// There is nothing to take back.
    Nothing,
}

/// Why a ballot may not be cast; nothing changes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// One's own review.
    #[error("nobody may vote on their own review")]
    SelfVote,
    /// The day's votes are used.
    #[error("all {} votes of the day are used", .0.limit)]
    DailyQuotaUsed(Quota),
}

/// Decides whether `voter` may cast `ballot` at `now`, and stamps the vote `vote_id`.
///
/// Pure: the gateway runs it on the state read together with `now`. The state must
/// [know](VoterState::knows) the review. The day is that of the stamped time, which for
/// one voter never runs backwards.
///
/// # Errors
/// [`Rejection`], by what `facts`, `state` and `policy` say.
pub fn admit(
    state: &VoterState,
    facts: &ReviewFacts,
    policy: &QuotaPolicy,
    now: DateTime<Utc>,
    voter: UserId,
    ballot: Ballot,
    vote_id: VoteId,
) -> Result<Admission, Rejection> {
    if facts.author == voter {
        return Err(Rejection::SelfVote);
    }
    let standing = state.standing(ballot.review);
    match (standing, ballot.direction) {
        (Some(standing), Some(asked)) if standing.direction == Some(asked) => {
            return Ok(Admission::Stands(standing.vote_id));
        }
        (standing, None) if standing.is_none_or(|s| s.direction.is_none()) => {
            return Ok(Admission::Nothing);
        }
        _ => {}
    }

    let seq = Seq::after(state.last_seq(), now);
    let day = policy.day(seq.at());
    let cost = u32::from(ballot.direction.is_some());
    let used = state.used_on(day);
    if used + cost > policy.votes_per_day && cost > 0 {
        return Err(Rejection::DailyQuotaUsed(policy.quota(day, used)));
    }
    Ok(Admission::Cast(ReviewVote {
        vote_id,
        voter,
        review: ballot.review,
        direction: ballot.direction,
        seq,
        day,
        cost,
        limit: policy.votes_per_day,
    }))
}
