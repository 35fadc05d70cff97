//! Voids and their marks.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vote_domain::{CampaignId, Seq, VoteId, Voter};

use super::Conn;
use crate::StoreError;
use crate::voids::{Due, Marked, NewVoid, VoidOutcome, VoidStep};

pub(crate) async fn void_vote(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _vote: VoteId,
    _void: &NewVoid,
    _now: DateTime<Utc>,
) -> Result<VoidOutcome, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}

pub(crate) async fn mark_voter(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _voter: &Voter,
    _up_to: Seq,
    _void: &NewVoid,
    _now: DateTime<Utc>,
) -> Result<Marked, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}

pub(crate) async fn due(
    _connection: &mut Conn,
    _campaign: CampaignId,
) -> Result<Due, StoreError> {
    Ok(Due::Nothing)
}

pub(crate) async fn apply_vote_marks(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _now: DateTime<Utc>,
) -> Result<VoidStep, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}

pub(crate) async fn apply_voter_mark(
    _connection: &mut Conn,
    _campaign: CampaignId,
    _mark: Uuid,
    _now: DateTime<Utc>,
) -> Result<VoidStep, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}
