//! Reading a campaign: its head through the cache, its paper from memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vote_domain::CampaignId;
use vote_domain::campaign::{CampaignOption, Channel, ChannelNo, OptionNo, Progress, Stage, Terms};
use vote_store::campaigns::{Campaign, CampaignDetail};

use super::Standing;
use super::problem::{campaign_not_found, channel_not_found, option_not_found};
use crate::catalog::Catalog;
use crate::entries::Life;
use crate::failure::{Failure, overloaded};
use crate::names;

/// How long a head is kept: how a campaign's closing goes on shows within that.
const HEAD_TTL: Duration = Duration::from_secs(1);

/// How often a head is read again because its campaign was edited meanwhile.
const PAPER_TRIES: u32 = 3;

/// A campaign without its channels and options.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) terms: Terms,
    pub(crate) progress: Progress,
    pub(crate) version: u64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<Campaign> for Head {
    fn from(campaign: Campaign) -> Self {
        Self {
            name: campaign.name,
            terms: campaign.terms,
            progress: campaign.progress,
            version: campaign.version,
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
        }
    }
}

impl Head {
    /// What it looks like from outside at `now`.
    pub(crate) fn stage(&self, now: DateTime<Utc>) -> Stage {
        self.terms.stage(self.progress, now)
    }

    pub(crate) fn standing(&self) -> Standing {
        Standing {
            campaign: self.terms.campaign,
            version: self.version,
            progress: self.progress,
        }
    }
}

/// The channels and options of one version of a campaign.
#[derive(Debug)]
pub(crate) struct Paper {
    pub(crate) channels: Vec<Channel>,
    pub(crate) options: Vec<CampaignOption>,
    numbers: HashMap<String, OptionNo>,
}

impl Paper {
    pub(crate) fn new(channels: Vec<Channel>, options: Vec<CampaignOption>) -> Self {
        let keys = options.iter().map(|option| option.key.clone());
        Self {
            numbers: keys.zip((0..).map(OptionNo)).collect(),
            channels,
            options,
        }
    }

    /// The option called `key`.
    ///
    /// # Errors
    /// 404 `option_not_found`.
    pub(crate) fn option_no(&self, key: &str) -> Result<OptionNo, Failure> {
        let number = self.numbers.get(key).copied();
        Ok(number.ok_or_else(option_not_found)?)
    }

    /// The option of this number.
    pub(crate) fn option(&self, number: OptionNo) -> Option<&CampaignOption> {
        self.options.get(usize::try_from(number.0).ok()?)
    }

    /// The channel called `key`; none if none is named.
    ///
    /// # Errors
    /// 404 `channel_not_found`.
    pub(crate) fn channel_no(&self, key: Option<&str>) -> Result<Option<ChannelNo>, Failure> {
        let Some(key) = key else { return Ok(None) };
        let mut numbered = (0..).map(ChannelNo).zip(&self.channels);
        let found = numbered.find(|(_, channel)| channel.key == key);
        Ok(Some(found.ok_or_else(channel_not_found)?.0))
    }

    /// Bytes it takes in memory, about.
    pub(crate) fn n_bytes(&self) -> u32 {
        let names = |option: &CampaignOption| 2 * option.key.len() + option.name.len() + 300;
        let n_bytes: usize = self.options.iter().map(names).sum();
        u32::try_from(n_bytes).unwrap_or(u32::MAX)
    }
}

impl Catalog {
    /// The time that campaigns go by: Redis' own, or while it is away this machine's.
    pub(crate) async fn time(&self) -> DateTime<Utc> {
        match self.cache.now().await {
            Ok(now) => now,
            Err(_) => self.clock.now(),
        }
    }

    /// The head of `id`, through the cache.
    ///
    /// # Errors
    /// 404 `campaign_not_found`.
    pub(crate) async fn campaign_head(&self, id: CampaignId) -> Result<Head, Failure> {
        let store = self.store.clone();
        let load = move || async move { Ok(store.campaign(id).await?.map(Head::from)) };
        let life = Life {
            ttl: HEAD_TTL,
            missing_ttl: self.settings.missing_ttl,
        };
        let found = self.entries.get(&names::campaign(id), life, load).await?;
        Ok(found.ok_or_else(campaign_not_found)?)
    }

    /// The head of `id`, and the paper of the same version.
    ///
    /// # Errors
    /// 404 `campaign_not_found`.
    pub(crate) async fn whole_campaign(
        &self,
        id: CampaignId,
    ) -> Result<(Head, Arc<Paper>), Failure> {
        for _ in 0..PAPER_TRIES {
            let head = self.campaign_head(id).await?;
            let version = head.version;
            let load = async {
                let detail = self.store.campaign_detail(id).await?;
                // An older version never comes back.
                let detail = detail.filter(|detail| detail.campaign.version == version);
                Ok(detail.map(
                    |CampaignDetail {
                         channels, options, ..
                     }| Arc::new(Paper::new(channels, options)),
                ))
            };
            let paper = self.campaigns.papers.get((id, version), load).await?;
            if let Some(paper) = paper.as_ref() {
                return Ok((head, Arc::clone(paper)));
            }
            self.entries.invalidate(&[names::campaign(id)]).await;
        }
        Err(overloaded("The campaign is being edited.").into())
    }
}
