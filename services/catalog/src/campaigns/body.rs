//! What is sent to create and edit campaigns.

use chrono::{DateTime, Utc};
use http_kit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vote_domain::campaign::{
    ChannelDraft, Draft, Edit, ExpiryDraft, OptionDraft, TICKETS_MAX, TicketExpiry,
};

/// How long tickets last: `end_of_day`, `days` with `days`, or `campaign_end`.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ExpiryBody {
    /// To the end of the local day.
    EndOfDay {},
    /// For so many local days, the one they were granted on being the first.
    Days {
        /// 1 to 366.
        days: i64,
    },
    /// As long as the campaign.
    CampaignEnd {},
}

impl From<ExpiryBody> for ExpiryDraft {
    fn from(body: ExpiryBody) -> Self {
        match body {
            ExpiryBody::EndOfDay {} => Self::EndOfDay,
            ExpiryBody::Days { days } => Self::Days(days),
            ExpiryBody::CampaignEnd {} => Self::CampaignEnd,
        }
    }
}

impl From<TicketExpiry> for ExpiryBody {
    fn from(expiry: TicketExpiry) -> Self {
        match expiry {
            TicketExpiry::EndOfDay => Self::EndOfDay {},
            TicketExpiry::Days { days } => Self::Days { days: days.into() },
            TicketExpiry::CampaignEnd => Self::CampaignEnd {},
        }
    }
}

/// A way votes come in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelBody {
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit; each key once.
    pub(crate) key: String,
    /// One line of 1 to 200 characters.
    pub(crate) name: String,
    /// The most tickets a voter spends on it on one local day; at least 1.
    pub(crate) daily_ticket_limit: Option<i64>,
    /// Whose channel it is; everybody's without it.
    pub(crate) voter_kinds: Option<Vec<String>>,
}

impl From<ChannelBody> for ChannelDraft {
    fn from(body: ChannelBody) -> Self {
        Self {
            key: body.key,
            name: body.name,
            daily_ticket_limit: body.daily_ticket_limit,
            voter_kinds: body.voter_kinds,
        }
    }
}

/// Something that can be voted for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptionBody {
    /// As a channel's.
    pub(crate) key: String,
    /// One line of 1 to 200 characters.
    pub(crate) name: String,
    /// What kind of thing it stands for, 1 to 64 characters; with `subject_id` only.
    pub(crate) subject_kind: Option<String>,
    /// Which one, 1 to 128 characters.
    pub(crate) subject_id: Option<String>,
}

impl From<OptionBody> for OptionDraft {
    fn from(body: OptionBody) -> Self {
        Self {
            key: body.key,
            name: body.name,
            subject_kind: body.subject_kind,
            subject_id: body.subject_id,
        }
    }
}

/// A campaign to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Song of the year", "starts_at": "2026-05-01T18:00:00Z",
    "ends_at": "2026-05-22T20:00:00Z", "time_zone": "Europe/Berlin", "free_daily_tickets": 3,
    "ticket_expiry": {"kind": "days", "days": 7},
    "channels": [{"key": "web", "name": "Web"}],
    "options": [{"key": "a", "name": "First song", "subject_kind": "song", "subject_id": "17"}]
}))]
pub(crate) struct NewCampaignBody {
    /// One line of 1 to 200 characters.
    name: String,
    /// When it opens; at once if that is past.
    starts_at: DateTime<Utc>,
    /// When it is over: in the future, at most 366 days after the start.
    ends_at: DateTime<Utc>,
    /// An IANA time zone: where its days begin and end.
    time_zone: String,
    /// Tickets that every voter gets on each local day, 0 to 1,000,000.
    free_daily_tickets: i64,
    /// How long tickets last.
    ticket_expiry: ExpiryBody,
    /// 1 to 50.
    channels: Vec<ChannelBody>,
    /// 1 to 5,000.
    options: Vec<OptionBody>,
    /// The most tickets in one vote, 1 to 1,000,000; 1,000,000 by default.
    max_tickets_per_vote: Option<i64>,
}

impl From<NewCampaignBody> for Draft {
    fn from(body: NewCampaignBody) -> Self {
        Self {
            name: body.name,
            starts_at: body.starts_at,
            ends_at: body.ends_at,
            time_zone: body.time_zone,
            free_daily_tickets: body.free_daily_tickets,
            expiry: body.ticket_expiry.into(),
            tickets_per_vote_max: body.max_tickets_per_vote.unwrap_or(TICKETS_MAX.into()),
            channels: body.channels.into_iter().map(Into::into).collect(),
            options: body.options.into_iter().map(Into::into).collect(),
        }
    }
}

/// What to change about a campaign; what is left out stays. Channels and options are
/// replaced whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Song of the century", "ends_at": "2026-05-23T20:00:00Z"}))]
pub(crate) struct CampaignEditBody {
    name: Option<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    free_daily_tickets: Option<i64>,
    ticket_expiry: Option<ExpiryBody>,
    channels: Option<Vec<ChannelBody>>,
    options: Option<Vec<OptionBody>>,
    max_tickets_per_vote: Option<i64>,
}

impl CampaignEditBody {
    /// # Errors
    /// 422 `invalid_body` when it changes nothing.
    pub(crate) fn parse(self) -> Result<Edit, Problem> {
        let edit = Edit {
            name: self.name,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            time_zone: self.time_zone,
            free_daily_tickets: self.free_daily_tickets,
            expiry: self.ticket_expiry.map(Into::into),
            tickets_per_vote_max: self.max_tickets_per_vote,
            channels: self
                .channels
                .map(|channels| channels.into_iter().map(Into::into).collect()),
            options: self
                .options
                .map(|options| options.into_iter().map(Into::into).collect()),
        };
        if edit == Edit::default() {
            let detail = "Say what to change: name, ends_at, or anything else of a campaign.";
            return Err(Problem::invalid("invalid_body", detail));
        }
        Ok(edit)
    }
}
