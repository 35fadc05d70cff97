//! Who is ahead: tallies by option, by hour, by fan. All of it is
//! read from rows that were counted when votes settled; no votes are counted here.

use std::ops::Range;

use vote_domain::campaign::{ChannelNo, Hour, OptionNo};
use vote_domain::{CampaignId, VoterId, VoterKind};

use crate::run::{read, read_snapshot};
use crate::{Store, StoreError};

/// A voter who spent tickets on an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fan {
    /// The key the voter is kept under.
    pub voter: VoterId,
    /// Where the voter comes from.
    pub kind: VoterKind,
    /// The voter's name among those of the kind.
    pub id: String,
    /// What people call the voter: a member's user name, anybody else's id.
    pub name: String,
    /// Tickets spent on the option, at least 1.
    pub tickets: u64,
}

impl Store {
    /// Reads the tickets spent on each option of `campaign`, in the whole or on one
    /// channel. Options without any may be missing; the order means nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn option_totals(
        &self,
        campaign: CampaignId,
        channel: Option<ChannelNo>,
    ) -> Result<Vec<(OptionNo, u64)>, StoreError> {
        read!(self, boards::totals(campaign, channel))
    }

    /// As [`Store::option_totals`], of votes admitted in `hours` alone: whole days are
    /// summed from days, what is left at both ends from hours.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn option_totals_within(
        &self,
        campaign: CampaignId,
        channel: Option<ChannelNo>,
        hours: Range<Hour>,
    ) -> Result<Vec<(OptionNo, u64)>, StoreError> {
        read_snapshot!(self, boards::totals_within(campaign, channel, &hours))
    }

    /// Reads the tickets spent on `option` in each of `hours`, oldest first. Hours without
    /// any may be missing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn option_hours(
        &self,
        campaign: CampaignId,
        option: OptionNo,
        channel: Option<ChannelNo>,
        hours: Range<Hour>,
    ) -> Result<Vec<(Hour, u64)>, StoreError> {
        read!(self, boards::hours(campaign, option, channel, &hours))
    }

    /// Reads up to `limit` fans of `option`, most tickets first, from behind the one of
    /// these tickets and this voter on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn fans(
        &self,
        campaign: CampaignId,
        option: OptionNo,
        after: Option<(u64, VoterId)>,
        limit: u32,
    ) -> Result<Vec<Fan>, StoreError> {
        read_snapshot!(self, boards::fans(campaign, option, after, limit))
    }

    /// Reads the tickets that `voter` spent on `option`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn fan_tickets(
        &self,
        campaign: CampaignId,
        option: OptionNo,
        voter: VoterId,
    ) -> Result<u64, StoreError> {
        read!(self, boards::fan_tickets(campaign, option, voter))
    }

    /// Counts the fans of `option` with more than so many tickets, up to `most`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn fans_ahead(
        &self,
        campaign: CampaignId,
        option: OptionNo,
        tickets: u64,
        most: u32,
    ) -> Result<u32, StoreError> {
        read!(self, boards::fans_ahead(campaign, option, tickets, most))
    }
}
