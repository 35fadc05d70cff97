//! What a voter wants ([`Ballot`]) and what was admitted ([`CampaignVote`]).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::voter_state::Vote;
use crate::{CampaignId, LotId, Seq, VoteId, Voter, VoterId};

/// The most lots that one vote draws on.
pub const DRAWS_MAX: usize = 256;

/// An option's place in its campaign, from 0; fixed once the campaign is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionNo(pub u32);

/// A channel's place in its campaign, from 0; fixed once the campaign is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelNo(pub u32);

/// An hour of UTC, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(pub i32);

impl Hour {
    /// The hour that `at` lies in.
    #[must_use]
    pub fn of(at: DateTime<Utc>) -> Self {
        Self(i32::try_from(at.timestamp().div_euclid(3_600)).unwrap_or(i32::MAX))
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        DateTime::from_timestamp(i64::from(self.0) * 3_600, 0).unwrap_or_default()
    }
}

/// What a voter asks for: to spend tickets on an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ballot {
    /// The option voted for.
    pub option: OptionNo,
    /// The channel the vote comes by.
    pub channel: ChannelNo,
    /// How many tickets it spends, at least 1.
    pub tickets: u32,
}

/// Tickets that a vote takes from one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The lot.
    pub lot: LotId,
    /// The local day of a free lot, which is in SQL only once it was drawn on.
    pub free_day: Option<NaiveDate>,
    /// How many tickets.
    pub tickets: u32,
}

/// A vote as admitted: with all that settling needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignVote {
    /// Names the vote, from its admission on.
    pub vote_id: VoteId,
    /// Where it was cast.
    pub campaign: CampaignId,
    /// Who cast it.
    pub voter: Voter,
    /// What was asked.
    pub ballot: Ballot,
    /// Its place among the voter's votes in the campaign.
    pub seq: Seq,
    /// The campaign's local day, to which the channel's daily limit applies.
    pub day: NaiveDate,
    /// The channel's daily limit it was held to, if there is one.
    pub limit: Option<u32>,
    /// The lots its tickets come from, soonest expiry first; together `ballot.tickets`.
    pub draws: Vec<Draw>,
}

impl CampaignVote {
    /// The hour it counts towards: that of its admission.
    #[must_use]
    pub fn hour(&self) -> Hour {
        Hour::of(self.seq.at())
    }
}

impl Vote for CampaignVote {
    type Ballot = Ballot;

    fn vote_id(&self) -> VoteId {
        self.vote_id
    }

    fn voter_id(&self) -> VoterId {
        self.voter.voter_id()
    }

    fn seq(&self) -> Seq {
        self.seq
    }

    fn ballot(&self) -> Ballot {
        self.ballot
    }
}
