//! One vote, one transaction.

use anyhow::Result;
use chrono::{DateTime, Utc};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Pool, TxOpts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Votes of a voter on a day, and tickets in a campaign: more than anybody spends.
const LIMIT: i64 = 10_000;

/// The tables, made anew.
const TABLES: [&str; 8] = [
    "CREATE TABLE IF NOT EXISTS rival_votes (vote_id BINARY(16) PRIMARY KEY, \
     voter_id BINARY(16) NOT NULL, review_id BINARY(16) NOT NULL, direction SMALLINT NOT NULL, \
     cast_at DATETIME(6) NOT NULL, UNIQUE KEY (voter_id, review_id), KEY (review_id))",
    "CREATE TABLE IF NOT EXISTS rival_days (voter_id BINARY(16) NOT NULL, day DATE NOT NULL, \
     used INT NOT NULL, PRIMARY KEY (voter_id, day))",
    "CREATE TABLE IF NOT EXISTS rival_counters (review_id BINARY(16) PRIMARY KEY, \
     up BIGINT NOT NULL, down BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS rival_ledger (vote_id BINARY(16) PRIMARY KEY, \
     campaign_id BINARY(16) NOT NULL, voter_id BINARY(16) NOT NULL, option_key VARCHAR(64) NOT NULL, \
     channel_key VARCHAR(64) NOT NULL, tickets INT NOT NULL, cast_at DATETIME(6) NOT NULL, \
     KEY (campaign_id, voter_id, cast_at))",
    "CREATE TABLE IF NOT EXISTS rival_wallets (voter_id BINARY(16) NOT NULL, \
     campaign_id BINARY(16) NOT NULL, spent INT NOT NULL, PRIMARY KEY (voter_id, campaign_id))",
    "CREATE TABLE IF NOT EXISTS rival_tallies (campaign_id BINARY(16) NOT NULL, \
     hour_no INT NOT NULL, option_key VARCHAR(64) NOT NULL, channel_key VARCHAR(64) NOT NULL, \
     tickets BIGINT NOT NULL, PRIMARY KEY (campaign_id, hour_no, option_key, channel_key))",
    "CREATE TABLE IF NOT EXISTS rival_totals (campaign_id BINARY(16) NOT NULL, \
     option_key VARCHAR(64) NOT NULL, tickets BIGINT NOT NULL, \
     PRIMARY KEY (campaign_id, option_key))",
    "CREATE TABLE IF NOT EXISTS rival_fans (campaign_id BINARY(16) NOT NULL, \
     option_key VARCHAR(64) NOT NULL, voter_id BINARY(16) NOT NULL, tickets BIGINT NOT NULL, \
     PRIMARY KEY (campaign_id, option_key, voter_id), KEY (campaign_id, option_key, tickets))",
];

/// A vote as the rivals have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum RivalVote {
    Review {
        vote_id: Uuid,
        voter: Uuid,
        review: Uuid,
        up: bool,
        at: DateTime<Utc>,
    },
    Campaign {
        vote_id: Uuid,
        voter: Uuid,
        campaign: Uuid,
        option: String,
        channel: String,
        tickets: i64,
        at: DateTime<Utc>,
    },
}

/// Why a vote did not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is there already.
    Duplicate,
    /// The voter has nothing left.
    Spent,
}

/// Makes the tables.
pub(super) async fn make_tables(pool: &Pool) -> Result<()> {
    let mut sql = pool.get_conn().await?;
    for table in TABLES {
        sql.query_drop(table).await?;
    }
    Ok(())
}

/// Counts `vote` in a transaction of its own, again while others are in the way.
pub(super) async fn count(pool: &Pool, vote: &RivalVote) -> Result<Option<Refused>> {
    let mut sql = pool.get_conn().await?;
    loop {
        match try_count(&mut sql, vote).await {
            // Deadlock, lock wait.
            Err(mysql_async::Error::Server(error)) if [1213, 1205].contains(&error.code) => {}
            Err(mysql_async::Error::Server(error)) if error.code == 1062 => {
                return Ok(Some(Refused::Duplicate));
            }
            counted => return Ok(counted?),
        }
    }
}

async fn try_count(sql: &mut Conn, vote: &RivalVote) -> mysql_async::Result<Option<Refused>> {
    let mut transaction = sql.start_transaction(TxOpts::default()).await?;
    let refused = match vote {
        RivalVote::Review {
            vote_id,
            voter,
            review,
            up,
            at,
        } => {
            let (voter, review) = (voter.as_bytes(), review.as_bytes());
            let day = at.date_naive().to_string();
            transaction
                .exec_drop(
                    "INSERT INTO rival_votes VALUES (?, ?, ?, ?, ?)",
                    (vote_id.as_bytes(), voter, review, i8::from(*up), stamp(at)),
                )
                .await?;
            transaction
                .exec_drop(
                    "INSERT INTO rival_days VALUES (?, ?, 1) \
                     ON DUPLICATE KEY UPDATE used = used + 1",
                    (voter, &day),
                )
                .await?;
            let used: Option<i64> = transaction
                .exec_first(
                    "SELECT used FROM rival_days WHERE voter_id = ? AND day = ?",
                    (voter, &day),
                )
                .await?;
            transaction
                .exec_drop(
                    "INSERT INTO rival_counters VALUES (?, ?, ?) \
                     ON DUPLICATE KEY UPDATE up = up + VALUES(up), down = down + VALUES(down)",
                    (review, i8::from(*up), i8::from(!*up)),
                )
                .await?;
            used.is_none_or(|used| used > LIMIT)
        }
        RivalVote::Campaign {
            vote_id,
            voter,
            campaign,
            option,
            channel,
            tickets,
            at,
        } => {
            let (voter, campaign) = (voter.as_bytes(), campaign.as_bytes());
            transaction
                .exec_drop(
                    "INSERT INTO rival_wallets VALUES (?, ?, ?) \
                     ON DUPLICATE KEY UPDATE spent = spent + VALUES(spent)",
                    (voter, campaign, tickets),
                )
                .await?;
            let spent: Option<i64> = transaction
                .exec_first(
                    "SELECT spent FROM rival_wallets WHERE voter_id = ? AND campaign_id = ?",
                    (voter, campaign),
                )
                .await?;
            transaction
                .exec_drop(
                    "INSERT INTO rival_ledger VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        vote_id.as_bytes(),
                        campaign,
                        voter,
                        option,
                        channel,
                        tickets,
                        stamp(at),
                    ),
                )
                .await?;
            transaction
                .exec_drop(
                    "INSERT INTO rival_fans VALUES (?, ?, ?, ?) \
                     ON DUPLICATE KEY UPDATE tickets = tickets + VALUES(tickets)",
                    (campaign, option, voter, tickets),
                )
                .await?;
            transaction
                .exec_drop(
                    "INSERT INTO rival_tallies VALUES (?, ?, ?, ?, ?) \
                     ON DUPLICATE KEY UPDATE tickets = tickets + VALUES(tickets)",
                    (campaign, at.timestamp() / 3_600, option, channel, tickets),
                )
                .await?;
            // The hottest row last, so that it is locked for the shortest time.
            transaction
                .exec_drop(
                    "INSERT INTO rival_totals VALUES (?, ?, ?) \
                     ON DUPLICATE KEY UPDATE tickets = tickets + VALUES(tickets)",
                    (campaign, option, tickets),
                )
                .await?;
            spent.is_none_or(|spent| spent > LIMIT)
        }
    };
    if refused {
        transaction.rollback().await?;
        return Ok(Some(Refused::Spent));
    }
    transaction.commit().await?;
    Ok(None)
}

fn stamp(at: &DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}
