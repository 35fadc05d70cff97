//! Campaigns: what they lay down, and how far their closing has come.

use std::collections::HashMap;

use vote_domain::CampaignId;
use vote_domain::campaign::{Channel, OptionNo, Progress, Terms};

use crate::run::{read, read_snapshot};
use crate::{Store, StoreError};

/// What changes about a campaign, or is needed at every vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignHead {
    /// The terms.
    pub terms: Terms,
    /// How far its closing has come.
    pub progress: Progress,
    /// One higher with each edit: the same version has the same channels and options.
    pub version: u64,
}

/// What a campaign's ballot paper offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BallotPaper {
    /// The version it was read at.
    pub version: u64,
    /// The channels, in their order.
    pub channels: Vec<Channel>,
    /// The options by key.
    pub options: HashMap<String, OptionNo>,
}

impl Store {
    /// Reads the heads of those of `campaigns` that exist.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaign_heads(
        &self,
        campaigns: &[CampaignId],
    ) -> Result<HashMap<CampaignId, CampaignHead>, StoreError> {
        read!(self, campaigns::heads(campaigns))
    }

    /// Reads the heads of all campaigns whose result is not frozen.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn unfinished_campaigns(&self) -> Result<Vec<CampaignHead>, StoreError> {
        read!(self, campaigns::unfinished())
    }

    /// Reads the channels and options of `campaign`, if it exists.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ballot_paper(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<BallotPaper>, StoreError> {
        read_snapshot!(self, campaigns::ballot_paper(campaign))
    }
}
