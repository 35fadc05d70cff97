//! `votectl boxes`: how full the ballot boxes are, and how far behind.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::Call;
use crate::operator::{Connection, LOGIN};
use crate::table;

const HINTS: &str = "Examples:
  votectl boxes --url http://127.0.0.1:8080
  votectl boxes --watch 2
  votectl boxes --json | jq '.items[] | select(.workers == 0)'

A box of which votes wait and that has no workers is the thing to look for. Ages, and whether votes \
are taken or shed, are what the gateway asked knows; `-` where it cannot tell.";

/// Shows each ballot box: messages that wait, how long the oldest vote has waited, how many
/// workers serve it, the state of its campaign, and whether votes for it are shed.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct Boxes {
    #[command(flatten)]
    connection: Connection,
    /// Show it again every so many seconds, until interrupted
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1",
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    watch: Option<u64>,
}

impl Boxes {
    /// # Errors
    /// When the account may not look, or a service stays away.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let mut operator = self.connection.open().await?;
        loop {
            let answer = operator.ask_gateway(Call::get("/boxes"), "asking for the boxes");
            let answer = answer.await?;
            let rows: Vec<Value> = answer.list("items")?.iter().map(row).collect();
            operator.tell(&answer.body, || table::of(&rows, &COLUMNS))?;
            let Some(seconds) = self.watch else {
                return Ok(ExitCode::SUCCESS);
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(seconds)) => println!(),
                _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
            }
        }
    }
}

const COLUMNS: [(&str, &str); 6] = [
    ("BOX", "name"),
    ("READY", "depth"),
    ("AGE", "age"),
    ("WORKERS", "workers"),
    ("CAMPAIGN", "state"),
    ("VOTES", "votes"),
];

/// A box in the words of the table.
fn row(item: &Value) -> Value {
    json!({
        "name": item["name"],
        "depth": item["depth"],
        "age": item["age_s"].as_f64().map(age),
        "workers": item["workers"],
        "state": item["state"],
        "votes": item["takes_votes"].as_bool().map(|takes| if takes { "taken" } else { "shed" }),
    })
}

/// `0.4s`, `75s`, `12min`, `3h`.
fn age(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1}s"),
        s if s < 600.0 => format!("{s:.0}s"),
        s if s < 36_000.0 => format!("{:.0}min", s / 60.0),
        s => format!("{:.0}h", s / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_box_is_a_line_and_what_is_unknown_a_dash() {
        let boxes = [
            json!({"name": "votes.reviews", "campaign_id": null, "state": null, "depth": 12,
                   "age_s": 0.42, "workers": 2, "takes_votes": true}),
            json!({"name": "votes.campaign.7", "campaign_id": "7", "state": "open",
                   "depth": 90_000, "age_s": 700.0, "workers": 0, "takes_votes": false}),
            json!({"name": "votes.campaign.8", "campaign_id": "8", "state": "scheduled",
                   "depth": null, "age_s": null, "workers": null, "takes_votes": true}),
        ];
        assert_eq!(
            table::of(&boxes.map(|item| row(&item)), &COLUMNS),
            "BOX               READY  AGE    WORKERS  CAMPAIGN   VOTES\n\
             votes.reviews     12     0.4s   2        -          taken\n\
             votes.campaign.7  90000  12min  0        open       shed\n\
             votes.campaign.8  -      -      -        scheduled  taken"
        );
    }
}
