//! Watching a campaign to its end.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::read;
use crate::api::Call;
use crate::list::id;
use crate::operator::Operator;

/// How often it is looked at while it closes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked at before its end.
const LOOK_EARLY_EVERY: Duration = Duration::from_secs(15);

/// How long a close takes that nothing holds up.
const CLOSE_WITHIN: Duration = Duration::from_secs(30);

/// How often it is said what the close waits for.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Which campaign is watched, and for how long.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// The campaign
    id: Uuid,
    /// Give up after so many seconds; 0 for never
    #[arg(long, default_value_t = 0)]
    timeout_s: u64,
}

impl Watch {
    /// Says each change, and at the end the result's digest. What holds a close up is looked
    /// for where it takes long.
    pub(super) async fn run(self, operator: &mut Operator) -> Result<ExitCode> {
        let began = Instant::now();
        let mut last = String::new();
        let mut closing_since = None;
        let mut said_at = None;
        loop {
            let campaign = read(operator, self.id).await?;
            let state = campaign["state"].as_str().unwrap_or_default().to_owned();
            if state != last {
                eprintln!("{state}; it ends at {}", text(&campaign, "ends_at"));
                last.clone_from(&state);
            }
            let is_over = matches!(state.as_str(), "closing" | "drained");
            if state == "final" {
                return self.result(operator).await;
            }
            if is_over {
                let since = *closing_since.get_or_insert_with(Instant::now);
                let is_due = said_at.is_none_or(|at: Instant| at.elapsed() >= SAY_EVERY);
                if since.elapsed() >= CLOSE_WITHIN && is_due {
                    said_at = Some(Instant::now());
                    self.say_what_it_waits_for(operator).await;
                }
            } else {
                closing_since = None;
            }
            if self.timeout_s > 0 && began.elapsed() >= Duration::from_secs(self.timeout_s) {
                bail!("after {} s the campaign is {state}", self.timeout_s);
            }
            sleep(if is_over {
                LOOK_EVERY
            } else {
                until_next(&campaign)
            })
            .await;
        }
    }

    async fn result(&self, operator: &mut Operator) -> Result<ExitCode> {
        let call = Call::get(format!("/campaigns/{}/result", self.id));
        let result = operator.ask_catalog(call, "reading the result").await?.body;
        operator.tell(&result, || {
            format!("final; the result's digest is {}", text(&result, "digest"))
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Best effort: only operators may look.
    async fn say_what_it_waits_for(&self, operator: &mut Operator) {
        let gateway = operator.gateway.clone();
        for name in [
            format!("votes.campaign.{}", self.id),
            "votes.dead".to_owned(),
        ] {
            let path = format!("/dead-letters?state=open&box={name}");
            for letter in operator.list(&gateway, &path, 10).await.unwrap_or_default() {
                if let Ok(id) = id(&letter, "dead_letter_id") {
                    eprintln!(
                        "the close waits for a decision on dead letter {id} ({}): replay or drop it",
                        text(&letter, "reason")
                    );
                }
            }
        }
        eprintln!("the close takes long: look at the workers' log and readiness, too");
    }
}

/// How long it is worth waiting before the next look at a campaign that is not over.
fn until_next(campaign: &Value) -> Duration {
    match campaign["state"].as_str() {
        Some("open") => LOOK_EVERY,
        _ => LOOK_EARLY_EVERY,
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or("?")
}
