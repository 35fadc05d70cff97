//! Grants of tickets.

use chrono::{DateTime, Utc};
use vote_domain::CampaignId;

use super::Conn;
use crate::StoreError;
use crate::grants::{GrantOutcome, NewGrant};

pub(crate) async fn grant(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _grants: &[NewGrant],
    _now: DateTime<Utc>,
) -> Result<Vec<GrantOutcome>, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}
