//! What a row of a ledger is written as: the same names in CSV and in JSON.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;
use vote_store::export::{ExportedCampaignVote, ExportedReviewVote, ExportedVoid};

/// The end of a vote, voids included.
fn state(reason: Option<&str>, void: Option<&ExportedVoid>) -> &'static str {
    match (reason, void) {
        (None, None) => "counted",
        (Some("voided"), _) | (None, Some(_)) => "voided",
        (Some(_), _) => "rejected",
    }
}

/// A vote on a review.
#[derive(Debug, Serialize)]
pub(super) struct ReviewRow<'v> {
    vote_id: Uuid,
    voter_id: Uuid,
    review_id: Uuid,
    seq: i64,
    admitted_at: DateTime<Utc>,
    direction: &'static str,
    day: NaiveDate,
    cost: u32,
    day_limit: u32,
    state: &'static str,
    reason: Option<&'v str>,
    settled_at: DateTime<Utc>,
    void_id: Option<Uuid>,
    void_reason: Option<&'v str>,
    forfeited: bool,
    voided_at: Option<DateTime<Utc>>,
}

impl<'v> ReviewRow<'v> {
    pub(super) fn of(vote: &'v ExportedReviewVote) -> Self {
        let (reason, void) = (vote.reason.as_deref(), vote.void.as_ref());
        Self {
            vote_id: vote.vote_id.0,
            voter_id: vote.voter.0,
            review_id: vote.review.0,
            seq: vote.seq.0,
            admitted_at: vote.seq.at(),
            direction: match vote.direction {
                1.. => "up",
                0 => "none",
                ..0 => "down",
            },
            day: vote.day,
            cost: vote.cost,
            day_limit: vote.day_limit,
            state: state(reason, void),
            reason,
            settled_at: vote.settled_at,
            void_id: void.map(|void| void.void_id),
            void_reason: void.map(|void| void.reason.as_str()),
            forfeited: void.is_some_and(|void| void.forfeited),
            voided_at: void.map(|void| void.voided_at),
        }
    }
}

/// A vote of a campaign.
#[derive(Debug, Serialize)]
pub(super) struct CampaignRow<'v> {
    vote_id: Uuid,
    voter_id: Uuid,
    voter_kind: Option<&'v str>,
    voter: Option<&'v str>,
    option: Option<&'v str>,
    channel: Option<&'v str>,
    tickets: u32,
    seq: i64,
    admitted_at: DateTime<Utc>,
    day: NaiveDate,
    channel_limit: Option<u32>,
    /// Lots and tickets: `lot:tickets`, between them a space.
    draws: String,
    state: &'static str,
    reason: Option<&'v str>,
    settled_at: DateTime<Utc>,
    void_id: Option<Uuid>,
    void_reason: Option<&'v str>,
    forfeited: bool,
    voided_at: Option<DateTime<Utc>>,
}

impl<'v> CampaignRow<'v> {
    pub(super) fn of(vote: &'v ExportedCampaignVote) -> Self {
        let (reason, void) = (vote.reason.as_deref(), vote.void.as_ref());
        let draws = vote.draws.iter();
        let draws: Vec<String> = draws.map(|(lot, n)| format!("{lot}:{n}")).collect();
        Self {
            vote_id: vote.vote_id.0,
            voter_id: vote.voter.0,
            voter_kind: vote.voter_name.as_ref().map(|(kind, _)| kind.as_str()),
            voter: vote.voter_name.as_ref().map(|(_, name)| name.as_str()),
            option: vote.option.as_deref(),
            channel: vote.channel.as_deref(),
            tickets: vote.tickets,
            seq: vote.seq.0,
            admitted_at: vote.seq.at(),
            day: vote.day,
            channel_limit: vote.use_limit,
            draws: draws.join(" "),
            state: state(reason, void),
            reason,
            settled_at: vote.settled_at,
            void_id: void.map(|void| void.void_id),
            void_reason: void.map(|void| void.reason.as_str()),
            forfeited: void.map_or(vote.forfeited, |void| void.forfeited),
            voided_at: void.map(|void| void.voided_at),
        }
    }
}
