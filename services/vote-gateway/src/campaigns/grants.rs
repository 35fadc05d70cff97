//! Granting tickets: committed in SQL, and told to the voter's state, before the answer.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use uuid::Uuid;
use vote_cache::Cache;
use vote_domain::campaign::Facts;
use vote_domain::{CampaignId, GrantId, Ids};
use vote_store::grants::{GrantOutcome, NewGrant};
use vote_store::{Store, StoreError};

use super::Campaigns;
use super::problem::{campaign_not_found, campaign_not_open};
use crate::coalesce::Coalesced;
use crate::error::Unavailable;
use http_kit::Problem;

/// A grant that waits for its transaction.
#[derive(Clone)]
struct Order {
    /// Tells one order from another.
    number: Uuid,
    campaign: CampaignId,
    grant: NewGrant,
}

impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Order {}

impl Hash for Order {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// Grants, gathered: those that arrive while a transaction is under way share the next.
#[derive(Clone)]
pub(super) struct Grants(Coalesced<Order, GrantOutcome>);

impl Grants {
    pub(super) fn new(store: &Store, cache: &Cache) -> Self {
        let (store, cache) = (store.clone(), cache.clone());
        Self(Coalesced::new(move |orders| {
            grant_all(store.clone(), cache.clone(), orders)
        }))
    }
}

async fn grant_all(
    store: Store,
    cache: Cache,
    orders: Vec<Order>,
) -> Result<HashMap<Order, GrantOutcome>, StoreError> {
    // Whoever keeps the states keeps the time: it says whether the campaign runs.
    let now = cache.now().await;
    let now = now.map_err(|error| StoreError::Unavailable(format!("voter states: {error}")))?;
    let mut by_campaign = HashMap::<CampaignId, Vec<Order>>::new();
    for order in orders {
        by_campaign.entry(order.campaign).or_default().push(order);
    }
    let mut outcomes = HashMap::new();
    for (campaign, orders) in by_campaign {
        let grants: Vec<_> = orders.iter().map(|order| order.grant.clone()).collect();
        let done = store.grant(campaign, &grants, now).await?;
        outcomes.extend(orders.into_iter().zip(done));
    }
    Ok(outcomes)
}

impl Campaigns {
    /// Grants tickets; once it returns, they are in SQL and in the voter's wallet.
    /// Repeating it grants nothing more.
    ///
    /// # Errors
    /// A problem: nothing was granted, unless it is 503; then, repeat it.
    pub(super) async fn grant(
        &self,
        facts: &Arc<Facts>,
        grant: NewGrant,
        ids: &Ids,
    ) -> Result<GrantId, Problem> {
        let order = Order {
            number: ids.next(),
            campaign: facts.terms.campaign,
            grant,
        };
        let outcome = self.grants.0.get(order).await.map_err(Unavailable::from)?;
        let (grant_id, (voter, settled)) = match outcome {
            Some(
                GrantOutcome::Granted { grant_id, settled }
                | GrantOutcome::Repeated { grant_id, settled },
            ) => (grant_id, settled),
            Some(GrantOutcome::KeyReused) => {
                return Err(Problem::invalid(
                    "grant_key_reused",
                    "The grant key was used for another grant.",
                ));
            }
            Some(GrantOutcome::TooManyLots) => {
                return Err(Problem::conflict(
                    "too_many_lots",
                    "The voter holds too many grants that are not spent: grant more tickets \
                     at once.",
                ));
            }
            Some(GrantOutcome::NotOpen(stage)) => return Err(campaign_not_open(stage)),
            Some(GrantOutcome::NoSuchCampaign) => return Err(campaign_not_found()),
            None => return Err(Problem::internal_unlogged()),
        };
        self.booth(facts).tell(voter, &settled).await?;
        tracing::info!(campaign = %facts.terms.campaign, %voter, %grant_id, "tickets granted");
        Ok(grant_id)
    }
}
