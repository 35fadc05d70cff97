//! What admission must know of a campaign.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use tokio::time::Instant;
use vote_domain::CampaignId;
use vote_domain::campaign::Facts;
use vote_store::campaigns::CampaignHead;
use vote_store::{Store, StoreError};

use crate::coalesce::Coalesced;
use crate::error::Unavailable;

/// How many campaigns are kept in memory.
const KEPT_MAX: u64 = 10_000;

/// The longest that reading may take, from asking for the head to the end: what is read is as
/// old when it is there.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// How long it is tried to read one in time.
const SLOW_FOR: Duration = Duration::from_secs(3);

/// How often a campaign is read while it is being edited.
const READ_TRIES: u32 = 5;

/// The facts of campaigns, read from SQL a moment ago. That one is missing is kept too.
#[derive(Clone)]
pub(crate) struct CampaignFacts {
    store: Store,
    heads: Coalesced<CampaignId, CampaignHead>,
    /// Fresh enough to admit on.
    fresh: Cache<CampaignId, Option<Arc<Facts>>>,
    /// Read at some time: good again where the head has not changed.
    read: Cache<CampaignId, (CampaignHead, Arc<Facts>)>,
}

impl CampaignFacts {
    pub(crate) fn new(store: &Store, max_age: Duration) -> Self {
        let for_heads = store.clone();
        Self {
            store: store.clone(),
            heads: Coalesced::new(move |campaigns| {
                let store = for_heads.clone();
                async move { store.campaign_heads(&campaigns).await }
            }),
            fresh: Cache::builder()
                .max_capacity(KEPT_MAX)
                .time_to_live(max_age)
                .build(),
            read: Cache::new(KEPT_MAX),
        }
    }

    /// The facts of `campaign`; `None` if there is none.
    pub(crate) async fn get(
        &self,
        campaign: CampaignId,
    ) -> Result<Option<Arc<Facts>>, Unavailable> {
        if let Some(facts) = self.fresh.get(&campaign).await {
            return Ok(facts);
        }
        let facts = self.load(campaign).await?;
        self.fresh.insert(campaign, facts.clone()).await;
        Ok(facts)
    }

    async fn load(&self, campaign: CampaignId) -> Result<Option<Arc<Facts>>, Unavailable> {
        let began_at = Instant::now();
        for _ in 0..READ_TRIES {
            let asked_at = Instant::now();
            let Some(head) = self.heads.get(campaign).await? else {
                return Ok(None);
            };
            let facts = self.of_head(campaign, head).await?;
            if asked_at.elapsed() <= READ_WITHIN {
                if facts.is_some() {
                    return Ok(facts);
                }
            } else if began_at.elapsed() > SLOW_FOR {
                let reason = "what campaigns say comes too late to go by";
                return Err(StoreError::TooSlow(reason.to_owned()).into());
            }
        }
        Err(StoreError::Contention("the campaign is being edited".to_owned()).into())
    }

    /// The facts that `head` belongs to; `None` where it has been edited since. They are kept,
    /// so that whoever reads the same head again has the rest.
    async fn of_head(
        &self,
        campaign: CampaignId,
        head: CampaignHead,
    ) -> Result<Option<Arc<Facts>>, Unavailable> {
        if let Some((known, facts)) = self.read.get(&campaign).await
            && known == head
        {
            return Ok(Some(facts));
        }
        let paper = self.store.ballot_paper(campaign).await?;
        let Some(paper) = paper.filter(|paper| paper.version == head.version) else {
            return Ok(None);
        };
        let facts = Arc::new(Facts {
            terms: head.terms.clone(),
            progress: head.progress,
            channels: paper.channels,
            options: paper.options,
        });
        self.read.insert(campaign, (head, facts.clone())).await;
        Ok(Some(facts))
    }
}
