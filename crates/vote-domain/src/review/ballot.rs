//! What a voter wants ([`Ballot`]) and what was admitted ([`ReviewVote`]).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::voter_state::Vote;
use crate::{ReviewId, Seq, UserId, VoteId, VoterId};

/// The side a vote takes. A vote without a direction takes back the one that stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// For the review.
    Up,
    /// Against it.
    Down,
}

/// What a voter asks for: to vote a review up or down, or (`None`) to take the vote back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ballot {
    /// The review voted on.
    pub review: ReviewId,
    /// The side taken; `None` takes back the vote that stands.
    pub direction: Option<Direction>,
}

/// A vote as admitted: with all that settling needs, so that no later change of policy,
/// zone or clock can alter what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewVote {
    /// Names the vote, from its admission on.
    pub vote_id: VoteId,
    /// Who cast it.
    pub voter: UserId,
    /// The review voted on.
    pub review: ReviewId,
    /// The side taken; `None` takes back what stood.
    pub direction: Option<Direction>,
    /// Its place among the voter's votes.
    pub seq: Seq,
    /// The voter's local day it counts towards.
    pub day: NaiveDate,
    /// How many of the day's votes it uses: 1, or 0 for a take-back.
    pub cost: u32,
    /// The daily limit it was held to.
    pub limit: u32,
}

impl ReviewVote {
    /// Whether it votes the review up.
    pub(super) fn is_up(&self) -> bool {
        self.direction == Some(Direction::Up)
    }
}

impl Vote for ReviewVote {
    type Ballot = Ballot;

    fn vote_id(&self) -> VoteId {
        self.vote_id
    }

    fn voter_id(&self) -> VoterId {
        self.voter.into()
    }

    fn seq(&self) -> Seq {
        self.seq
    }

    fn ballot(&self) -> Ballot {
        Ballot {
            review: self.review,
            direction: self.direction,
        }
    }
}
