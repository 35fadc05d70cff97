//! A campaign to look at, and its rows as settling would write them.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::campaign::Hour;

use crate::server::{Member, Server, id};

/// The body of a sound campaign that begins and ends so many hours from now.
pub(crate) async fn body(server: &Server, from: i64, to: i64) -> Result<Value> {
    let now = server.cache.now().await?;
    Ok(json!({
        "name": "Song of the year",
        "starts_at": now + TimeDelta::hours(from),
        "ends_at": now + TimeDelta::hours(to),
        "time_zone": "Europe/Berlin",
        "free_daily_tickets": 3,
        "ticket_expiry": {"kind": "days", "days": 7},
        "channels": [
            {"key": "web", "name": "Web", "daily_ticket_limit": 5},
            {"key": "jury", "name": "Jury", "voter_kinds": ["jury", "member"]},
        ],
        "options": [
            {"key": "a", "name": "First song", "subject_kind": "song", "subject_id": "17"},
            {"key": "b", "name": "Second song"},
            {"key": "c.1", "name": "Third song"},
        ],
    }))
}

/// A campaign, and an operator.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) operator: Member,
    pub(crate) id: String,
    pub(crate) path: String,
}

impl Scene {
    /// One that runs from and to so many hours from now.
    pub(crate) async fn set(server: Server, from: i64, to: i64) -> Result<Self> {
        let operator = server.member_with_role("olga", "operator").await?;
        let body = body(&server, from, to).await?;
        let campaign = server.post_as(&operator, "/campaigns", body).await?.ok(201);
        let id = id(&campaign, "campaign_id");
        Ok(Self {
            path: format!("/campaigns/{id}"),
            server,
            operator,
            id,
        })
    }

    pub(crate) fn key(&self) -> String {
        literal(self.id.parse().unwrap())
    }

    /// How far the closing has come, at once and everywhere.
    pub(crate) async fn progress(&self, progress: &str) -> Result<()> {
        let sql = format!(
            "UPDATE campaigns SET progress = '{progress}' WHERE campaign_id = {}",
            self.key()
        );
        self.server.store.execute_raw(&sql).await?;
        let head = format!("campaign:{}", self.id);
        Ok(self.server.cache.invalidate(&[head]).await?)
    }

    /// Counts tickets for the option and channel of these numbers at `at`.
    pub(crate) async fn count(
        &self,
        at: DateTime<Utc>,
        option: u32,
        channel: u32,
        tickets: u64,
    ) -> Result<()> {
        let (key, hour) = (self.key(), Hour::of(at).0);
        let day = hour.div_euclid(24);
        for (table, unit) in [
            ("campaign_tallies", format!("{hour}, ")),
            ("campaign_days", format!("{day}, ")),
            ("campaign_totals", String::new()),
        ] {
            let unit_column = match table {
                "campaign_tallies" => "hour_no",
                "campaign_days" => "day_no",
                _ => "1",
            };
            let unit_value = unit.trim_end_matches(", ");
            let unit_value = if unit_value.is_empty() {
                "1"
            } else {
                unit_value
            };
            let there = format!(
                "FROM {table} WHERE campaign_id = {key} AND {unit_column} = {unit_value} \
                 AND option_no = {option} AND channel_no = {channel}"
            );
            let n = self
                .server
                .store
                .select_number(&format!("SELECT COUNT(*) AS n {there}"))
                .await?;
            let sql = if n > 0 {
                let place = there
                    .trim_start_matches(&format!("FROM {table}"))
                    .to_owned();
                format!("UPDATE {table} SET tickets = tickets + {tickets}{place}")
            } else if table == "campaign_totals" {
                format!("INSERT INTO {table} VALUES ({key}, {option}, {channel}, {tickets}, 1)")
            } else {
                format!("INSERT INTO {table} VALUES ({key}, {unit}{option}, {channel}, {tickets})")
            };
            self.server.store.execute_raw(&sql).await?;
        }
        Ok(())
    }

    /// Gives a voter of `kind` tickets on the first option.
    pub(crate) async fn fan(&self, voter: Uuid, kind: &str, name: &str, n: u64) -> Result<()> {
        let (key, voter) = (self.key(), literal(voter));
        for sql in [
            format!(
                "INSERT INTO campaign_voters VALUES ({voter}, {key}, '{kind}', '{name}', 1, 1)"
            ),
            format!("INSERT INTO campaign_fans VALUES ({key}, 0, {voter}, {n})"),
        ] {
            self.server.store.execute_raw(&sql).await?;
        }
        Ok(())
    }

    /// Lets so much time pass for snapshots in the cache and in memory alike.
    pub(crate) async fn wait_for_snapshots(&self) {
        self.server
            .clock
            .set(self.server.clock.now() + TimeDelta::milliseconds(1_600));
        tokio::time::sleep(std::time::Duration::from_millis(1_600)).await;
    }

    /// Ranks, keys and votes of a board.
    pub(crate) async fn board(&self, query: &str) -> Result<Vec<(u64, String, u64)>> {
        let path = format!("{}/board{query}", self.path);
        let board = self.server.get(&path).await?.ok(200);
        Ok(rows(&board))
    }
}

/// Ranks, keys and votes.
pub(crate) fn rows(board: &Value) -> Vec<(u64, String, u64)> {
    let options = board["options"].as_array().unwrap();
    options
        .iter()
        .map(|row| {
            assert!(row["name"].as_str().unwrap().ends_with(" song"), "{row}");
            (
                row["rank"].as_u64().unwrap(),
                row["option"].as_str().unwrap().to_owned(),
                row["votes"].as_u64().unwrap(),
            )
        })
        .collect()
}

/// What a board should show.
pub(crate) fn expected(rows: &[(u64, &str, u64)]) -> Vec<(u64, String, u64)> {
    rows.iter()
        .map(|(rank, option, votes)| (*rank, (*option).to_owned(), *votes))
        .collect()
}

pub(crate) fn literal(id: Uuid) -> String {
    format!("X'{}'", id.simple())
}
