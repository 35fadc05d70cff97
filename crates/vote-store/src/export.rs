//! The ledgers, row by row in the order of keys, for taking them elsewhere.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use vote_domain::{CampaignId, LotId, ReviewId, Seq, UserId, VoteId, VoterId};

use crate::run::read;
use crate::{Store, StoreError};

/// What a void made of a vote after it had settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedVoid {
    /// The void.
    pub void_id: Uuid,
    /// Whether what the vote used is lost to the voter.
    pub forfeited: bool,
    /// Why it was made.
    pub reason: String,
    /// When.
    pub voided_at: DateTime<Utc>,
}

/// A row of the ledger of votes on reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedReviewVote {
    /// The vote.
    pub vote_id: VoteId,
    /// Who cast it.
    pub voter: UserId,
    /// On what.
    pub review: ReviewId,
    /// Its place among the voter's votes: microseconds since the Unix epoch.
    pub seq: Seq,
    /// 1 up, -1 down, 0 taken back.
    pub direction: i16,
    /// The voter's local day.
    pub day: NaiveDate,
    /// What it cost of the day's votes.
    pub cost: u32,
    /// The limit it was held to.
    pub day_limit: u32,
    /// Why it is none; nothing for one that counted when it settled.
    pub reason: Option<String>,
    /// When it settled.
    pub settled_at: DateTime<Utc>,
    /// Its void, if it was voided.
    pub void: Option<ExportedVoid>,
}

/// A row of the ledger of a campaign's votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedCampaignVote {
    /// The vote.
    pub vote_id: VoteId,
    /// Who cast it.
    pub voter: VoterId,
    /// The voter's kind and name.
    pub voter_name: Option<(String, String)>,
    /// The option's key; none where the vote named no option.
    pub option: Option<String>,
    /// The channel's key; none where the vote named no channel.
    pub channel: Option<String>,
    /// What it spent.
    pub tickets: u32,
    /// Its place among the voter's votes: microseconds since the Unix epoch.
    pub seq: Seq,
    /// The campaign's local day.
    pub day: NaiveDate,
    /// The channel's limit it was held to, if there was one.
    pub use_limit: Option<u32>,
    /// Lots, and how many tickets came from each.
    pub draws: Vec<(LotId, u32)>,
    /// Why it is none; nothing for one that counted when it settled.
    pub reason: Option<String>,
    /// Whether a vote that settled as voided lost its tickets.
    pub forfeited: bool,
    /// When it settled.
    pub settled_at: DateTime<Utc>,
    /// Its void, if it was voided after it had counted.
    pub void: Option<ExportedVoid>,
}

/// Which votes are taken, by when they were admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The moment behind the last.
    pub to: DateTime<Utc>,
}

impl Admitted {
    /// Whenever.
    pub const EVER: Self = Self {
        from: DateTime::<Utc>::UNIX_EPOCH,
        to: DateTime::<Utc>::MAX_UTC,
    };

    /// The sequence numbers that fall within.
    pub(crate) fn seqs(self) -> std::ops::Range<i64> {
        self.from.timestamp_micros()..self.to.timestamp_micros()
    }
}

impl Store {
    /// Reads up to `limit` rows of the ledger of votes on reviews behind `after`, in the
    /// order of vote ids; fewer when no more follow.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn export_review_votes(
        &self,
        admitted: Admitted,
        after: Option<VoteId>,
        limit: u32,
    ) -> Result<Vec<ExportedReviewVote>, StoreError> {
        read!(self, export::review_votes(admitted, after, limit))
    }

    /// Reads up to `limit` rows of the ledger of `campaign` behind `after`, in the order of
    /// voters, then of their votes; fewer when no more follow.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn export_campaign_votes(
        &self,
        campaign: CampaignId,
        admitted: Admitted,
        after: Option<(VoterId, Seq, VoteId)>,
        limit: u32,
    ) -> Result<Vec<ExportedCampaignVote>, StoreError> {
        read!(
            self,
            export::campaign_votes(campaign, admitted, after, limit)
        )
    }
}
