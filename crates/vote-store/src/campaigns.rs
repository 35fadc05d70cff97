//! Campaigns: what they lay down, and how far their closing has come.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use vote_domain::CampaignId;
use vote_domain::campaign::{
    CampaignOption, Channel, Edit, EditRefusal, OptionNo, Plan, Progress, Stage, Terms,
};

use crate::audit::Act;
use crate::run::{read, read_snapshot, write};
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

/// A campaign without its channels and options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// The terms.
    pub terms: Terms,
    /// What people call it.
    pub name: String,
    /// How far its closing has come.
    pub progress: Progress,
    /// One higher with each edit.
    pub version: u64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was edited last.
    pub updated_at: DateTime<Utc>,
}

/// A campaign, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignDetail {
    /// All but channels and options.
    pub campaign: Campaign,
    /// The channels, in their order.
    pub channels: Vec<Channel>,
    /// The options, in their order.
    pub options: Vec<CampaignOption>,
}

impl CampaignDetail {
    /// What it was planned to be.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let Campaign { terms, name, .. } = &self.campaign;
        Plan {
            name: name.clone(),
            starts_at: terms.starts_at,
            ends_at: terms.ends_at,
            zone: terms.zone,
            free_daily_tickets: terms.free_daily_tickets,
            expiry: terms.expiry,
            tickets_per_vote_max: terms.tickets_per_vote_max,
            channels: self.channels.clone(),
            options: self.options.clone(),
        }
    }
}

/// An edit to be carried out.
#[derive(Clone, Debug)]
pub struct CampaignEdit {
    /// The campaign.
    pub campaign: CampaignId,
    /// What to change.
    pub edit: Edit,
    /// The version it must be at; whichever it is at if `None`.
    pub expected: Option<u64>,
    /// The time that decides what may be changed.
    pub now: DateTime<Utc>,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CampaignUpdate {
    /// The campaign is as asked for.
    Done,
    /// There is no such campaign.
    NotFound,
    /// It is at this version.
    Stale(u64),
    /// It may not be changed so.
    Refused(EditRefusal),
}

impl Store {
    /// Creates a campaign, and records `act` as `campaign_created`. Declare its ballot
    /// box before.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn create_campaign(
        &self,
        campaign: CampaignId,
        plan: &Plan,
        act: &Act,
    ) -> Result<(), StoreError> {
        write!(self, campaign_edits::create(campaign, plan, act))
    }

    /// Edits a campaign, raises its version, and records `act` as `campaign_edited`. An
    /// edit that changes nothing writes nothing. `edit.now` is taken for the time at which
    /// this is called.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::TooSlow`] also where the campaign's start came too
    /// near meanwhile.
    pub async fn edit_campaign(
        &self,
        edit: &CampaignEdit,
        act: &Act,
    ) -> Result<CampaignUpdate, StoreError> {
        let asked_at = Instant::now();
        write!(self, campaign_edits::edit(edit, asked_at, act))
    }

    /// Reads a campaign without its channels and options.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaign(&self, campaign: CampaignId) -> Result<Option<Campaign>, StoreError> {
        read!(self, campaigns::campaign(campaign))
    }

    /// Reads a campaign, whole.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaign_detail(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<CampaignDetail>, StoreError> {
        read_snapshot!(self, campaigns::detail(campaign))
    }

    /// Reads up to `limit` campaigns, the latest start first, from behind the one of this
    /// start and id on; only those that are at a stage at a time, if one is given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaigns(
        &self,
        at: Option<(Stage, DateTime<Utc>)>,
        before: Option<(DateTime<Utc>, CampaignId)>,
        limit: u32,
    ) -> Result<Vec<Campaign>, StoreError> {
        read!(self, campaigns::list(at, before, limit))
    }

    /// Reads all campaigns that run but are not over by `ends_after`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn campaigns_ending_after(
        &self,
        ends_after: DateTime<Utc>,
    ) -> Result<Vec<Campaign>, StoreError> {
        read!(self, campaigns::ending_after(ends_after))
    }

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
