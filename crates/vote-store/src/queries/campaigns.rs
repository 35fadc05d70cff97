//! Campaigns' rows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::CampaignId;
use vote_domain::campaign::{
    CampaignOption, Channel, OptionNo, Progress, Stage, Subject, Terms, TicketExpiry,
};

use super::Conn;
use crate::StoreError;
use crate::campaigns::{
    BallotPaper, Campaign, CampaignDetail, CampaignHead,
};
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

/// The head of one campaign. Its statement is prepared once, unlike that of [`heads`],
/// whose text changes with the number of ids.
pub(crate) async fn head(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<CampaignHead>, StoreError> {
    let row: Option<HeadRow> = campaigns::table
        .filter(campaigns::campaign_id.eq(Key::from(campaign)))
        .select(HEAD)
        .first(connection)
        .await
        .optional()?;
    row.map(HeadRow::into_head).transpose()
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
    let channels = channels(connection, campaign).await?;
    let options: Vec<(String, i32)> = campaign_options::table
        .filter(campaign_options::campaign_id.eq(campaign))
        .select((campaign_options::option_key, campaign_options::option_no))
        .load(connection)
        .await?;
    Ok(Some(BallotPaper {
        version: version.unsigned_abs(),
        channels,
        options: options
            .into_iter()
            .map(|(key, no)| (key, OptionNo(no.unsigned_abs())))
            .collect(),
    }))
}

async fn channels(connection: &mut Conn, campaign: Key) -> Result<Vec<Channel>, StoreError> {
    let rows: Vec<(String, String, Option<i32>, Option<String>)> = campaign_channels::table
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
    rows.into_iter()
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
        .collect()
}

async fn options(connection: &mut Conn, campaign: Key) -> Result<Vec<CampaignOption>, StoreError> {
    let rows: Vec<(String, String, Option<String>, Option<String>)> = campaign_options::table
        .filter(campaign_options::campaign_id.eq(campaign))
        .order(campaign_options::option_no)
        .select((
            campaign_options::option_key,
            campaign_options::name,
            campaign_options::subject_kind,
            campaign_options::subject_id,
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(key, name, kind, id)| CampaignOption {
            key,
            name,
            subject: kind.zip(id).map(|(kind, id)| Subject { kind, id }),
        })
        .collect())
}

/// The columns of a [`Campaign`].
type CampaignColumns = (
    HeadColumns,
    campaigns::name,
    campaigns::created_at,
    campaigns::updated_at,
);

const CAMPAIGN: CampaignColumns = (
    HEAD,
    campaigns::name,
    campaigns::created_at,
    campaigns::updated_at,
);

type CampaignRow = (HeadRow, String, Moment, Moment);

fn into_campaign(
    (head, name, created_at, updated_at): CampaignRow,
) -> Result<Campaign, StoreError> {
    let head = head.into_head()?;
    Ok(Campaign {
        terms: head.terms,
        name,
        progress: head.progress,
        version: head.version,
        created_at: created_at.into(),
        updated_at: updated_at.into(),
    })
}

pub(crate) async fn campaign(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<Campaign>, StoreError> {
    let row: Option<CampaignRow> = campaigns::table
        .filter(campaigns::campaign_id.eq(Key::from(campaign)))
        .select(CAMPAIGN)
        .first(connection)
        .await
        .optional()?;
    row.map(into_campaign).transpose()
}

pub(crate) async fn detail(
    connection: &mut Conn,
    id: CampaignId,
) -> Result<Option<CampaignDetail>, StoreError> {
    let Some(campaign) = campaign(connection, id).await? else {
        return Ok(None);
    };
    Ok(Some(CampaignDetail {
        campaign,
        channels: channels(connection, id.into()).await?,
        options: options(connection, id.into()).await?,
    }))
}

pub(crate) async fn list(
    connection: &mut Conn,
    at: Option<(Stage, DateTime<Utc>)>,
    before: Option<(DateTime<Utc>, CampaignId)>,
    limit: u32,
) -> Result<Vec<Campaign>, StoreError> {
    let mut query = campaigns::table
        .order((campaigns::starts_at.desc(), campaigns::campaign_id.desc()))
        .limit(limit.into())
        .select(CAMPAIGN)
        .into_boxed();
    if let Some((stage, now)) = at {
        let now = Moment(now);
        let running = || campaigns::progress.eq(progress_text(Progress::Running));
        query = match stage {
            Stage::Scheduled => query
                .filter(running())
                .filter(campaigns::starts_at.gt(now)),
            Stage::Open => query
                .filter(running())
                .filter(campaigns::starts_at.le(now))
                .filter(campaigns::ends_at.gt(now)),
            Stage::Closing => query.filter(
                campaigns::progress
                    .eq(progress_text(Progress::Closing))
                    .or(running().and(campaigns::ends_at.le(now))),
            ),
            Stage::Drained => query.filter(campaigns::progress.eq(progress_text(Progress::Drained))),
            Stage::Final => query.filter(campaigns::progress.eq(progress_text(Progress::Final))),
        };
    }
    if let Some((at, id)) = before {
        query = query.filter(
            campaigns::starts_at.lt(Moment(at)).or(campaigns::starts_at
                .eq(Moment(at))
                .and(campaigns::campaign_id.lt(Key::from(id)))),
        );
    }
    let rows: Vec<CampaignRow> = query.load(connection).await?;
    rows.into_iter().map(into_campaign).collect()
}

pub(crate) async fn ending_after(
    connection: &mut Conn,
    ends_after: DateTime<Utc>,
) -> Result<Vec<Campaign>, StoreError> {
    let rows: Vec<CampaignRow> = campaigns::table
        .filter(campaigns::progress.eq(progress_text(Progress::Running)))
        .filter(campaigns::ends_at.gt(Moment(ends_after)))
        .order((campaigns::starts_at, campaigns::campaign_id))
        .select(CAMPAIGN)
        .load(connection)
        .await?;
    rows.into_iter().map(into_campaign).collect()
}
