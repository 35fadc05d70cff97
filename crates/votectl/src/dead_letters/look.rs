//! Looking at letters.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Call;
use crate::operator::Operator;
use crate::table;

/// The columns of a list.
const COLUMNS: &[(&str, &str)] = &[
    ("LETTER", "dead_letter_id"),
    ("BOX", "box"),
    ("STATE", "state"),
    ("REASON", "reason"),
    ("ARRIVALS", "arrivals"),
    ("CREATED", "created_at"),
    ("DETAIL", "detail"),
];

/// The columns of a letter's votes.
const VOTES: &[(&str, &str)] = &[
    ("VOTE", "vote_id"),
    ("VOTER", "voter_name"),
    ("CAMPAIGN", "campaign_id"),
    ("REVIEW", "review_id"),
    ("TICKETS", "tickets"),
    ("CAST", "cast_at"),
    ("LEDGER", "ledger"),
];

/// How letters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum State {
    /// Nobody has decided
    Open,
    /// Sent to their box again
    Replayed,
    /// Given up
    Dropped,
    /// Any of these
    Any,
}

/// Which letters are listed.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those of this box, such as votes.reviews or votes.campaign.<id>
    #[arg(long = "box")]
    ballot_box: Option<String>,
    /// Only those that stand so
    #[arg(long, value_enum, default_value_t = State::Open)]
    state: State,
    /// How many at most
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

impl List {
    pub(super) async fn run(self, operator: &mut Operator) -> Result<ExitCode> {
        let letters = letters(operator, self.ballot_box.as_deref(), self.state, self.limit).await?;
        operator.tell(&json!({ "items": letters }), || match letters.is_empty() {
            true => "none".to_owned(),
            false => table::of(&letters, COLUMNS),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Up to `at_most` letters of `ballot_box` that stand so.
pub(super) async fn letters(
    operator: &mut Operator,
    ballot_box: Option<&str>,
    state: State,
    at_most: usize,
) -> Result<Vec<Value>> {
    let state = match state {
        State::Open => "state=open",
        State::Replayed => "state=replayed",
        State::Dropped => "state=dropped",
        State::Any => "",
    };
    let ballot_box = ballot_box.map(|name| format!("box={name}"));
    let query: Vec<&str> = ballot_box
        .iter()
        .map(String::as_str)
        .chain([state])
        .filter(|part| !part.is_empty())
        .collect();
    let path = match query.is_empty() {
        true => "/dead-letters".to_owned(),
        false => format!("/dead-letters?{}", query.join("&")),
    };
    let gateway = operator.gateway.clone();
    operator.list(&gateway, &path, at_most).await
}

/// Shows one letter.
pub(super) async fn show(operator: &mut Operator, id: Uuid) -> Result<ExitCode> {
    let letter = read(operator, id).await?;
    operator.tell(&letter, || describe(&letter))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads one letter.
pub(super) async fn read(operator: &mut Operator, id: Uuid) -> Result<Value> {
    let call = Call::get(format!("/dead-letters/{id}"));
    let doing = format!("reading letter {id}");
    Ok(operator.ask_gateway(call, &doing).await?.body)
}

fn describe(letter: &Value) -> String {
    let mut votes = letter["votes"].as_array().cloned().unwrap_or_default();
    for vote in &mut votes {
        let part = |field: &str| vote["voter"][field].as_str().unwrap_or("?").to_owned();
        vote["voter_name"] = format!("{}/{}", part("kind"), part("id")).into();
    }
    let fields = table::fields(letter);
    match votes.is_empty() {
        true => format!("{fields}\n\nno vote of it can be read"),
        false => format!("{fields}\n\n{}", table::of(&votes, VOTES)),
    }
}
