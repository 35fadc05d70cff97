//! The transaction that settles a batch of campaign votes.

use chrono::{DateTime, Utc};
use vote_domain::CampaignId;
use vote_domain::campaign::CampaignVote;

use super::Conn;
use crate::StoreError;
use crate::campaign_settle::SettledCampaignBatch;

pub(crate) async fn settle(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _votes: &[CampaignVote],
    _now: DateTime<Utc>,
) -> Result<SettledCampaignBatch, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}
