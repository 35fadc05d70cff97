//! The demo's campaign.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use demo_content::people::USER_NAME;
use demo_content::places::PLACES;
use serde_json::{Value, json};

use super::places::Shelf;
use super::{Members, is_used_up};
use crate::api::Call;
use crate::operator::Operator;
use crate::progress::Progress;

/// Its name.
const NAME: &str = "Best kitchen in town";

/// How long it is open, in days.
const DAYS: i64 = 21;

/// Sees to it that the campaign is open at `now`; its id.
pub(super) async fn open(
    operator: &mut Operator,
    shelf: &Shelf,
    now: DateTime<Utc>,
) -> Result<String> {
    let catalog = operator.catalog.clone();
    let open = operator
        .list(&catalog, "/campaigns?state=open", usize::MAX)
        .await?;
    let found = open.iter().find(|campaign| campaign["name"] == NAME);
    if let Some(id) = found.and_then(|found| found["campaign_id"].as_str()) {
        return Ok(id.to_owned());
    }
    let mut options = Vec::<Value>::new();
    for (n, place) in PLACES.iter().enumerate() {
        options.push(json!({
            "key": format!("kitchen-{n}"), "name": place.name,
            "subject_kind": "restaurant", "subject_id": shelf.restaurant(place.name)?
        }));
    }
    let body = json!({
        "name": NAME, "starts_at": now, "ends_at": now + TimeDelta::days(DAYS),
        "time_zone": "UTC", "free_daily_tickets": 10,
        "ticket_expiry": {"kind": "days", "days": 3}, "max_tickets_per_vote": 10,
        "channels": [
            {"key": "web", "name": "Web"},
            {"key": "table", "name": "At the table", "daily_ticket_limit": 5}
        ],
        "options": options
    });
    let call = Call::post("/campaigns").body(body);
    let answer = operator.ask_catalog_once(call, "creating the campaign");
    Ok(answer.await?.text("campaign_id")?.to_owned())
}

/// Casts votes of every member but the one to show around; how many were accepted, now or
/// before.
pub(super) async fn vote(
    operator: &Operator,
    members: &mut Members,
    campaign: &str,
) -> Result<usize> {
    let mut voters: Vec<_> = members
        .iter_mut()
        .filter(|(name, _)| **name != USER_NAME)
        .collect();
    voters.sort_unstable_by_key(|(name, _)| **name);
    let progress = Progress::begin("tickets", voters.len());
    let mut n_accepted = 0;
    for (n, (name, session)) in voters.into_iter().enumerate() {
        // Some like one kitchen, some two.
        for (turn, (channel, tickets)) in [("web", 3), ("table", 2)].into_iter().enumerate() {
            let option = format!("kitchen-{}", (n * (turn + 1)) % PLACES.len());
            let body = json!({ "option": option, "channel": channel, "tickets": tickets });
            let call = Call::post(format!("/campaigns/{campaign}/votes")).body(body);
            let call = call.idempotency_key(format!("votectl-seed-{turn}"));
            let answer = session.call(&operator.gateway, call).await?;
            match answer.accept(&format!("the vote of {name}")) {
                Ok(_) => n_accepted += 1,
                Err(error) if is_used_up(&error) => progress.say(&format!("{error:#}")),
                Err(error) => return Err(error),
            }
        }
        progress.step();
    }
    Ok(n_accepted)
}
