//! Closing a campaign: one worker at a time, step by step, each of which may be repeated.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vote_domain::campaign::{ChannelNo, OptionNo, Progress, ResultFacts};
use vote_domain::{CampaignId, Seq, VoteId, VoterId};

use crate::run::{read, read_snapshot, write};
use crate::{Store, StoreError};

/// Who may close a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingLease {
    /// Whoever asked.
    Taken,
    /// Somebody else.
    HeldBy {
        /// Who.
        holder: Uuid,
        /// Until when, unless extended.
        until: DateTime<Utc>,
    },
    /// Nobody: the result is frozen.
    Final,
    /// Nobody: there is no such campaign.
    NoSuchCampaign,
}

/// Why a step of the close was not taken; nothing changed then.
#[derive(Debug, thiserror::Error)]
pub enum ClosingError {
    /// SQL failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such campaign.
    #[error("no such campaign")]
    NoSuchCampaign,
    /// The lease is somebody else's, or has run out.
    #[error("the closing lease is not held")]
    NotHeld,
    /// The campaign's end is not there yet.
    #[error("the campaign is not over")]
    NotOver,
    /// The step before was not taken.
    #[error("the close has come to {0:?} only")]
    TooEarly(Progress),
    /// Dead letters of the box wait for an operator.
    #[error("{0} dead letters of the campaign's box are open")]
    DeadLetters(u64),
    /// Voids are not carried out yet: [`Store::apply_campaign_marks`] does that.
    #[error("voids are not carried out yet")]
    OpenVoids,
    /// What the ledger adds up to is not what was counted.
    #[error("ledger and totals differ: {0}")]
    Differs(Difference),
    /// The frozen result is not what the ledger adds up to.
    #[error("the frozen result is not that of the ledger")]
    OtherResult,
}

/// Where the ledger and the totals differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "option {} by channel {}: {} tickets in {} votes, but counted {} in {}",
    .option.0, .channel.0, .ledger.tickets, .ledger.n_votes, .totals.tickets, .totals.n_votes
)]
pub struct Difference {
    /// The option.
    pub option: OptionNo,
    /// The channel.
    pub channel: ChannelNo,
    /// What the ledger has.
    pub ledger: Total,
    /// What was counted.
    pub totals: Total,
}

/// What an option got by a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Tickets.
    pub tickets: i64,
    /// Votes.
    pub n_votes: i64,
}

/// A result as it was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenResult {
    /// The canonical form.
    pub canonical: String,
    /// Its SHA-256 in hexadecimal.
    pub digest: String,
    /// Votes that counted.
    pub n_votes: u64,
    /// When it was frozen.
    pub frozen_at: DateTime<Utc>,
}

impl Store {
    /// Takes the closing lease of `campaign` for `holder`, or extends it, until `until`;
    /// `now` says whether another's has run out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn take_closing_lease(
        &self,
        campaign: CampaignId,
        holder: Uuid,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<ClosingLease, StoreError> {
        write!(self, closing::take_lease(campaign, holder, now, until))
    }

    /// Gives the closing lease back, if `holder` has it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn release_closing_lease(
        &self,
        campaign: CampaignId,
        holder: Uuid,
    ) -> Result<(), StoreError> {
        write!(self, closing::release_lease(campaign, holder))
    }

    /// Notes that `campaign` is being closed, from its end on.
    ///
    /// # Errors
    /// [`ClosingError`]
    pub async fn begin_closing(
        &self,
        campaign: CampaignId,
        holder: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), ClosingError> {
        write!(self, closing::begin(campaign, holder, now))?
    }

    /// Notes that every vote of `campaign` is in the ledger: from now on no vote counts and
    /// none is voided. The caller has seen `ballot_box`, the campaign's, empty.
    ///
    /// # Errors
    /// [`ClosingError`]
    pub async fn set_drained(
        &self,
        campaign: CampaignId,
        ballot_box: &str,
        holder: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), ClosingError> {
        write!(
            self,
            closing::set_drained(campaign, ballot_box, holder, now)
        )?
    }

    /// Adds up the ledger of `campaign`, compares it with the totals, and freezes it as the
    /// result. Once it is frozen, this compares the ledger with it.
    ///
    /// # Errors
    /// [`ClosingError`]; nothing is frozen then.
    pub async fn freeze_result(
        &self,
        campaign: CampaignId,
        holder: Uuid,
        now: DateTime<Utc>,
    ) -> Result<ResultFacts, ClosingError> {
        let (progress, frozen) = read_snapshot!(self, closing::standing(campaign))??;
        if progress < Progress::Drained {
            return Err(ClosingError::TooEarly(progress));
        }
        let ledger = self.add_up_ledger(campaign).await?;
        let facts = self.facts_of(campaign, &ledger).await?;
        if let Some(frozen) = frozen {
            return match frozen.digest == facts.digest() {
                true => Ok(facts),
                false => Err(ClosingError::OtherResult),
            };
        }
        let totals = read!(self, closing::totals(campaign))?;
        if let Some(difference) = difference(&ledger, &totals) {
            tracing::error!(%campaign, %difference, "no result is frozen: ledger and totals differ");
            return Err(ClosingError::Differs(difference));
        }
        write!(self, closing::freeze(campaign, holder, &facts, now))??;
        Ok(facts)
    }

    /// Adds up the ledger of `campaign`, and reads the result that was frozen, if one was.
    ///
    /// # Errors
    /// [`ClosingError::NoSuchCampaign`], or [`ClosingError::Store`].
    pub async fn recompute_result(
        &self,
        campaign: CampaignId,
    ) -> Result<(ResultFacts, Option<FrozenResult>), ClosingError> {
        let (_, frozen) = read_snapshot!(self, closing::standing(campaign))??;
        let ledger = self.add_up_ledger(campaign).await?;
        Ok((self.facts_of(campaign, &ledger).await?, frozen))
    }

    /// Reads the result that was frozen, if one was.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn frozen_result(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<FrozenResult>, StoreError> {
        read!(self, closing::frozen(campaign))
    }

    /// Adds up what counts in the ledger, a slice at a time.
    async fn add_up_ledger(&self, campaign: CampaignId) -> Result<Totals, StoreError> {
        let mut totals = Totals::new();
        let mut after = None;
        loop {
            let slice = read!(self, closing::ledger_slice(campaign, after, SLICE_MAX))?;
            for (place, tickets) in slice.counted {
                let total: &mut Total = totals.entry(place).or_default();
                total.tickets += tickets;
                total.n_votes += 1;
            }
            if slice.last.is_none() {
                return Ok(totals);
            }
            after = slice.last;
        }
    }

    /// What a result says if these are the totals.
    async fn facts_of(
        &self,
        campaign: CampaignId,
        totals: &Totals,
    ) -> Result<ResultFacts, ClosingError> {
        read_snapshot!(self, closing::facts(campaign, totals))?
    }
}

/// Totals by option and channel.
pub(crate) type Totals = BTreeMap<(OptionNo, ChannelNo), Total>;

/// Rows of the ledger read at once.
const SLICE_MAX: u32 = 5_000;

/// A row's place in the ledger of a campaign.
pub(crate) type LedgerPlace = (VoterId, Seq, VoteId);

/// Some rows of the ledger.
pub(crate) struct LedgerSlice {
    /// Tickets of those that count.
    pub(crate) counted: Vec<((OptionNo, ChannelNo), i64)>,
    /// The last row's place; none if nothing follows.
    pub(crate) last: Option<LedgerPlace>,
}

/// The first place where `ledger` and `totals` differ.
fn difference(ledger: &Totals, totals: &Totals) -> Option<Difference> {
    let places: BTreeSet<_> = ledger.keys().chain(totals.keys()).collect();
    let of = |totals: &Totals, place| totals.get(place).copied().unwrap_or_default();
    places
        .into_iter()
        .map(|place| Difference {
            option: place.0,
            channel: place.1,
            ledger: of(ledger, place),
            totals: of(totals, place),
        })
        .find(|both| both.ledger != both.totals)
}
