//! What SQL says of a campaign's voters.

use chrono::{DateTime, Utc};
use vote_domain::{CampaignId, VoteId, VoterId};

use super::Conn;
use crate::StoreError;
use crate::wallets::CampaignBases;

pub(crate) async fn load_bases(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _voters: &[VoterId],
    _votes: &[VoteId],
    _now: DateTime<Utc>,
) -> Result<CampaignBases, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}
