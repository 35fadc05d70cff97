//! What is told of a campaign.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::campaign::{CampaignOption, Channel, Stage};

use super::body::{ChannelBody, ExpiryBody, OptionBody};
use super::head::{Head, Paper};

/// A campaign without its channels and options.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "campaign_id": "8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22", "name": "Song of the year",
    "state": "open", "starts_at": "2026-05-01T18:00:00Z", "ends_at": "2026-05-22T20:00:00Z",
    "time_zone": "Europe/Berlin", "free_daily_tickets": 3,
    "ticket_expiry": {"kind": "days", "days": 7}, "max_tickets_per_vote": 1_000_000,
    "n_channels": 1, "n_options": 26, "version": 1,
    "created_at": "2026-04-01T12:00:00Z", "updated_at": "2026-04-01T12:00:00Z"
}))]
pub(crate) struct CampaignSummaryBody {
    campaign_id: Uuid,
    name: String,
    /// `scheduled`, `open`, `closing`, `drained` or `final`.
    #[schema(value_type = String)]
    state: Stage,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    time_zone: String,
    free_daily_tickets: u32,
    ticket_expiry: ExpiryBody,
    max_tickets_per_vote: u32,
    n_channels: u32,
    n_options: u32,
    /// One higher with each edit; what `If-Match` names.
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl CampaignSummaryBody {
    /// What is told of it at `now`.
    pub(crate) fn new(head: Head, now: DateTime<Utc>) -> Self {
        Self {
            campaign_id: head.terms.campaign.0,
            state: head.stage(now),
            name: head.name,
            starts_at: head.terms.starts_at,
            ends_at: head.terms.ends_at,
            time_zone: head.terms.zone.name().to_owned(),
            free_daily_tickets: head.terms.free_daily_tickets,
            ticket_expiry: head.terms.expiry.into(),
            max_tickets_per_vote: head.terms.tickets_per_vote_max,
            n_channels: head.terms.n_channels,
            n_options: head.terms.n_options,
            version: head.version,
            created_at: head.created_at,
            updated_at: head.updated_at,
        }
    }
}

/// A campaign.
#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignBody {
    #[serde(flatten)]
    summary: CampaignSummaryBody,
    channels: Vec<ChannelBody>,
    options: Vec<OptionBody>,
}

impl CampaignBody {
    /// What is told of it at `now`.
    pub(crate) fn new(head: Head, paper: &Paper, now: DateTime<Utc>) -> Self {
        Self {
            summary: CampaignSummaryBody::new(head, now),
            channels: paper.channels.iter().map(ChannelBody::from).collect(),
            options: paper.options.iter().map(OptionBody::from).collect(),
        }
    }
}

impl From<&Channel> for ChannelBody {
    fn from(channel: &Channel) -> Self {
        let kinds = channel.voter_kinds.as_ref();
        Self {
            key: channel.key.clone(),
            name: channel.name.clone(),
            daily_ticket_limit: channel.daily_ticket_limit.map(i64::from),
            voter_kinds: kinds.map(|kinds| kinds.iter().map(ToString::to_string).collect()),
        }
    }
}

impl From<&CampaignOption> for OptionBody {
    fn from(option: &CampaignOption) -> Self {
        let subject = option.subject.as_ref();
        Self {
            key: option.key.clone(),
            name: option.name.clone(),
            subject_kind: subject.map(|subject| subject.kind.clone()),
            subject_id: subject.map(|subject| subject.id.clone()),
        }
    }
}
