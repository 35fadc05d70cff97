//! The close of a campaign.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use vote_domain::campaign::{ChannelNo, OptionNo, OptionVotes, Progress, ResultFacts};
use vote_domain::{CampaignId, Seq};

use super::Conn;
use super::campaigns::{progress_of, progress_text};
use crate::StoreError;
use crate::closing::{
    ClosingError, ClosingLease, FrozenResult, LedgerPlace, LedgerSlice, Total, Totals,
};
use crate::key::{Key, Moment};
use crate::rows::Locked;
use crate::schema::{
    campaign_channels, campaign_options, campaign_results, campaign_totals, campaign_voids,
    campaign_votes, campaigns, dead_letters,
};

/// A campaign's row as the close needs it, locked.
struct Row {
    progress: Progress,
    ends_at: DateTime<Utc>,
    closer: Option<(Uuid, DateTime<Utc>)>,
}

impl Row {
    /// Whether `holder` may take a step at `now`.
    fn check(&self, holder: Uuid, now: DateTime<Utc>) -> Result<(), ClosingError> {
        match self.closer {
            Some((closer, until)) if closer == holder && now < until => Ok(()),
            _ => Err(ClosingError::NotHeld),
        }
    }
}

async fn lock(connection: &mut Conn, campaign: CampaignId) -> Result<Option<Row>, StoreError> {
    let found: Vec<(String, Moment, Option<Key>, Option<Moment>)> = Locked(
        campaigns::table
            .filter(campaigns::campaign_id.eq(Key::from(campaign)))
            .select((
                campaigns::progress,
                campaigns::ends_at,
                campaigns::closer_id,
                campaigns::closer_until,
            )),
    )
    .load(connection)
    .await?;
    let row = found.into_iter().next();
    row.map(|(progress, ends_at, closer, until)| {
        Ok(Row {
            progress: progress_of(&progress)?,
            ends_at: ends_at.into(),
            closer: closer
                .zip(until)
                .map(|(id, until)| (id.into(), until.into())),
        })
    })
    .transpose()
}

pub(crate) async fn take_lease(
    connection: &mut Conn,
    campaign: CampaignId,
    holder: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<ClosingLease, StoreError> {
    let Some(row) = lock(connection, campaign).await? else {
        return Ok(ClosingLease::NoSuchCampaign);
    };
    match row.closer {
        _ if row.progress == Progress::Final => return Ok(ClosingLease::Final),
        Some((closer, until)) if closer != holder && now < until => {
            return Ok(ClosingLease::HeldBy {
                holder: closer,
                until,
            });
        }
        _ => {}
    }
    diesel::update(campaigns::table.filter(campaigns::campaign_id.eq(Key::from(campaign))))
        .set((
            campaigns::closer_id.eq(Some(Key(holder))),
            campaigns::closer_until.eq(Some(Moment(until))),
        ))
        .execute(connection)
        .await?;
    Ok(ClosingLease::Taken)
}

pub(crate) async fn release_lease(
    connection: &mut Conn,
    campaign: CampaignId,
    holder: Uuid,
) -> Result<(), StoreError> {
    let held = campaigns::table
        .filter(campaigns::campaign_id.eq(Key::from(campaign)))
        .filter(campaigns::closer_id.eq(Some(Key(holder))));
    diesel::update(held)
        .set((
            campaigns::closer_id.eq(None::<Key>),
            campaigns::closer_until.eq(None::<Moment>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn begin(
    connection: &mut Conn,
    campaign: CampaignId,
    holder: Uuid,
    now: DateTime<Utc>,
) -> Result<Result<(), ClosingError>, StoreError> {
    let Some(row) = lock(connection, campaign).await? else {
        return Ok(Err(ClosingError::NoSuchCampaign));
    };
    if let Err(error) = row.check(holder, now) {
        return Ok(Err(error));
    }
    if row.progress > Progress::Running {
        return Ok(Ok(()));
    }
    if now < row.ends_at {
        return Ok(Err(ClosingError::NotOver));
    }
    diesel::update(campaigns::table.filter(campaigns::campaign_id.eq(Key::from(campaign))))
        .set(campaigns::progress.eq(progress_text(Progress::Closing)))
        .execute(connection)
        .await?;
    Ok(Ok(()))
}

pub(crate) async fn set_drained(
    connection: &mut Conn,
    campaign: CampaignId,
    ballot_box: &str,
    holder: Uuid,
    now: DateTime<Utc>,
) -> Result<Result<(), ClosingError>, StoreError> {
    let Some(row) = lock(connection, campaign).await? else {
        return Ok(Err(ClosingError::NoSuchCampaign));
    };
    if let Err(error) = row.check(holder, now) {
        return Ok(Err(error));
    }
    match row.progress {
        Progress::Running => return Ok(Err(ClosingError::TooEarly(row.progress))),
        Progress::Closing => {}
        Progress::Drained | Progress::Final => return Ok(Ok(())),
    }
    let n_letters: i64 = dead_letters::table
        .filter(dead_letters::ballot_box.eq(ballot_box))
        .filter(dead_letters::resolved_at.is_null())
        .count()
        .get_result(connection)
        .await?;
    if n_letters > 0 {
        return Ok(Err(ClosingError::DeadLetters(n_letters.unsigned_abs())));
    }
    if !matches!(
        super::voids::due(connection, campaign).await?,
        crate::voids::Due::Nothing
    ) {
        return Ok(Err(ClosingError::OpenVoids));
    }
    diesel::update(campaigns::table.filter(campaigns::campaign_id.eq(Key::from(campaign))))
        .set(campaigns::progress.eq(progress_text(Progress::Drained)))
        .execute(connection)
        .await?;
    Ok(Ok(()))
}

/// How far the close has come, and the result that was frozen, if one was.
pub(crate) async fn standing(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Result<(Progress, Option<FrozenResult>), ClosingError>, StoreError> {
    let progress: Option<String> = campaigns::table
        .filter(campaigns::campaign_id.eq(Key::from(campaign)))
        .select(campaigns::progress)
        .first(connection)
        .await
        .optional()?;
    let Some(progress) = progress else {
        return Ok(Err(ClosingError::NoSuchCampaign));
    };
    let frozen = frozen(connection, campaign).await?;
    Ok(Ok((progress_of(&progress)?, frozen)))
}

pub(crate) async fn frozen(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<FrozenResult>, StoreError> {
    let row: Option<(String, String, i64, Moment)> = campaign_results::table
        .filter(campaign_results::campaign_id.eq(Key::from(campaign)))
        .select((
            campaign_results::canonical,
            campaign_results::digest,
            campaign_results::n_votes,
            campaign_results::frozen_at,
        ))
        .first(connection)
        .await
        .optional()?;
    Ok(
        row.map(|(canonical, digest, n_votes, frozen_at)| FrozenResult {
            canonical,
            digest,
            n_votes: n_votes.unsigned_abs(),
            frozen_at: frozen_at.into(),
        }),
    )
}

pub(crate) async fn totals(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Totals, StoreError> {
    let rows: Vec<(i32, i32, i64, i64)> = campaign_totals::table
        .filter(campaign_totals::campaign_id.eq(Key::from(campaign)))
        .select((
            campaign_totals::option_no,
            campaign_totals::channel_no,
            campaign_totals::tickets,
            campaign_totals::n_votes,
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(option, channel, tickets, n_votes)| {
            let place = (
                OptionNo(option.unsigned_abs()),
                ChannelNo(channel.unsigned_abs()),
            );
            (place, Total { tickets, n_votes })
        })
        .collect())
}

/// The next rows of the ledger behind `after`, in the order of voters. By the index
/// `campaign_votes_by_voter`, so that a slice costs the same wherever it begins.
pub(crate) async fn ledger_slice(
    connection: &mut Conn,
    campaign: CampaignId,
    after: Option<LedgerPlace>,
    limit: u32,
) -> Result<LedgerSlice, StoreError> {
    type Columns = (Key, i64, Key, i32, i32, i32, Option<String>, Option<Key>);
    let mut query = campaign_votes::table
        .left_join(campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)))
        .filter(campaign_votes::campaign_id.eq(Key::from(campaign)))
        .order((
            campaign_votes::voter_id,
            campaign_votes::seq,
            campaign_votes::vote_id,
        ))
        .limit(limit.into())
        .select((
            campaign_votes::voter_id,
            campaign_votes::seq,
            campaign_votes::vote_id,
            campaign_votes::option_no,
            campaign_votes::channel_no,
            campaign_votes::tickets,
            campaign_votes::reason,
            campaign_voids::vote_id.nullable(),
        ))
        .into_boxed();
    if let Some((voter, Seq(seq), vote)) = after {
        let (voter, vote) = (Key::from(voter), Key::from(vote));
        query = query.filter(campaign_votes::voter_id.ge(voter)).filter(
            campaign_votes::voter_id
                .gt(voter)
                .or(campaign_votes::seq.gt(seq))
                .or(campaign_votes::seq
                    .eq(seq)
                    .and(campaign_votes::vote_id.gt(vote))),
        );
    }
    let rows: Vec<Columns> = query.load(connection).await?;
    let is_full = rows.len() as u64 == u64::from(limit);
    let last = rows.last().filter(|_| is_full);
    Ok(LedgerSlice {
        last: last.map(|row| (row.0.into(), Seq(row.1), row.2.into())),
        counted: rows
            .into_iter()
            .filter(|row| row.6.is_none() && row.7.is_none())
            .map(|row| {
                let place = (
                    OptionNo(row.3.unsigned_abs()),
                    ChannelNo(row.4.unsigned_abs()),
                );
                (place, row.5.into())
            })
            .collect(),
    })
}

/// What a result says if these are the totals.
pub(crate) async fn facts(
    connection: &mut Conn,
    campaign: CampaignId,
    totals: &Totals,
) -> Result<Result<ResultFacts, ClosingError>, StoreError> {
    let window: Option<(Moment, Moment)> = campaigns::table
        .filter(campaigns::campaign_id.eq(Key::from(campaign)))
        .select((campaigns::starts_at, campaigns::ends_at))
        .first(connection)
        .await
        .optional()?;
    let Some((starts_at, ends_at)) = window else {
        return Ok(Err(ClosingError::NoSuchCampaign));
    };
    let channels: Vec<(i32, String)> = campaign_channels::table
        .filter(campaign_channels::campaign_id.eq(Key::from(campaign)))
        .order(campaign_channels::channel_no)
        .select((
            campaign_channels::channel_no,
            campaign_channels::channel_key,
        ))
        .load(connection)
        .await?;
    let options: Vec<(i32, String)> = campaign_options::table
        .filter(campaign_options::campaign_id.eq(Key::from(campaign)))
        .order(campaign_options::option_no)
        .select((campaign_options::option_no, campaign_options::option_key))
        .load(connection)
        .await?;
    let options = options
        .into_iter()
        .map(|(option, key)| {
            let votes = channels.iter().map(|(channel, _)| {
                let place = (
                    OptionNo(option.unsigned_abs()),
                    ChannelNo(channel.unsigned_abs()),
                );
                let total = totals.get(&place).copied().unwrap_or_default();
                total.tickets.unsigned_abs()
            });
            OptionVotes {
                option: key,
                votes: votes.collect(),
            }
        })
        .collect();
    let n_votes: i64 = totals.values().map(|total| total.n_votes).sum();
    Ok(Ok(ResultFacts {
        campaign,
        starts_at: starts_at.into(),
        ends_at: ends_at.into(),
        n_votes: n_votes.unsigned_abs(),
        channels: channels.into_iter().map(|(_, key)| key).collect(),
        options,
    }))
}

pub(crate) async fn freeze(
    connection: &mut Conn,
    campaign: CampaignId,
    holder: Uuid,
    result: &ResultFacts,
    now: DateTime<Utc>,
) -> Result<Result<(), ClosingError>, StoreError> {
    let Some(row) = lock(connection, campaign).await? else {
        return Ok(Err(ClosingError::NoSuchCampaign));
    };
    if let Some(frozen) = frozen(connection, campaign).await? {
        return Ok(match frozen.digest == result.digest() {
            true => Ok(()),
            false => Err(ClosingError::OtherResult),
        });
    }
    if let Err(error) = row.check(holder, now) {
        return Ok(Err(error));
    }
    if row.progress != Progress::Drained {
        return Ok(Err(ClosingError::TooEarly(row.progress)));
    }
    diesel::insert_into(campaign_results::table)
        .values((
            campaign_results::campaign_id.eq(Key::from(campaign)),
            campaign_results::canonical.eq(result.canonical()),
            campaign_results::digest.eq(result.digest()),
            campaign_results::n_votes.eq(i64::try_from(result.n_votes).unwrap_or(i64::MAX)),
            campaign_results::frozen_at.eq(Moment(now)),
        ))
        .execute(connection)
        .await?;
    diesel::update(campaigns::table.filter(campaigns::campaign_id.eq(Key::from(campaign))))
        .set(campaigns::progress.eq(progress_text(Progress::Final)))
        .execute(connection)
        .await?;
    Ok(Ok(()))
}
