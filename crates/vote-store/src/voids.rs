//! Taking votes out of the count, before and after they settled.
//!
//! A void of one vote that is not in the ledger yet leaves a mark, and so does every void
//! of a voter. What settles later under a mark is voided as it settles. The mark of a vote
//! may commit after settling looked for marks and before the vote commits: that is what
//! [`Store::apply_campaign_marks`] is for, which also ends a voter's void that was interrupted.
//! Voids hold the campaign's row, so that none slips in once the campaign is drained.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vote_domain::campaign::Touched;
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, RejectReason, Seq, VoteId, Voter, VoterId};

use crate::audit::AuditActor;
use crate::run::{read, write};
use crate::{Store, StoreError};

/// A void to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVoid {
    /// Names the void.
    pub void_id: Uuid,
    /// Why; at most 500 characters.
    pub reason: String,
    /// Whether the tickets are lost to the voter; else they return to their lots.
    pub forfeit: bool,
    /// Who voids.
    pub by: AuditActor,
    /// Its place among the voids of the campaign: microseconds of the time it was made.
    /// Of several voids over one vote the first holds.
    pub position: i64,
}

/// What became of a void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoidOutcome {
    /// It is carried out.
    Done {
        /// How many votes were voided now.
        voided: u64,
        /// What to tell the voters' states, in this order; one voter may be there several
        /// times, once for each transaction.
        voters: Vec<(VoterId, Settled<Touched>)>,
    },
    /// The ledger does not know the vote; it will be voided when it settles.
    Waiting,
    /// The vote was voided before.
    AlreadyVoided,
    /// The vote was rejected: there is nothing to void.
    NotCounted(RejectReason),
    /// The vote belongs to another campaign.
    OfAnotherCampaign,
    /// The campaign is drained or final; it never moves again.
    NotOpen,
    /// There is no such campaign.
    NoSuchCampaign,
}

/// The most votes voided in one transaction.
pub(crate) const VOIDS_MAX: usize = 256;

/// What one transaction of several did, and whether more are due.
#[derive(Default)]
pub(crate) struct VoidStep {
    pub(crate) voided: u64,
    pub(crate) voters: Vec<(VoterId, Settled<Touched>)>,
    /// Whether the same mark has more to void.
    pub(crate) more: bool,
    /// Whether the campaign takes no voids any more.
    pub(crate) is_closed: bool,
}

impl VoidStep {
    /// Nothing, for the campaign takes no voids any more.
    pub(crate) fn closed() -> Self {
        Self {
            is_closed: true,
            ..Self::default()
        }
    }
}

/// Which marks have something to void.
pub(crate) enum Due {
    Nothing,
    /// Marks of votes that the ledger knows.
    Votes,
    /// The void of a voter, under this id.
    Voter(Uuid),
}

/// What became of the mark of a voter's void.
pub(crate) enum Marked {
    /// The votes are under this void, an earlier one if that covers them too; what has
    /// settled before it is to be voided.
    Under(Uuid, Option<(VoterId, Settled<Touched>)>),
    NotOpen,
    NoSuchCampaign,
}

impl Store {
    /// Voids `vote`, or leaves a mark for it if the ledger does not know it, with an audit
    /// record. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written, unless [`StoreError::Unavailable`] hides a
    /// commit that went through.
    pub async fn void_vote(
        &self,
        campaign: CampaignId,
        vote: VoteId,
        void: &NewVoid,
        now: DateTime<Utc>,
    ) -> Result<VoidOutcome, StoreError> {
        let outcome = write!(self, voids::void_vote(campaign, vote, void, now))?;
        if outcome != VoidOutcome::Waiting {
            return Ok(outcome);
        }
        // A vote that settled after it was looked for and before the mark was there to be
        // seen is in the ledger now; any other finds the mark.
        write!(self, voids::void_vote(campaign, vote, void, now))
    }

    /// Voids all votes of `voter` up to `up_to`, those too that have yet to settle, with an
    /// audit record: first the mark, then what has settled, some votes at a time. Repeating
    /// it changes nothing; if it is interrupted, [`Store::apply_campaign_marks`] ends it.
    ///
    /// # Errors
    /// [`StoreError`]; part of it may be done.
    pub async fn void_voter(
        &self,
        campaign: CampaignId,
        voter: &Voter,
        up_to: Seq,
        void: &NewVoid,
        now: DateTime<Utc>,
    ) -> Result<VoidOutcome, StoreError> {
        let mut voters = Vec::new();
        let marked = write!(self, voids::mark_voter(campaign, voter, up_to, void, now))?;
        let mark = match marked {
            Marked::Under(mark, settled) => {
                voters.extend(settled);
                mark
            }
            Marked::NotOpen => return Ok(VoidOutcome::NotOpen),
            Marked::NoSuchCampaign => return Ok(VoidOutcome::NoSuchCampaign),
        };
        let mut voided = 0;
        loop {
            let step = write!(self, voids::apply_voter_mark(campaign, mark, now))?;
            voided += step.voided;
            voters.extend(step.voters);
            if !step.more {
                return Ok(VoidOutcome::Done { voided, voters });
            }
        }
    }

    /// Voids what has settled past a mark, and ends voids that were interrupted: what to
    /// tell the voters' states, in this order. Where there is nothing to do, which is nearly
    /// always, it is one indexed read.
    ///
    /// # Errors
    /// [`StoreError`]; part of it may be done.
    pub async fn apply_campaign_marks(
        &self,
        campaign: CampaignId,
        now: DateTime<Utc>,
    ) -> Result<Vec<(VoterId, Settled<Touched>)>, StoreError> {
        let mut voters = Vec::new();
        loop {
            let step = match read!(self, voids::due(campaign))? {
                Due::Nothing => return Ok(voters),
                Due::Votes => write!(self, voids::apply_vote_marks(campaign, now))?,
                Due::Voter(mark) => write!(self, voids::apply_voter_mark(campaign, mark, now))?,
            };
            let is_closed = step.is_closed;
            voters.extend(step.voters);
            if is_closed {
                return Ok(voters);
            }
        }
    }
}
