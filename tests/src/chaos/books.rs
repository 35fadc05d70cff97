//! What SQL holds, read row by row and believed as little as anybody else.

use anyhow::{Context, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use uuid::Uuid;

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The vote.
    pub vote_id: Uuid,
    /// Who cast it.
    pub voter: Uuid,
    /// On what.
    pub review: Uuid,
    /// Where it stands in the order of the voter's votes.
    pub seq: i64,
    /// 1 up, -1 down, 0 taken back.
    pub direction: i64,
    /// The local day, `2026-11-22`.
    pub day: String,
    /// What it cost.
    pub cost: i64,
    /// The votes a day that it was held to.
    pub limit: i64,
    /// Microseconds since the Unix epoch, when a worker began to settle it.
    pub settled_at: i64,
    /// Why it was rejected; `None` for a counted vote.
    pub reason: Option<String>,
}

/// A vote that stands, by the table of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRow {
    /// Whose.
    pub voter: Uuid,
    /// On what.
    pub review: Uuid,
    /// The vote.
    pub vote_id: Uuid,
    /// Its direction.
    pub direction: i64,
    /// Whether the voter ever voted the review up.
    pub ever_up: bool,
}

/// A review's counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRow {
    /// Whose.
    pub review: Uuid,
    /// Standing up votes.
    pub up: i64,
    /// Standing down votes.
    pub down: i64,
    /// Voters who ever voted up.
    pub ever_up: i64,
    /// Whether its reward was sent.
    pub is_rewarded: bool,
}

/// A voter's votes of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// Whose.
    pub voter: Uuid,
    /// Which day.
    pub day: String,
    /// How many were used.
    pub used: i64,
}

/// Credit given for a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardRow {
    /// For what.
    pub review: Uuid,
    /// To whom.
    pub user: Uuid,
    /// How much.
    pub credit: i64,
}

/// All that SQL holds of votes and what follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Every vote that came to an end.
    pub ledger: Vec<Ledger>,
    /// The votes that stand.
    pub standings: Vec<StandingRow>,
    /// The reviews' counters.
    pub counters: Vec<CounterRow>,
    /// The votes used.
    pub days: Vec<DayRow>,
    /// Review and author.
    pub authors: Vec<(Uuid, Uuid)>,
    /// What authors were given.
    pub rewards: Vec<RewardRow>,
    /// User and credit.
    pub credits: Vec<(Uuid, i64)>,
    /// Reason and detail of every dead letter that nobody has dealt with.
    pub dead_letters: Vec<(String, String)>,
}

impl Books {
    /// Reads everything from the database at `url`, in one snapshot.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(url: &str) -> Result<Self> {
        let mut sql = connect(url).await?;
        sql.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            .await?;
        let books = Self {
            ledger: sql
                .query_map(
                    "SELECT vote_id, voter_id, review_id, seq, direction, \
                     CAST(day AS CHAR), cost, day_limit, \
                     TIMESTAMPDIFF(MICROSECOND, '1970-01-01', settled_at), reason \
                     FROM review_votes",
                    |(
                        vote_id,
                        voter,
                        review,
                        seq,
                        direction,
                        day,
                        cost,
                        limit,
                        settled_at,
                        reason,
                    )| Ledger {
                        vote_id: uuid(vote_id),
                        voter: uuid(voter),
                        review: uuid(review),
                        seq,
                        direction,
                        day,
                        cost,
                        limit,
                        settled_at,
                        reason,
                    },
                )
                .await?,
            standings: sql
                .query_map(
                    "SELECT voter_id, review_id, vote_id, direction, ever_up FROM review_standings",
                    |(voter, review, vote_id, direction, ever_up)| StandingRow {
                        voter: uuid(voter),
                        review: uuid(review),
                        vote_id: uuid(vote_id),
                        direction,
                        ever_up,
                    },
                )
                .await?,
            counters: sql
                .query_map(
                    "SELECT review_id, up, down, ever_up, reward_sent_at IS NOT NULL \
                     FROM review_counters",
                    |(review, up, down, ever_up, is_rewarded)| CounterRow {
                        review: uuid(review),
                        up,
                        down,
                        ever_up,
                        is_rewarded,
                    },
                )
                .await?,
            days: sql
                .query_map(
                    "SELECT voter_id, CAST(day AS CHAR), used FROM review_voter_days",
                    |(voter, day, used)| DayRow {
                        voter: uuid(voter),
                        day,
                        used,
                    },
                )
                .await?,
            authors: sql
                .query_map(
                    "SELECT review_id, author_id FROM reviews",
                    |(review, author)| (uuid(review), uuid(author)),
                )
                .await?,
            rewards: sql
                .query_map(
                    "SELECT review_id, user_id, credit FROM rewards",
                    |(review, user, credit)| RewardRow {
                        review: uuid(review),
                        user: uuid(user),
                        credit,
                    },
                )
                .await?,
            credits: sql
                .query_map("SELECT user_id, credit FROM users", |(user, credit)| {
                    (uuid(user), credit)
                })
                .await?,
            dead_letters: sql
                .query("SELECT reason, detail FROM dead_letters WHERE resolved_at IS NULL")
                .await?,
        };
        sql.disconnect().await?;
        Ok(books)
    }
}

/// Carries out one statement: for tests that spoil a row.
///
/// # Errors
/// When it fails.
pub async fn execute(url: &str, statement: &str) -> Result<()> {
    let mut sql = connect(url).await?;
    sql.query_drop(statement)
        .await
        .with_context(|| statement.to_owned())?;
    sql.disconnect().await?;
    Ok(())
}

/// A connection to the database at `url`.
pub(crate) async fn connect(url: &str) -> Result<Conn> {
    let options = Opts::from_url(url).context("no MySQL URL")?;
    Conn::new(options).await.context("cannot reach SQL")
}

/// The id that a row holds.
#[expect(clippy::needless_pass_by_value, reason = "that is what a row gives")]
pub(crate) fn uuid(bytes: Vec<u8>) -> Uuid {
    // A key of another length is none of ours, and will be missed under its name.
    Uuid::from_slice(&bytes).unwrap_or_default()
}
