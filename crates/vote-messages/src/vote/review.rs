//! Votes on reviews, as messages.

use vote_domain::Seq;
use vote_domain::review::ReviewVote;

use super::{AnyVote, BallotMessage, WireVote};
use crate::field::{self, Malformed};
use crate::proto::vote as proto;

impl WireVote for ReviewVote {
    fn ballot_message(&self) -> BallotMessage {
        BallotMessage(proto::vote::Ballot::Review(proto::ReviewBallot {
            review_id: field::id_bytes(self.review.0),
            direction: field::direction_number(self.direction),
            day: self.day.to_epoch_days(),
            cost: self.cost,
            limit: self.limit,
        }))
    }

    fn of(vote: AnyVote) -> Option<Self> {
        match vote {
            AnyVote::Review(vote) => Some(vote),
            AnyVote::Campaign(_) => None,
        }
    }
}

pub(super) fn decode(
    vote: &proto::Vote,
    ballot: &proto::ReviewBallot,
) -> Result<ReviewVote, Malformed> {
    if ballot.cost > 1 {
        return Err(Malformed(format!("a cost of {}", ballot.cost)));
    }
    Ok(ReviewVote {
        vote_id: field::id("vote_id", &vote.vote_id)?,
        voter: field::id("voter_id", &vote.voter_id)?,
        review: field::id("review_id", &ballot.review_id)?,
        direction: field::direction(ballot.direction)?,
        seq: Seq(vote.seq),
        day: field::day(ballot.day)?,
        cost: ballot.cost,
        limit: ballot.limit,
    })
}
