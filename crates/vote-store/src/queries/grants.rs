//! Grants of tickets.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use vote_domain::campaign::{LOTS_MAX, Lot, Source, Stage, Terms, Touched};
use vote_domain::id::named;
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, GrantId, LotId, Seq, Voter, VoterId};

use super::Conn;
use super::campaign_change::insert_lots;
use super::campaign_rows::{lock_voters, lots, voters_now, write};
use super::wallets::granted_since;
use crate::StoreError;
use crate::audit::{Act, AuditActor};
use crate::grants::{GrantOutcome, NewGrant};
use crate::key::Key;
use crate::rows::{OnDuplicate, Value, Write, key_in, key_values};
use crate::schema::{campaign_grants, campaign_lots};

const GRANTS: Write = Write {
    table: "campaign_grants",
    upsert_key: "",
    columns: &[
        ("grant_id", OnDuplicate::Keep),
        ("campaign_id", OnDuplicate::Keep),
        ("voter_id", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Keep),
        ("reason", OnDuplicate::Keep),
        ("grant_key", OnDuplicate::Keep),
        ("granted_by", OnDuplicate::Keep),
        ("granted_at", OnDuplicate::Keep),
    ],
};

/// What is decided of a grant, before its voter is known as they are afterwards.
enum Decision {
    Granted,
    Repeated,
    Refused(GrantOutcome),
}

pub(crate) async fn grant(
    connection: &mut Conn,
    campaign: CampaignId,
    grants: &[NewGrant],
    now: DateTime<Utc>,
) -> Result<Vec<GrantOutcome>, StoreError> {
    let Some(head) = super::campaigns::head(connection, campaign).await? else {
        return Ok(vec![GrantOutcome::NoSuchCampaign; grants.len()]);
    };
    let stage = head.terms.stage(head.progress, now);

    let voters: BTreeMap<VoterId, (&Voter, Seq)> = grants
        .iter()
        .map(|grant| (grant.voter.voter_id(), (&grant.voter, Seq::default())))
        .collect();
    let ids: Vec<GrantId> = grants
        .iter()
        .map(|grant| grant.grant_id(campaign))
        .collect();
    let mut made = made(connection, &ids).await?;
    if !matches!(stage, Stage::Scheduled | Stage::Open) && made.is_empty() {
        return Ok(vec![GrantOutcome::NotOpen(stage); grants.len()]);
    }
    lock_voters(connection, campaign, &voters).await?;
    let mut n_lots = count_lots(connection, &head.terms, &voters, now).await?;

    let mut new = Vec::new();
    let decisions: Vec<Decision> = grants
        .iter()
        .zip(&ids)
        .map(|(grant, id)| {
            let voter = grant.voter.voter_id();
            match made.get(id) {
                Some(before) if *before == (voter, grant.tickets) => return Decision::Repeated,
                Some(_) => return Decision::Refused(GrantOutcome::KeyReused),
                None => {}
            }
            if !matches!(stage, Stage::Scheduled | Stage::Open) {
                return Decision::Refused(GrantOutcome::NotOpen(stage));
            }
            let n_lots = n_lots.entry(voter).or_default();
            if *n_lots >= LOTS_MAX {
                return Decision::Refused(GrantOutcome::TooManyLots);
            }
            *n_lots += 1;
            made.insert(*id, (voter, grant.tickets));
            new.push((*id, grant));
            Decision::Granted
        })
        .collect();
    insert(connection, campaign, new, now).await?;
    let voters = told(connection, campaign, &ids, &made, voters).await?;
    decisions
        .into_iter()
        .zip(grants.iter().zip(&ids))
        .map(|(decision, (grant, id))| {
            let (grant_id, voter) = (*id, grant.voter.voter_id());
            let settled = || match voters.get(&voter) {
                Some(settled) => Ok((voter, settled.clone())),
                None => Err(StoreError::Refused("campaign_voters: no row".to_owned())),
            };
            Ok(match decision {
                Decision::Granted => GrantOutcome::Granted {
                    grant_id,
                    settled: settled()?,
                },
                Decision::Repeated => GrantOutcome::Repeated {
                    grant_id,
                    settled: settled()?,
                },
                Decision::Refused(outcome) => outcome,
            })
        })
        .collect()
}

/// Those of the grants that were made before: to whom, and how many tickets.
async fn made(
    connection: &mut Conn,
    grants: &[GrantId],
) -> Result<HashMap<GrantId, (VoterId, u32)>, StoreError> {
    let mut made = HashMap::new();
    for grants in key_in("grant_id", &key_values(grants.iter().copied())) {
        let found: Vec<(Key, Key, i32)> = campaign_grants::table
            .filter(grants)
            .select((
                campaign_grants::grant_id,
                campaign_grants::voter_id,
                campaign_grants::tickets,
            ))
            .load(connection)
            .await?;
        made.extend(
            found.into_iter().map(|(grant, voter, tickets)| {
                (grant.into(), (voter.into(), tickets.unsigned_abs()))
            }),
        );
    }
    Ok(made)
}

/// How many granted lots the voters have that are neither spent nor expired at `now`.
async fn count_lots(
    connection: &mut Conn,
    terms: &Terms,
    voters: &BTreeMap<VoterId, (&Voter, Seq)>,
    now: DateTime<Utc>,
) -> Result<HashMap<VoterId, usize>, StoreError> {
    let mut n_lots = HashMap::new();
    let Some(oldest) = granted_since(terms.oldest_unexpired(now)) else {
        return Ok(n_lots);
    };
    for voters in key_in("voter_id", &key_values(voters.keys().copied())) {
        let found: Vec<(Key, i64)> = campaign_lots::table
            .filter(campaign_lots::campaign_id.eq(Key::from(terms.campaign)))
            .filter(voters)
            .filter(campaign_lots::grant_id.is_not_null())
            .filter(campaign_lots::spent.lt(campaign_lots::tickets))
            .filter(campaign_lots::granted_at.ge(oldest))
            .group_by(campaign_lots::voter_id)
            .select((campaign_lots::voter_id, diesel::dsl::count_star()))
            .load(connection)
            .await?;
        n_lots.extend(
            found
                .into_iter()
                .map(|(voter, n)| (voter.into(), usize::try_from(n).unwrap_or(usize::MAX))),
        );
    }
    Ok(n_lots)
}

async fn insert(
    connection: &mut Conn,
    campaign: CampaignId,
    mut new: Vec<(GrantId, &NewGrant)>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    new.sort_unstable_by_key(|(id, _)| *id);
    let rows: Vec<_> = new
        .iter()
        .map(|(id, grant)| {
            [
                Value::Key((*id).into()),
                Value::Key(campaign.into()),
                Value::Key(grant.voter.voter_id().into()),
                Value::Int(grant.tickets.into()),
                Value::Words(grant.reason.clone()),
                Value::Words(grant.grant_key.clone()),
                Value::Words(granter(&grant.granted_by)),
                Value::At(now.into()),
            ]
        })
        .collect();
    write(connection, &GRANTS, &rows).await?;
    let lots = new
        .iter()
        .map(|(id, grant)| {
            let lot = Lot {
                source: Source::Grant(*id),
                tickets: grant.tickets,
                spent: 0,
                granted_at: now,
            };
            ((grant.voter.voter_id(), LotId(id.0)), lot)
        })
        .collect();
    insert_lots(connection, campaign, &lots).await?;
    let records: Vec<_> = new
        .iter()
        .map(|(id, grant)| {
            let act = Act {
                audit_id: named("audit of a grant", id.0.as_bytes()),
                at: now,
                actor: grant.granted_by.clone(),
            };
            let detail = json!({
                "campaign_id": campaign,
                "grant_id": id,
                "grant_key": grant.grant_key,
                "tickets": grant.tickets,
                "reason": grant.reason,
            });
            act.record("tickets_granted", format!("voter:{}", grant.voter), detail)
        })
        .collect();
    super::audit::append(connection, &records).await
}

/// Who grants, as the grant's row has it.
fn granter(actor: &AuditActor) -> String {
    match actor {
        AuditActor::User(user) => format!("user:{user}"),
        AuditActor::Partner { partner, .. } => format!("partner:{partner}"),
        AuditActor::System => "system".to_owned(),
    }
}

/// The voters as they are, with the lots of the grants asked for. One voter has one
/// version, so that what each is told has all of the voter's lots.
async fn told(
    connection: &mut Conn,
    campaign: CampaignId,
    ids: &[GrantId],
    made: &HashMap<GrantId, (VoterId, u32)>,
    voters: BTreeMap<VoterId, (&Voter, Seq)>,
) -> Result<BTreeMap<VoterId, Settled<Touched>>, StoreError> {
    let of_grants = ids
        .iter()
        .filter_map(|id| Some((made.get(id)?.0, LotId(id.0))))
        .filter(|(voter, _)| voters.contains_key(voter));
    let lots = lots(connection, campaign, of_grants).await?;
    let mut now = voters_now(connection, campaign, voters.keys().copied()).await?;
    for ((voter, lot_id), lot) in lots {
        if let Some(settled) = now.get_mut(&voter) {
            settled.touched.lots.push((lot_id, lot));
        }
    }
    Ok(now)
}
