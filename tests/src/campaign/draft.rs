//! Campaigns to create.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::member::Member;

/// A channel to create; its key is its name, too.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// Its key.
    pub key: &'static str,
    /// The most tickets of a voter a day.
    pub daily_limit: Option<i64>,
    /// The only kind of voters that may use it.
    pub only: Option<&'static str>,
}

impl Channel {
    /// A channel for everybody, without a limit.
    #[must_use]
    pub fn open(key: &'static str) -> Self {
        Self {
            key,
            daily_limit: None,
            only: None,
        }
    }
}

/// A campaign to create.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// When it opens; at once if that is past.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Whose midnight begins a new day of tickets.
    pub time_zone: String,
    /// Tickets of every voter on each day.
    pub free_daily_tickets: i64,
    /// `end_of_day`, `days` or `campaign_end`, as the API has it.
    pub ticket_expiry: Value,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// Keys of its options, which are their names, too.
    pub options: Vec<String>,
    /// The most tickets in one vote.
    pub max_tickets_per_vote: Option<i64>,
}

impl Draft {
    /// A campaign that opens at `now` and ends `life` later, with three options `a` to
    /// `c`, a channel `web`, and three free tickets a day.
    #[must_use]
    pub fn open_for(now: DateTime<Utc>, life: TimeDelta) -> Self {
        Self {
            name: "Song of the year".to_owned(),
            starts_at: now,
            ends_at: now + life,
            time_zone: "Europe/Berlin".to_owned(),
            free_daily_tickets: 3,
            ticket_expiry: json!({ "kind": "campaign_end" }),
            channels: vec![Channel::open("web")],
            options: ["a", "b", "c"].map(str::to_owned).to_vec(),
            max_tickets_per_vote: None,
        }
    }

    /// As the API takes it.
    #[must_use]
    pub fn body(&self) -> Value {
        let channels = self.channels.iter().map(|channel| {
            let mut body = json!({ "key": channel.key, "name": channel.key });
            if let Some(limit) = channel.daily_limit {
                body["daily_ticket_limit"] = limit.into();
            }
            if let Some(kind) = channel.only {
                body["voter_kinds"] = json!([kind]);
            }
            body
        });
        let options = self
            .options
            .iter()
            .map(|key| json!({ "key": key, "name": format!("Option {key}") }));
        let mut body = json!({
            "name": self.name,
            "starts_at": self.starts_at.to_rfc3339(),
            "ends_at": self.ends_at.to_rfc3339(),
            "time_zone": self.time_zone,
            "free_daily_tickets": self.free_daily_tickets,
            "ticket_expiry": self.ticket_expiry,
            "channels": channels.collect::<Vec<_>>(),
            "options": options.collect::<Vec<_>>(),
        });
        if let Some(max) = self.max_tickets_per_vote {
            body["max_tickets_per_vote"] = max.into();
        }
        body
    }

    /// Lets `operator` create it.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create(&self, operator: &Member) -> Result<Uuid> {
        let body = self.body();
        let made = operator
            .ask(Method::POST, "/campaigns", Some(&body))
            .await?;
        made.expect(201)?.id("campaign_id")
    }
}
