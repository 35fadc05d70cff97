//! Taking votes out of the count again.

use std::collections::HashMap;

use super::{CampaignVote, Rows, Settlement};
use crate::{Seq, VoteId, VoterId};

/// A void that stands: what arrives under it is voided too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its place among the voids that a vote may lie under; the first one holds.
    pub position: i64,
    /// Whether the tickets are lost to the voter; else they return to their lots.
    pub forfeit: bool,
}

/// A void of all votes of a voter up to a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoterMark {
    /// The last vote it covers.
    pub up_to: Seq,
    /// The void.
    pub mark: Mark,
}

/// Voids that wait for votes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// By vote.
    pub votes: HashMap<VoteId, Mark>,
    /// By voter.
    pub voters: HashMap<VoterId, Vec<VoterMark>>,
}

impl Marks {
    /// The void that `vote` lies under: of several, the first that was made.
    #[must_use]
    pub fn of(&self, vote: &CampaignVote) -> Option<Mark> {
        let of_voter = self.voters.get(&vote.voter.voter_id());
        let of_voter = of_voter.into_iter().flatten();
        of_voter
            .filter(|voter| vote.seq <= voter.up_to)
            .map(|voter| voter.mark)
            .chain(self.votes.get(&vote.vote_id).copied())
            .min_by_key(|mark| mark.position)
    }
}

/// Takes counted `votes` out of `rows` again, as if they had been voided when they
/// arrived: the same void before or after settling ends in the same rows.
pub fn void<'v>(
    rows: &mut Rows,
    votes: impl IntoIterator<Item = &'v CampaignVote>,
    forfeit: bool,
) -> Settlement {
    let mut settlement = Settlement::default();
    for vote in votes {
        let voter = vote.voter.voter_id();
        settlement.tally(vote, -1);
        if vote.limit.is_some() {
            let key = (voter, vote.ballot.channel, vote.day);
            if let Some(day) = rows.uses.get_mut(&key) {
                day.used = day.used.saturating_sub(vote.ballot.tickets);
                settlement.uses.insert(key);
            }
        }
        if forfeit {
            continue;
        }
        for draw in &vote.draws {
            if let Some(lot) = rows.lots.get_mut(&(voter, draw.lot)) {
                lot.spent = lot.spent.saturating_sub(draw.tickets);
                settlement.lots.insert((voter, draw.lot));
            }
        }
    }
    settlement
}
