//! Rows of the ledger of campaign votes.

use vote_domain::campaign::Ballot;
use vote_domain::{CampaignId, VoteId, VoterId};

use super::Conn;
use crate::StoreError;
use crate::campaign_ledger::{LedgerCampaignVote, StatementRows};

pub(crate) async fn ballots(
    _connection: &mut Conn,
    _votes: &[VoteId],
) -> Result<Vec<(VoteId, CampaignId, Ballot)>, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}

pub(crate) async fn by_ids(
    _connection: &mut Conn,
    _votes: &[VoteId],
) -> Result<Vec<LedgerCampaignVote>, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}

pub(crate) async fn statement_rows(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _voter: VoterId,
) -> Result<StatementRows, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}
