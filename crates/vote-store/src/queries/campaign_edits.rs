//! Creating campaigns, and changing them.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;
use vote_domain::CampaignId;
use vote_domain::campaign::{CampaignOption, Channel, Edit, Plan, Progress, TicketExpiry};

use super::campaigns::{detail, progress_text};
use super::{Conn, audit};
use crate::StoreError;
use crate::audit::Act;
use crate::campaigns::{CampaignEdit, CampaignUpdate};
use crate::key::{Key, Moment};
use crate::rows::{OnDuplicate, Value, Write};
use crate::schema::{campaign_channels, campaign_options, campaigns};

const CHANNELS: Write = Write {
    table: "campaign_channels",
    upsert_key: "",
    columns: &[
        ("campaign_id", OnDuplicate::Keep),
        ("channel_no", OnDuplicate::Keep),
        ("channel_key", OnDuplicate::Keep),
        ("name", OnDuplicate::Keep),
        ("daily_ticket_limit", OnDuplicate::Keep),
        ("voter_kinds", OnDuplicate::Keep),
    ],
};

const OPTIONS: Write = Write {
    table: "campaign_options",
    upsert_key: "",
    columns: &[
        ("campaign_id", OnDuplicate::Keep),
        ("option_no", OnDuplicate::Keep),
        ("option_key", OnDuplicate::Keep),
        ("name", OnDuplicate::Keep),
        ("subject_kind", OnDuplicate::Keep),
        ("subject_id", OnDuplicate::Keep),
    ],
};

async fn insert_channels(
    connection: &mut Conn,
    campaign: Key,
    channels: &[Channel],
) -> Result<(), StoreError> {
    let rows: Vec<_> = (0..)
        .zip(channels)
        .map(|(no, channel)| {
            [
                Value::Key(campaign),
                Value::Int(no),
                Value::Words(channel.key.clone()),
                Value::Words(channel.name.clone()),
                Value::MaybeInt(channel.daily_ticket_limit.map(i64::from)),
                Value::MaybeWords(channel.voter_kinds.as_ref().map(|kinds| json!(kinds).to_string())),
            ]
        })
        .collect();
    for statement in CHANNELS.statements(&rows) {
        statement.execute(connection).await?;
    }
    Ok(())
}

async fn insert_options(
    connection: &mut Conn,
    campaign: Key,
    options: &[CampaignOption],
) -> Result<(), StoreError> {
    let rows: Vec<_> = (0..)
        .zip(options)
        .map(|(no, option)| {
            let subject = option.subject.as_ref();
            [
                Value::Key(campaign),
                Value::Int(no),
                Value::Words(option.key.clone()),
                Value::Words(option.name.clone()),
                Value::MaybeWords(subject.map(|subject| subject.kind.clone())),
                Value::MaybeWords(subject.map(|subject| subject.id.clone())),
            ]
        })
        .collect();
    for statement in OPTIONS.statements(&rows) {
        statement.execute(connection).await?;
    }
    Ok(())
}

/// A ticket expiry as its two columns.
fn expiry_columns(expiry: TicketExpiry) -> (&'static str, Option<i32>) {
    match expiry {
        TicketExpiry::EndOfDay => ("end_of_day", None),
        TicketExpiry::Days { days } => ("days", Some(days.into())),
        TicketExpiry::CampaignEnd => ("campaign_end", None),
    }
}

fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn subject(campaign: CampaignId) -> String {
    format!("campaign:{campaign}")
}

pub(crate) async fn create(
    connection: &mut Conn,
    campaign: CampaignId,
    plan: &Plan,
    act: &Act,
) -> Result<(), StoreError> {
    let key = Key::from(campaign);
    let terms = plan.terms(campaign);
    let (expiry_kind, expiry_days) = expiry_columns(plan.expiry);
    diesel::insert_into(campaigns::table)
        .values((
            campaigns::campaign_id.eq(key),
            campaigns::name.eq(&plan.name),
            campaigns::starts_at.eq(Moment(plan.starts_at)),
            campaigns::ends_at.eq(Moment(plan.ends_at)),
            campaigns::time_zone.eq(plan.zone.name()),
            campaigns::free_daily_tickets.eq(int(plan.free_daily_tickets)),
            campaigns::expiry_kind.eq(expiry_kind),
            campaigns::expiry_days.eq(expiry_days),
            campaigns::max_tickets_per_vote.eq(int(plan.tickets_per_vote_max)),
            campaigns::n_options.eq(int(terms.n_options)),
            campaigns::n_channels.eq(int(terms.n_channels)),
            campaigns::progress.eq(progress_text(Progress::Running)),
            campaigns::version.eq(1_i64),
            campaigns::created_at.eq(Moment(act.at)),
            campaigns::updated_at.eq(Moment(act.at)),
        ))
        .execute(connection)
        .await?;
    insert_channels(connection, key, &plan.channels).await?;
    insert_options(connection, key, &plan.options).await?;
    let detail = json!({
        "name": plan.name,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "n_channels": terms.n_channels,
        "n_options": terms.n_options,
    });
    let record = act.record("campaign_created", subject(campaign), detail);
    audit::append(connection, &[record]).await
}

pub(crate) async fn edit(
    connection: &mut Conn,
    edit: &CampaignEdit,
    asked_at: Instant,
    act: &Act,
) -> Result<CampaignUpdate, StoreError> {
    // Others may have been in the way for long.
    let now = || edit.now + TimeDelta::from_std(asked_at.elapsed()).unwrap_or(TimeDelta::MAX);
    let Some(old) = detail(connection, edit.campaign).await? else {
        return Ok(CampaignUpdate::NotFound);
    };
    let version = old.campaign.version;
    if edit.expected.is_some_and(|expected| expected != version) {
        return Ok(CampaignUpdate::Stale(version));
    }
    let old_plan = old.plan();
    let plan = match edit.edit.apply(&old_plan, old.campaign.progress, now()) {
        Ok(plan) => plan,
        Err(refusal) => return Ok(CampaignUpdate::Refused(refusal)),
    };
    if plan == old_plan {
        return Ok(CampaignUpdate::Done);
    }
    let key = Key::from(edit.campaign);
    let terms = plan.terms(edit.campaign);
    let (expiry_kind, expiry_days) = expiry_columns(plan.expiry);
    // Whoever closes the campaign or edits it locks this row, too.
    let unchanged = campaigns::table
        .filter(campaigns::campaign_id.eq(key))
        .filter(campaigns::version.eq(version.cast_signed()))
        .filter(campaigns::progress.eq(progress_text(old.campaign.progress)));
    let n_updated = diesel::update(unchanged)
        .set((
            campaigns::name.eq(&plan.name),
            campaigns::starts_at.eq(Moment(plan.starts_at)),
            campaigns::ends_at.eq(Moment(plan.ends_at)),
            campaigns::time_zone.eq(plan.zone.name()),
            campaigns::free_daily_tickets.eq(int(plan.free_daily_tickets)),
            campaigns::expiry_kind.eq(expiry_kind),
            campaigns::expiry_days.eq(expiry_days),
            campaigns::max_tickets_per_vote.eq(int(plan.tickets_per_vote_max)),
            campaigns::n_options.eq(int(terms.n_options)),
            campaigns::n_channels.eq(int(terms.n_channels)),
            campaigns::version.eq(campaigns::version + 1),
            campaigns::updated_at.eq(Moment(act.at)),
        ))
        .execute(connection)
        .await?;
    if n_updated == 0 {
        // Somebody was quicker: in a new transaction what they did is seen.
        return Err(StoreError::Contention(
            "the campaign was changed meanwhile".to_owned(),
        ));
    }
    if plan.channels != old_plan.channels {
        let rows = campaign_channels::table.filter(campaign_channels::campaign_id.eq(key));
        diesel::delete(rows).execute(connection).await?;
        insert_channels(connection, key, &plan.channels).await?;
    }
    if plan.options != old_plan.options {
        let rows = campaign_options::table.filter(campaign_options::campaign_id.eq(key));
        diesel::delete(rows).execute(connection).await?;
        insert_options(connection, key, &plan.options).await?;
    }
    let detail = json!({"version": version + 1, "changes": changes(&old_plan, &plan)});
    let record = act.record("campaign_edited", subject(edit.campaign), detail);
    audit::append(connection, &[record]).await?;
    if Edit::commit_by(&old_plan, &plan).is_some_and(|by| now() > by) {
        return Err(StoreError::TooSlow(
            "the campaign begins too soon to be changed".to_owned(),
        ));
    }
    Ok(CampaignUpdate::Done)
}

/// What differs, before and after; of channels and options their keys.
fn changes(old: &Plan, new: &Plan) -> Map<String, Json> {
    let channels = |plan: &Plan| -> Json { plan.channels.iter().map(|c| c.key.as_str()).collect() };
    let options = |plan: &Plan| -> Json { plan.options.iter().map(|o| o.key.as_str()).collect() };
    let fields: [(&str, bool, Json, Json); 9] = [
        ("name", old.name != new.name, json!(old.name), json!(new.name)),
        (
            "starts_at",
            old.starts_at != new.starts_at,
            json!(old.starts_at),
            json!(new.starts_at),
        ),
        (
            "ends_at",
            old.ends_at != new.ends_at,
            json!(old.ends_at),
            json!(new.ends_at),
        ),
        (
            "time_zone",
            old.zone != new.zone,
            json!(old.zone.name()),
            json!(new.zone.name()),
        ),
        (
            "free_daily_tickets",
            old.free_daily_tickets != new.free_daily_tickets,
            json!(old.free_daily_tickets),
            json!(new.free_daily_tickets),
        ),
        (
            "ticket_expiry",
            old.expiry != new.expiry,
            json!(old.expiry),
            json!(new.expiry),
        ),
        (
            "max_tickets_per_vote",
            old.tickets_per_vote_max != new.tickets_per_vote_max,
            json!(old.tickets_per_vote_max),
            json!(new.tickets_per_vote_max),
        ),
        (
            "channels",
            old.channels != new.channels,
            channels(old),
            channels(new),
        ),
        (
            "options",
            old.options != new.options,
            options(old),
            options(new),
        ),
    ];
    fields
        .into_iter()
        .filter(|(_, differs, ..)| *differs)
        .map(|(field, _, from, to)| (field.to_owned(), json!({"from": from, "to": to})))
        .collect()
}
