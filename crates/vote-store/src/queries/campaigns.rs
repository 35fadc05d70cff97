//! Campaigns' rows.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::CampaignId;
use vote_domain::campaign::{Channel, OptionNo, Progress, Terms, TicketExpiry};

use super::Conn;
use crate::StoreError;
use crate::campaigns::{BallotPaper, CampaignHead};
use crate::key::{Key, Moment, keys};
use crate::schema::{campaign_channels, campaign_options, campaigns};

/// The text in SQL of how far a closing has come.
pub(crate) fn progress_text(progress: Progress) -> &'static str {
    match progress {
        Progress::Running => "running",
        Progress::Closing => "closing",
        Progress::Drained => "drained",
        Progress::Final => "final",
    }
}

/// How far the closing has come that SQL calls `text`.
pub(crate) fn progress_of(text: &str) -> Result<Progress, StoreError> {
    [
        Progress::Running,
        Progress::Closing,
        Progress::Drained,
        Progress::Final,
    ]
    .into_iter()
    .find(|progress| progress_text(*progress) == text)
    .ok_or_else(|| StoreError::Refused(format!("campaigns: progress {text:?}")))
}

/// The columns of a head, in the order of [`campaigns`].
type HeadColumns = (
    campaigns::campaign_id,
    campaigns::starts_at,
    campaigns::ends_at,
    campaigns::time_zone,
    campaigns::free_daily_tickets,
    campaigns::expiry_kind,
    campaigns::expiry_days,
    campaigns::max_tickets_per_vote,
    campaigns::n_options,
    campaigns::n_channels,
    campaigns::progress,
    campaigns::version,
);

const HEAD: HeadColumns = (
    campaigns::campaign_id,
    campaigns::starts_at,
    campaigns::ends_at,
    campaigns::time_zone,
    campaigns::free_daily_tickets,
    campaigns::expiry_kind,
    campaigns::expiry_days,
    campaigns::max_tickets_per_vote,
    campaigns::n_options,
    campaigns::n_channels,
    campaigns::progress,
    campaigns::version,
);

#[derive(Queryable)]
struct HeadRow {
    campaign_id: Key,
    starts_at: Moment,
    ends_at: Moment,
    time_zone: String,
    free_daily_tickets: i32,
    expiry_kind: String,
    expiry_days: Option<i32>,
    max_tickets_per_vote: i32,
    n_options: i32,
    n_channels: i32,
    progress: String,
    version: i64,
}

impl HeadRow {
    fn into_head(self) -> Result<CampaignHead, StoreError> {
        let refused = |what: &str| StoreError::Refused(format!("campaigns: {what}"));
        let expiry = match self.expiry_kind.as_str() {
            "end_of_day" => TicketExpiry::EndOfDay,
            "campaign_end" => TicketExpiry::CampaignEnd,
            "days" => TicketExpiry::Days {
                days: self
                    .expiry_days
                    .and_then(|days| u16::try_from(days).ok())
                    .ok_or_else(|| refused("expiry_days"))?,
            },
            _ => return Err(refused("expiry_kind")),
        };
        Ok(CampaignHead {
            terms: Terms {
                campaign: self.campaign_id.into(),
                starts_at: self.starts_at.into(),
                ends_at: self.ends_at.into(),
                zone: self.time_zone.parse().map_err(|_| refused("time_zone"))?,
                free_daily_tickets: self.free_daily_tickets.unsigned_abs(),
                expiry,
                tickets_per_vote_max: self.max_tickets_per_vote.unsigned_abs(),
                n_options: self.n_options.unsigned_abs(),
                n_channels: self.n_channels.unsigned_abs(),
            },
            progress: progress_of(&self.progress)?,
            version: self.version.unsigned_abs(),
        })
    }
}

pub(crate) async fn heads(
    connection: &mut Conn,
    ids: &[CampaignId],
) -> Result<HashMap<CampaignId, CampaignHead>, StoreError> {
    let rows: Vec<HeadRow> = campaigns::table
        .filter(campaigns::campaign_id.eq_any(keys(ids)))
        .select(HEAD)
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let head = row.into_head()?;
            Ok((head.terms.campaign, head))
        })
        .collect()
}

pub(crate) async fn unfinished(connection: &mut Conn) -> Result<Vec<CampaignHead>, StoreError> {
    let unfinished = [Progress::Running, Progress::Closing, Progress::Drained].map(progress_text);
    let rows: Vec<HeadRow> = campaigns::table
        .filter(campaigns::progress.eq_any(unfinished))
        .order((campaigns::starts_at, campaigns::campaign_id))
        .select(HEAD)
        .load(connection)
        .await?;
    rows.into_iter().map(HeadRow::into_head).collect()
}

pub(crate) async fn ballot_paper(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<BallotPaper>, StoreError> {
    let campaign = Key::from(campaign);
    let version: Option<i64> = campaigns::table
        .filter(campaigns::campaign_id.eq(campaign))
        .select(campaigns::version)
        .first(connection)
        .await
        .optional()?;
    let Some(version) = version else {
        return Ok(None);
    };
    let channels: Vec<(String, String, Option<i32>, Option<String>)> = campaign_channels::table
        .filter(campaign_channels::campaign_id.eq(campaign))
        .order(campaign_channels::channel_no)
        .select((
            campaign_channels::channel_key,
            campaign_channels::name,
            campaign_channels::daily_ticket_limit,
            campaign_channels::voter_kinds,
        ))
        .load(connection)
        .await?;
    let options: Vec<(String, i32)> = campaign_options::table
        .filter(campaign_options::campaign_id.eq(campaign))
        .select((campaign_options::option_key, campaign_options::option_no))
        .load(connection)
        .await?;
    let channels = channels
        .into_iter()
        .map(|(key, name, limit, kinds)| {
            let voter_kinds = kinds.as_deref().map(serde_json::from_str).transpose();
            Ok(Channel {
                key,
                name,
                daily_ticket_limit: limit.map(i32::unsigned_abs),
                voter_kinds: voter_kinds
                    .map_err(|_| StoreError::Refused("campaigns: voter_kinds".to_owned()))?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Some(BallotPaper {
        version: version.unsigned_abs(),
        channels,
        options: options
            .into_iter()
            .map(|(key, no)| (key, OptionNo(no.unsigned_abs())))
            .collect(),
    }))
}
