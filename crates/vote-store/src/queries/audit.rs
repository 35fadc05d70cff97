//! The audit record.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Conn;
use crate::StoreError;
use crate::audit::{AuditActor, AuditFilter, AuditRecord, NewAudit};
use crate::key::{Key, Moment};
use crate::rows::{OnDuplicate, Value, Write};
use crate::schema::audit_log;

const INSERT: Write = Write {
    table: "audit_log",
    upsert_key: "",
    columns: &[
        ("audit_id", OnDuplicate::Keep),
        ("at", OnDuplicate::Keep),
        ("actor_kind", OnDuplicate::Keep),
        ("actor_id", OnDuplicate::Keep),
        ("key_id", OnDuplicate::Keep),
        ("action", OnDuplicate::Keep),
        ("subject", OnDuplicate::Keep),
        ("detail", OnDuplicate::Keep),
    ],
};

/// Writes records, in the transaction of the caller that does what they tell of.
pub(crate) async fn append(connection: &mut Conn, records: &[NewAudit]) -> Result<(), StoreError> {
    let rows: Vec<_> = records
        .iter()
        .map(|record| {
            let (kind, actor, key) = columns_of(&record.actor);
            [
                Value::Key(Key(record.audit_id)),
                Value::At(Moment(record.at)),
                Value::Text(Some(kind)),
                Value::MaybeKey(actor),
                Value::MaybeKey(key),
                Value::Text(Some(record.action)),
                Value::Words(record.subject.clone()),
                Value::Words(record.detail.to_string()),
            ]
        })
        .collect();
    for statement in INSERT.statements(&rows) {
        statement.execute(connection).await?;
    }
    Ok(())
}

fn columns_of(actor: &AuditActor) -> (&'static str, Option<Key>, Option<Key>) {
    match actor {
        AuditActor::User(user) => ("user", Some((*user).into()), None),
        AuditActor::Partner { partner, key_id } => {
            ("partner", Some((*partner).into()), Some(Key(*key_id)))
        }
        AuditActor::System => ("system", None, None),
    }
}

#[derive(Queryable)]
struct Row {
    audit_id: Key,
    at: Moment,
    actor_kind: String,
    actor_id: Option<Key>,
    key_id: Option<Key>,
    action: String,
    subject: String,
    detail: String,
}

impl TryFrom<Row> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Refused(format!("audit_log: {}", row.audit_id.0));
        let actor = match (row.actor_kind.as_str(), row.actor_id, row.key_id) {
            ("user", Some(user), None) => AuditActor::User(user.into()),
            ("partner", Some(partner), Some(key)) => AuditActor::Partner {
                partner: partner.into(),
                key_id: key.into(),
            },
            ("system", None, None) => AuditActor::System,
            _ => return Err(unreadable()),
        };
        Ok(Self {
            audit_id: row.audit_id.into(),
            at: row.at.into(),
            actor,
            detail: serde_json::from_str(&row.detail).map_err(|_| unreadable())?,
            action: row.action,
            subject: row.subject,
        })
    }
}

pub(crate) async fn records(
    connection: &mut Conn,
    filter: &AuditFilter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<AuditRecord>, StoreError> {
    let mut query = audit_log::table
        .order((audit_log::at.desc(), audit_log::audit_id.desc()))
        .limit(limit.into())
        .into_boxed();
    if let Some(action) = &filter.action {
        query = query.filter(audit_log::action.eq(action));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(audit_log::subject.eq(subject));
    }
    if let Some((at, id)) = after {
        query = query.filter(
            audit_log::at.lt(Moment(at)).or(audit_log::at
                .eq(Moment(at))
                .and(audit_log::audit_id.lt(Key(id)))),
        );
    }
    let rows: Vec<Row> = query.load(connection).await?;
    rows.into_iter().map(AuditRecord::try_from).collect()
}
