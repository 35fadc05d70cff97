//! Rows of partners and their keys.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;
use vote_domain::{PartnerId, VoterKind};

use super::{Conn, audit};
use crate::StoreError;
use crate::audit::Act;
use crate::key::{Key, Moment};
use crate::partners::{
    KEYS_MAX, KeyAddition, KeyRevocation, NewPartner, NewPartnerKey, Partner, PartnerCreation,
    PartnerKey, StandingKey,
};
use crate::schema::{partner_keys, partners as rows};

fn kind_of(text: &str) -> Result<VoterKind, StoreError> {
    text.parse()
        .map_err(|error| StoreError::Refused(format!("partners: {error}")))
}

fn subject(partner: PartnerId) -> String {
    format!("partner:{partner}")
}

pub(crate) async fn create(
    connection: &mut Conn,
    partner: &NewPartner,
    key: &NewPartnerKey,
    act: &Act,
) -> Result<PartnerCreation, StoreError> {
    // Asked first, so that a kind taken is told from an id taken; the key guards it.
    let taken: Option<Key> = rows::table
        .filter(rows::voter_kind.eq(partner.voter_kind.as_str()))
        .select(rows::partner_id)
        .first(connection)
        .await
        .optional()?;
    if taken.is_some() {
        return Ok(PartnerCreation::VoterKindTaken);
    }
    let inserted = diesel::insert_into(rows::table)
        .values((
            rows::partner_id.eq(Key::from(partner.partner_id)),
            rows::name.eq(&partner.name),
            rows::voter_kind.eq(partner.voter_kind.as_str()),
            rows::created_at.eq(Moment(partner.created_at)),
        ))
        .execute(connection)
        .await
        .map_err(StoreError::from);
    match inserted {
        Ok(_) => {}
        // Somebody was quicker: in a new transaction the kind is seen.
        Err(StoreError::Duplicate(text)) if text.contains("kind") => {
            return Err(StoreError::Contention(text));
        }
        Err(error) => return Err(error),
    }
    insert_key(connection, key).await?;
    let detail = json!({
        "name": partner.name,
        "voter_kind": partner.voter_kind.as_str(),
        "key_id": key.key_id,
    });
    let record = act.record("partner_created", subject(partner.partner_id), detail);
    audit::append(connection, &[record]).await?;
    Ok(PartnerCreation::Created)
}

async fn insert_key(connection: &mut Conn, key: &NewPartnerKey) -> Result<(), StoreError> {
    diesel::insert_into(partner_keys::table)
        .values((
            partner_keys::key_id.eq(Key(key.key_id)),
            partner_keys::partner_id.eq(Key::from(key.partner_id)),
            partner_keys::sealed.eq(&key.sealed),
            partner_keys::created_at.eq(Moment(key.created_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn add_key(
    connection: &mut Conn,
    key: &NewPartnerKey,
    act: &Act,
) -> Result<KeyAddition, StoreError> {
    let partner = Key::from(key.partner_id);
    // Locks the partner, so that keys are counted one after the other.
    let n_locked = diesel::update(rows::table.filter(rows::partner_id.eq(partner)))
        .set(rows::name.eq(rows::name))
        .execute(connection)
        .await?;
    if n_locked == 0 {
        return Ok(KeyAddition::PartnerNotFound);
    }
    let n_standing: i64 = partner_keys::table
        .filter(partner_keys::partner_id.eq(partner))
        .filter(partner_keys::revoked_at.is_null())
        .count()
        .get_result(connection)
        .await?;
    if usize::try_from(n_standing).is_ok_and(|n| n >= KEYS_MAX) {
        return Ok(KeyAddition::TooMany);
    }
    insert_key(connection, key).await?;
    let detail = json!({"key_id": key.key_id});
    let record = act.record("partner_key_created", subject(key.partner_id), detail);
    audit::append(connection, &[record]).await?;
    Ok(KeyAddition::Added)
}

pub(crate) async fn revoke_key(
    connection: &mut Conn,
    partner: PartnerId,
    key_id: Uuid,
    act: &Act,
) -> Result<KeyRevocation, StoreError> {
    let key = partner_keys::table
        .filter(partner_keys::key_id.eq(Key(key_id)))
        .filter(partner_keys::partner_id.eq(Key::from(partner)));
    let n_revoked = diesel::update(key.filter(partner_keys::revoked_at.is_null()))
        .set(partner_keys::revoked_at.eq(Some(Moment(act.at))))
        .execute(connection)
        .await?;
    if n_revoked == 0 {
        let found: Option<Key> = key
            .select(partner_keys::key_id)
            .first(connection)
            .await
            .optional()?;
        return Ok(match found {
            Some(_) => KeyRevocation::Revoked,
            None => KeyRevocation::NotFound,
        });
    }
    let detail = json!({"key_id": key_id});
    let record = act.record("partner_key_revoked", subject(partner), detail);
    audit::append(connection, &[record]).await?;
    Ok(KeyRevocation::Revoked)
}

pub(crate) async fn partners(
    connection: &mut Conn,
    after: Option<&VoterKind>,
    limit: u32,
) -> Result<Vec<Partner>, StoreError> {
    let mut query = rows::table
        .order(rows::voter_kind)
        .limit(limit.into())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(rows::voter_kind.gt(after.as_str()));
    }
    let found: Vec<(Key, String, String, Moment)> = query.load(connection).await?;
    let ids: Vec<Key> = found.iter().map(|(partner, ..)| *partner).collect();
    let mut keys = keys_of(connection, &ids).await?;
    found
        .into_iter()
        .map(|(partner, name, kind, created_at)| {
            Ok(Partner {
                partner_id: partner.into(),
                name,
                voter_kind: kind_of(&kind)?,
                created_at: created_at.into(),
                keys: keys.remove(&partner).unwrap_or_default(),
            })
        })
        .collect()
}

async fn keys_of(
    connection: &mut Conn,
    partners: &[Key],
) -> Result<HashMap<Key, Vec<PartnerKey>>, StoreError> {
    let found: Vec<(Key, Key, Moment, Option<Moment>)> = partner_keys::table
        .filter(partner_keys::partner_id.eq_any(partners))
        .order((partner_keys::created_at, partner_keys::key_id))
        .select((
            partner_keys::partner_id,
            partner_keys::key_id,
            partner_keys::created_at,
            partner_keys::revoked_at,
        ))
        .load(connection)
        .await?;
    let mut keys: HashMap<Key, Vec<PartnerKey>> = HashMap::new();
    for (partner, key_id, created_at, revoked_at) in found {
        keys.entry(partner).or_default().push(PartnerKey {
            key_id: key_id.into(),
            created_at: created_at.into(),
            revoked_at: revoked_at.map(Into::into),
        });
    }
    Ok(keys)
}

type StandingRow = (Key, Key, String, Vec<u8>);

const STANDING: (
    partner_keys::key_id,
    partner_keys::partner_id,
    rows::voter_kind,
    partner_keys::sealed,
) = (
    partner_keys::key_id,
    partner_keys::partner_id,
    rows::voter_kind,
    partner_keys::sealed,
);

fn into_standing((key_id, partner, kind, sealed): StandingRow) -> Result<StandingKey, StoreError> {
    Ok(StandingKey {
        key_id: key_id.into(),
        partner_id: partner.into(),
        voter_kind: kind_of(&kind)?,
        sealed,
    })
}

pub(crate) async fn standing_key(
    connection: &mut Conn,
    key_id: Uuid,
) -> Result<Option<StandingKey>, StoreError> {
    let row: Option<StandingRow> = partner_keys::table
        .inner_join(rows::table.on(rows::partner_id.eq(partner_keys::partner_id)))
        .filter(partner_keys::key_id.eq(Key(key_id)))
        .filter(partner_keys::revoked_at.is_null())
        .select(STANDING)
        .first(connection)
        .await
        .optional()?;
    row.map(into_standing).transpose()
}

pub(crate) async fn standing_keys(
    connection: &mut Conn,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<StandingKey>, StoreError> {
    let mut query = partner_keys::table
        .inner_join(rows::table.on(rows::partner_id.eq(partner_keys::partner_id)))
        .filter(partner_keys::revoked_at.is_null())
        .order(partner_keys::key_id)
        .limit(limit.into())
        .select(STANDING)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(partner_keys::key_id.gt(Key(after)));
    }
    let found: Vec<StandingRow> = query.load(connection).await?;
    found.into_iter().map(into_standing).collect()
}

pub(crate) async fn reseal_key(
    connection: &mut Conn,
    key: &StandingKey,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let unchanged = partner_keys::table
        .filter(partner_keys::key_id.eq(Key(key.key_id)))
        .filter(partner_keys::sealed.eq(&key.sealed));
    diesel::update(unchanged)
        .set(partner_keys::sealed.eq(sealed))
        .execute(connection)
        .await?;
    Ok(())
}
