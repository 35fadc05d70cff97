//! Replaying and dropping letters.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::look::{State, letters, read};
use crate::api::{Call, Refused};
use crate::list::id;
use crate::operator::Operator;
use crate::progress::Progress;

/// The most letters that one command decides on.
const LETTERS_MAX: usize = 100_000;

/// Which letters are meant.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The letters
    #[arg(required_unless_present = "all")]
    ids: Vec<Uuid>,
    /// All that are open, instead
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// With --all: only those of this box, such as votes.reviews
    #[arg(long = "box", requires = "all")]
    ballot_box: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Which {
    async fn ids(&self, operator: &mut Operator) -> Result<Vec<Uuid>> {
        if !self.all {
            return Ok(self.ids.clone());
        }
        let open = letters(
            operator,
            self.ballot_box.as_deref(),
            State::Open,
            LETTERS_MAX,
        );
        (open.await?.iter())
            .map(|letter| id(letter, "dead_letter_id"))
            .collect()
    }
}

/// Letters to replay.
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    which: Which,
}

/// Letters to drop.
#[derive(Debug, Args)]
pub(super) struct Drop {
    #[command(flatten)]
    which: Which,
    /// Why, for the audit record; up to 500 characters
    #[arg(long)]
    reason: String,
}

impl Replay {
    pub(super) async fn run(self, operator: &mut Operator) -> Result<ExitCode> {
        let ids = self.which.ids(operator).await?;
        if self.which.dry_run {
            return foretell(operator, &ids, "replayed").await;
        }
        let call = |id: Uuid| Call::post(format!("/dead-letters/{id}/replay"));
        decide(operator, &ids, "replaying", call).await
    }
}

impl Drop {
    pub(super) async fn run(self, operator: &mut Operator) -> Result<ExitCode> {
        if self.reason.trim().is_empty() {
            bail!("--reason must say something");
        }
        let ids = self.which.ids(operator).await?;
        if self.which.dry_run {
            return foretell(operator, &ids, "dropped").await;
        }
        let call = |id: Uuid| {
            let call = Call::post(format!("/dead-letters/{id}/drop"));
            call.body(json!({ "reason": self.reason }))
        };
        decide(operator, &ids, "dropping", call).await
    }
}

/// Sends what `call` makes of each letter; one that is refused keeps no other back.
async fn decide(
    operator: &mut Operator,
    ids: &[Uuid],
    doing: &'static str,
    call: impl Fn(Uuid) -> Call<'static>,
) -> Result<ExitCode> {
    let progress = Progress::begin(doing, ids.len());
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        match operator
            .ask_gateway(call(*id), &format!("{doing} {id}"))
            .await
        {
            Ok(answer) => done.push(answer.body),
            Err(error) if error.is::<Refused>() => {
                progress.say(&format!("{error:#}"));
                refused.push(json!({ "dead_letter_id": id, "error": format!("{error:#}") }));
            }
            Err(error) => {
                return Err(error.context(format!(
                    "{} of {} letters were done",
                    done.len(),
                    ids.len()
                )));
            }
        }
        progress.step();
    }
    drop(progress);
    let found = json!({ "done": done, "refused": refused });
    operator.tell(&found, || words(&done, refused.len()))?;
    Ok(ExitCode::from(u8::from(!refused.is_empty())))
}

/// What was done, in words.
fn words(done: &[Value], n_refused: usize) -> String {
    let mut lines: Vec<String> = done.iter().map(line).collect();
    lines.push(format!("{} done, {n_refused} refused", done.len()));
    lines.join("\n")
}

fn line(letter: &Value) -> String {
    let text = |field: &str| letter[field].as_str().unwrap_or("?").to_owned();
    let (id, state) = (text("dead_letter_id"), text("state"));
    match letter["rejected"].as_array() {
        Some(rejected) => format!(
            "{id} {state}: {} votes rejected, {} had their end before, {} parts could not be read",
            rejected.len(),
            letter["known"],
            letter["unreadable"]
        ),
        None => format!("{id} {state}"),
    }
}

/// Says of each letter what is in it, and decides nothing.
async fn foretell(operator: &mut Operator, ids: &[Uuid], how: &str) -> Result<ExitCode> {
    let mut found = Vec::new();
    for id in ids {
        let letter = read(operator, *id).await?;
        let votes = letter["votes"]
            .as_array()
            .context("a letter without votes")?;
        let n_unknown = votes.iter().filter(|vote| vote["ledger"].is_null()).count();
        found.push(json!({
            "dead_letter_id": id, "box": letter["box"], "state": letter["state"],
            "votes": votes.len(), "not_in_ledger": n_unknown, "unreadable": letter["unreadable"]
        }));
    }
    operator.tell(&json!({ "dry_run": true, "letters": found }), || {
        let lines = found.iter().map(|letter| {
            let text = |field: &str| letter[field].as_str().unwrap_or("?").to_owned();
            format!(
                "{} of {} ({}) would be {how}: {} votes, {} of them not in the ledger; {} parts \
                 cannot be read",
                text("dead_letter_id"),
                text("box"),
                text("state"),
                letter["votes"],
                letter["not_in_ledger"],
                letter["unreadable"]
            )
        });
        let mut lines: Vec<String> = lines.collect();
        lines.push(format!("{} letters; nothing was changed", found.len()));
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
