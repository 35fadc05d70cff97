//! Taking votes out of the count again.

use std::collections::HashMap;

use uuid::Uuid;

use super::{ReviewVote, Rows, Settlement, Standing, StandingRow};
use crate::{ReviewId, Seq, UserId, VoteId};

/// A void that stands: what arrives under it is voided too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Its place among the voids that a vote may lie under; the first one holds.
    pub position: i64,
    /// The void; of two that share a place, the lower id holds.
    pub void_id: Uuid,
    /// Whether the day's vote stays used; else it is returned.
    pub forfeit: bool,
}

/// A void of all votes of a voter on a review, up to a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoterMark {
    /// The last vote it covers.
    pub up_to: Seq,
    /// The void.
    pub mark: Mark,
}

/// Voids that votes may lie under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Of one vote on a review.
    pub votes: HashMap<(VoteId, ReviewId), Mark>,
    /// Of a voter on a review.
    pub voters: HashMap<(UserId, ReviewId), Vec<VoterMark>>,
}

impl Marks {
    /// The void that `vote` lies under: of several, the first that was made.
    #[must_use]
    pub fn of(&self, vote: &ReviewVote) -> Option<Mark> {
        let of_voter = self.voters.get(&(vote.voter, vote.review));
        of_voter
            .into_iter()
            .flatten()
            .filter(|voter| vote.seq <= voter.up_to)
            .map(|voter| voter.mark)
            .chain(self.votes.get(&(vote.vote_id, vote.review)).copied())
            .min()
    }
}

/// Takes those of `counted` that lie under the marks of `rows` out of the count again, as
/// if they had been voided when they arrived: the same void before or after settling ends
/// in the same rows.
///
/// `counted` are all votes that count of each voter and review named in it; those that
/// stay decide what stands now. Answers what changes, and which votes fell under which
/// void.
pub fn void(rows: &mut Rows, counted: &[ReviewVote]) -> (Settlement, Vec<(VoteId, Mark)>) {
    let mut settlement = Settlement::default();
    let mut voided = Vec::new();
    let mut left: HashMap<(UserId, ReviewId), Option<StandingRow>> = HashMap::new();
    for vote in counted {
        let left = left.entry((vote.voter, vote.review)).or_default();
        match rows.marks.of(vote) {
            Some(mark) => {
                voided.push((vote.vote_id, mark));
                if !mark.forfeit {
                    rows.give_back(vote, &mut settlement);
                }
            }
            None => *left = Some(StandingRow::with(*left, vote)),
        }
    }
    for (key, row) in left {
        rows.stand(key, row, &mut settlement);
    }
    settlement.counters.retain(|_, change| !change.is_nothing());
    (settlement, voided)
}

impl StandingRow {
    /// What stands once `vote` is counted, where `row` stood.
    pub(super) fn with(row: Option<Self>, vote: &ReviewVote) -> Self {
        let (arrived, is_up) = (Standing::of(vote), vote.is_up());
        match row {
            Some(row) => Self {
                standing: if arrived.over(&row.standing) {
                    arrived
                } else {
                    row.standing
                },
                ever_up: row.ever_up || is_up,
            },
            None => Self {
                standing: arrived,
                ever_up: is_up,
            },
        }
    }
}
