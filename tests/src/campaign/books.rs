//! What SQL holds of a campaign, read row by row and believed as little as anybody else.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Params, Value};
use uuid::Uuid;

use crate::chaos::{connect, uuid};

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VoteRow {
    pub(crate) vote_id: Uuid,
    pub(crate) voter: Uuid,
    pub(crate) option: i64,
    pub(crate) channel: i64,
    pub(crate) tickets: i64,
    /// Microseconds since the Unix epoch, when it was admitted.
    pub(crate) seq: i64,
    pub(crate) day: String,
    /// The most tickets a day on its channel that it was held to.
    pub(crate) limit: Option<i64>,
    /// Lots and how many tickets of each.
    pub(crate) draws: Vec<(Uuid, i64)>,
    /// Why it was rejected; `None` for a counted vote.
    pub(crate) reason: Option<String>,
    /// Whether it was voided, before or after it counted.
    pub(crate) voided: bool,
    /// Whether its tickets are lost although it does not count.
    pub(crate) forfeited: bool,
    /// Microseconds since the Unix epoch, when a worker began to settle it.
    pub(crate) settled_at: i64,
}

impl VoteRow {
    /// Whether it is in the result.
    pub(crate) fn counts(&self) -> bool {
        self.reason.is_none() && !self.voided
    }

    /// Whether its tickets are gone.
    pub(crate) fn spends(&self) -> bool {
        self.counts() || self.forfeited
    }
}

/// Tickets granted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LotRow {
    pub(crate) voter: Uuid,
    pub(crate) lot_id: Uuid,
    pub(crate) grant_id: Option<Uuid>,
    pub(crate) tickets: i64,
    pub(crate) spent: i64,
}

/// Everything SQL holds of a campaign.
#[derive(Clone, Debug, Default)]
pub struct CampaignBooks {
    pub(crate) campaign: Uuid,
    pub(crate) progress: String,
    pub(crate) starts_at: i64,
    pub(crate) ends_at: i64,
    pub(crate) free_daily_tickets: i64,
    /// Keys of the channels, and the most tickets a day.
    pub(crate) channels: Vec<(String, Option<i64>)>,
    pub(crate) options: Vec<String>,
    /// Kind and name of each voter.
    pub(crate) voters: HashMap<Uuid, (String, String)>,
    pub(crate) votes: Vec<VoteRow>,
    pub(crate) lots: Vec<LotRow>,
    /// Grant, voter and tickets.
    pub(crate) grants: Vec<(Uuid, Uuid, i64)>,
    /// Voter, channel, day and tickets.
    pub(crate) uses: Vec<(Uuid, i64, String, i64)>,
    /// Hour since the epoch, option, channel and tickets.
    pub(crate) hours: Vec<(i64, i64, i64, i64)>,
    /// The same by day.
    pub(crate) days: Vec<(i64, i64, i64, i64)>,
    /// Option, channel, tickets and votes.
    pub(crate) totals: Vec<(i64, i64, i64, i64)>,
    /// Option, voter and tickets.
    pub(crate) fans: Vec<(i64, Uuid, i64)>,
    /// Canonical text, digest and votes.
    pub(crate) result: Option<(String, String, i64)>,
    /// Reason and detail of each dead letter of any box that nobody has dealt with.
    pub(crate) dead_letters: Vec<(String, String)>,
}

impl CampaignBooks {
    /// Reads what the database at `url` holds of `campaign`, in one snapshot.
    ///
    /// # Errors
    /// When it cannot be read, or there is no such campaign.
    pub async fn read(url: &str, campaign: Uuid) -> Result<Self> {
        let mut sql = connect(url).await?;
        sql.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            .await?;
        let mut reader = Reader {
            sql,
            campaign: Value::Bytes(campaign.as_bytes().to_vec()),
        };
        let books = reader.books(campaign).await;
        reader.sql.disconnect().await?;
        books
    }

    /// How many votes the ledger holds.
    #[must_use]
    pub fn n_votes(&self) -> usize {
        self.votes.len()
    }

    /// How many of them were rejected, by reason.
    #[must_use]
    pub fn rejected(&self) -> Vec<(String, usize)> {
        let mut reasons: Vec<&String> = self
            .votes
            .iter()
            .filter_map(|v| v.reason.as_ref())
            .collect();
        reasons.sort_unstable();
        let groups = reasons.chunk_by(|a, b| a == b);
        groups
            .map(|group| (group[0].clone(), group.len()))
            .collect()
    }
}

struct Reader {
    sql: Conn,
    campaign: Value,
}

impl Reader {
    /// Rows of `text`, in which `?` is the campaign.
    async fn rows<T: FromRow + Send + 'static>(&mut self, text: &str) -> Result<Vec<T>> {
        let bound = Params::Positional(vec![self.campaign.clone()]);
        let rows = self.sql.exec(text, bound).await;
        rows.with_context(|| text.to_owned())
    }

    async fn books(&mut self, campaign: Uuid) -> Result<CampaignBooks> {
        let mut heads = self
            .rows::<(String, i64, i64, i64)>(
                "SELECT progress, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', starts_at), \
                 TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ends_at), free_daily_tickets \
                 FROM campaigns WHERE campaign_id = ?",
            )
            .await?;
        let head = heads.pop().context("no such campaign")?;
        let (progress, starts_at, ends_at, free_daily_tickets) = head;
        Ok(CampaignBooks {
            campaign,
            progress,
            starts_at,
            ends_at,
            free_daily_tickets,
            channels: self
                .rows(
                    "SELECT channel_key, daily_ticket_limit FROM campaign_channels \
                     WHERE campaign_id = ? ORDER BY channel_no",
                )
                .await?,
            options: self
                .rows(
                    "SELECT option_key FROM campaign_options WHERE campaign_id = ? \
                     ORDER BY option_no",
                )
                .await?,
            voters: self.voters().await?,
            votes: self.votes().await?,
            lots: self.lots().await?,
            grants: self.grants().await?,
            uses: self.uses().await?,
            hours: self
                .rows(
                    "SELECT hour_no, option_no, channel_no, tickets FROM campaign_tallies \
                     WHERE campaign_id = ?",
                )
                .await?,
            days: self
                .rows(
                    "SELECT day_no, option_no, channel_no, tickets FROM campaign_days \
                     WHERE campaign_id = ?",
                )
                .await?,
            totals: self
                .rows(
                    "SELECT option_no, channel_no, tickets, n_votes FROM campaign_totals \
                     WHERE campaign_id = ?",
                )
                .await?,
            fans: self.fans().await?,
            result: self
                .rows(
                    "SELECT canonical, digest, n_votes FROM campaign_results WHERE campaign_id = ?",
                )
                .await?
                .pop(),
            dead_letters: self
                .sql
                .query("SELECT reason, detail FROM dead_letters WHERE resolved_at IS NULL")
                .await?,
        })
    }

    async fn voters(&mut self) -> Result<HashMap<Uuid, (String, String)>> {
        let rows = self
            .rows::<(Vec<u8>, String, String)>(
                "SELECT voter_id, voter_kind, voter_name FROM campaign_voters WHERE campaign_id = ?",
            )
            .await?;
        let voters = rows.into_iter();
        Ok(voters
            .map(|(voter, kind, name)| (uuid(voter), (kind, name)))
            .collect())
    }

    async fn votes(&mut self) -> Result<Vec<VoteRow>> {
        type Row = (
            (Vec<u8>, Vec<u8>, i64, i64, i64, i64),
            (String, Option<i64>, Vec<u8>, Option<String>),
            (bool, Option<bool>, i64),
        );
        let bound = Params::Positional(vec![self.campaign.clone()]);
        let rows: Vec<mysql_async::Row> = self
            .sql
            .exec(
                "SELECT v.vote_id, v.voter_id, v.option_no, v.channel_no, v.tickets, v.seq, \
                 CAST(v.day AS CHAR), v.use_limit, v.draws, v.reason, v.forfeited, w.forfeited, \
                 TIMESTAMPDIFF(MICROSECOND, '1970-01-01', v.settled_at) \
                 FROM campaign_votes v LEFT JOIN campaign_voids w ON w.vote_id = v.vote_id \
                 WHERE v.campaign_id = ?",
                bound,
            )
            .await?;
        let mut votes = Vec::with_capacity(rows.len());
        for mut row in rows {
            let read: Option<Row> = (|| {
                Some((
                    (
                        row.take(0)?,
                        row.take(1)?,
                        row.take(2)?,
                        row.take(3)?,
                        row.take(4)?,
                        row.take(5)?,
                    ),
                    (row.take(6)?, row.take(7)?, row.take(8)?, row.take(9)?),
                    (row.take(10)?, row.take(11)?, row.take(12)?),
                ))
            })();
            let (asked, (day, limit, draws, reason), (forfeited, voided, settled_at)) =
                read.context("a row of the ledger is not as expected")?;
            let (vote_id, voter, option, channel, tickets, seq) = asked;
            votes.push(VoteRow {
                vote_id: uuid(vote_id),
                voter: uuid(voter),
                option,
                channel,
                tickets,
                seq,
                day,
                limit,
                draws: parse_draws(&draws)?,
                voided: voided.is_some() || reason.as_deref() == Some("voided"),
                reason,
                forfeited: forfeited || voided == Some(true),
                settled_at,
            });
        }
        Ok(votes)
    }

    async fn lots(&mut self) -> Result<Vec<LotRow>> {
        let rows = self
            .rows::<(Vec<u8>, Vec<u8>, Option<Vec<u8>>, i64, i64)>(
                "SELECT voter_id, lot_id, grant_id, tickets, spent FROM campaign_lots \
                 WHERE campaign_id = ?",
            )
            .await?;
        let lots = rows.into_iter();
        Ok(lots
            .map(|(voter, lot_id, grant_id, tickets, spent)| LotRow {
                voter: uuid(voter),
                lot_id: uuid(lot_id),
                grant_id: grant_id.map(uuid),
                tickets,
                spent,
            })
            .collect())
    }

    async fn grants(&mut self) -> Result<Vec<(Uuid, Uuid, i64)>> {
        let rows = self
            .rows::<(Vec<u8>, Vec<u8>, i64)>(
                "SELECT grant_id, voter_id, tickets FROM campaign_grants WHERE campaign_id = ?",
            )
            .await?;
        let grants = rows.into_iter();
        Ok(grants
            .map(|(grant, voter, tickets)| (uuid(grant), uuid(voter), tickets))
            .collect())
    }

    async fn uses(&mut self) -> Result<Vec<(Uuid, i64, String, i64)>> {
        let rows = self
            .rows::<(Vec<u8>, i64, String, i64)>(
                "SELECT voter_id, channel_no, CAST(day AS CHAR), used FROM campaign_uses \
                 WHERE campaign_id = ?",
            )
            .await?;
        let uses = rows.into_iter();
        Ok(uses
            .map(|(voter, channel, day, used)| (uuid(voter), channel, day, used))
            .collect())
    }

    async fn fans(&mut self) -> Result<Vec<(i64, Uuid, i64)>> {
        let rows = self
            .rows::<(i64, Vec<u8>, i64)>(
                "SELECT option_no, voter_id, tickets FROM campaign_fans WHERE campaign_id = ?",
            )
            .await?;
        let fans = rows.into_iter();
        Ok(fans
            .map(|(option, voter, tickets)| (option, uuid(voter), tickets))
            .collect())
    }
}

/// For each lot its id (16 bytes) and the tickets (4 bytes, big-endian).
fn parse_draws(bytes: &[u8]) -> Result<Vec<(Uuid, i64)>> {
    let (draws, rest) = bytes.as_chunks::<20>();
    ensure!(rest.is_empty(), "draws of {} bytes", bytes.len());
    draws
        .iter()
        .map(|draw| {
            let (lot, tickets) = draw.split_at(16);
            let tickets = u32::from_be_bytes(tickets.try_into()?);
            Ok((Uuid::from_slice(lot)?, i64::from(tickets)))
        })
        .collect()
}
