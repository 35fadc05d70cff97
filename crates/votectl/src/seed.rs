//! `votectl seed`: something to look at, through the API.

mod campaign;
mod places;
mod reviews;

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use demo_content::people::{NAMES, PASSWORD};
use serde_json::json;
use vote_domain::Clock;

use crate::api::{Call, Refused};
use crate::operator::{Connection, LOGIN, Operator};
use crate::progress::Progress;
use crate::session::Session;

const HINTS: &str = "Example:
  votectl seed --url http://127.0.0.1:8080

Restaurants, items, members, reviews and votes as the embedded mode begins with them, and a campaign \
that is open for three weeks, with votes. What is there already is kept and found again by its name, \
so that the command may be repeated and goes on where it was interrupted.

The members' password is known to everybody: this is for trying Tally out, not for a site that is \
open to the public. Their names are taken for good.";

/// Furnishes a Tally with the demo: restaurants, items, members, reviews, votes, a campaign;
/// for operators.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct Seed {
    #[command(flatten)]
    connection: Connection,
    /// The members' password, 8 to 72 bytes
    #[arg(long, env = "VOTECTL_SEED_PASSWORD", hide_env_values = true, default_value = PASSWORD)]
    member_password: String,
    /// Leave the campaign out
    #[arg(long)]
    no_campaign: bool,
    /// Only say what would be made
    #[arg(long)]
    dry_run: bool,
}

/// The demo's members, signed in.
type Members = HashMap<&'static str, Session>;

/// How many things were made, and how many were there.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    created: usize,
    found: usize,
}

impl Made {
    fn note(&mut self, was_there: bool) {
        if was_there {
            self.found += 1;
        } else {
            self.created += 1;
        }
    }

    fn body(self) -> serde_json::Value {
        json!({ "created": self.created, "found": self.found })
    }
}

impl Seed {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        if self.dry_run {
            return self.foretell();
        }
        let mut operator = self.connection.open().await?;
        let (restaurants, items, shelf) = places::furnish(&mut operator).await?;
        let (members, mut people) = self.sign_in(&operator).await?;
        let (reviews, written) = reviews::write(&operator, &mut people, &shelf).await?;
        let votes = reviews::vote(&operator, &mut people, &written).await?;
        let mut found = json!({
            "restaurants": restaurants.body(), "items": items.body(), "members": members.body(),
            "reviews": reviews.body(), "votes": votes
        });
        if !self.no_campaign {
            let now = Clock::system().now();
            let campaign = campaign::open(&mut operator, &shelf, now).await?;
            found["campaign_votes"] = campaign::vote(&operator, &mut people, &campaign)
                .await?
                .into();
            found["campaign_id"] = campaign.into();
        }
        operator.tell(&found, || {
            format!(
                "restaurants: {restaurants}; items: {items}; members: {members}; reviews: \
                 {reviews}; {votes} votes cast; campaign {}",
                found["campaign_id"].as_str().unwrap_or("left out")
            )
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn foretell(&self) -> Result<ExitCode> {
        let (places, words) = (demo_content::places::PLACES, demo_content::words::REVIEWS);
        let found = json!({
            "dry_run": true, "restaurants": places.len(),
            "items": places.iter().map(|place| place.items.len()).sum::<usize>(),
            "members": NAMES, "reviews": words.len(),
            "votes": demo_content::words::VOTES.len(), "campaign": !self.no_campaign
        });
        self.connection.tell(&found, || {
            format!(
                "{}\nnothing was changed",
                serde_json::to_string_pretty(&found).unwrap_or_default()
            )
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Signs every member in, those who are not there yet after signing them up.
    async fn sign_in(&self, operator: &Operator) -> Result<(Made, Members)> {
        let (mut made, mut members) = (Made::default(), Members::new());
        let api = &operator.catalog;
        let progress = Progress::begin("members", NAMES.len());
        for name in NAMES {
            let login = json!({ "user_name": name, "password": self.member_password });
            let signed_up = api.call(Call::post("/users").body(login)).await?;
            let was_there = signed_up.code() == "name_taken";
            if !was_there {
                signed_up.accept(&format!("signing {name} up"))?;
            }
            made.note(was_there);
            match Session::sign_in(api, name, &self.member_password).await {
                Ok(session) => members.insert(name, session),
                Err(error) if was_there => {
                    bail!("the name {name} is somebody's with another password: {error:#}")
                }
                Err(error) => return Err(error),
            };
            progress.step();
        }
        Ok((made, members))
    }
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} made, {} there", self.created, self.found)
    }
}

/// Whether a ballot that was refused may be left out: the voter has had the day's votes, or
/// the tickets.
fn is_used_up(error: &anyhow::Error) -> bool {
    let codes = [
        "daily_quota_used",
        "insufficient_tickets",
        "channel_limit_reached",
    ];
    error
        .downcast_ref::<Refused>()
        .is_some_and(|refused| codes.iter().any(|code| refused.to_string().contains(code)))
}
