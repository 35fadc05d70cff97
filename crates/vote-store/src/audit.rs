//! The audit record: who did what, and when. A record is written in the transaction that
//! does what it tells of, by `queries::audit::append`, so that neither is there without
//! the other; afterwards nothing changes or removes it.
//!
//! Actions are words such as `role_given`. A subject is a kind and an id, such as
//! `user:0f9a1c52-…`, `campaign:…` or `voter:jury/DE`: what somebody would look for.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;
use vote_domain::{PartnerId, UserId};

use crate::run::read;
use crate::{Store, StoreError};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditActor {
    /// Somebody with an account.
    User(UserId),
    /// A partner's server.
    Partner {
        /// The partner.
        partner: PartnerId,
        /// The key it signed with.
        key_id: Uuid,
    },
    /// Tally itself, as its settings or its rules say.
    System,
}

/// One decision: who takes it, and when. What it comes to is known where it is carried
/// out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The record to be; drawn anew for each decision.
    pub audit_id: Uuid,
    /// When it is taken.
    pub at: DateTime<Utc>,
    /// Who takes it.
    pub actor: AuditActor,
}

impl Act {
    /// The record of this decision. One act makes one record.
    #[must_use]
    pub fn record(&self, action: &'static str, subject: String, detail: Value) -> NewAudit {
        NewAudit {
            audit_id: self.audit_id,
            at: self.at,
            actor: self.actor.clone(),
            action,
            subject,
            detail,
        }
    }
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// The record.
    pub audit_id: Uuid,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: AuditActor,
    /// What was done, in one word; at most 64 bytes.
    pub action: &'static str,
    /// To what: a kind and an id, at most 200 characters.
    pub subject: String,
    /// The rest, for people and machines. No secrets.
    pub detail: Value,
}

/// A record as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// The record.
    pub audit_id: Uuid,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: AuditActor,
    /// What was done, in one word.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The rest.
    pub detail: Value,
}

/// Which records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those of this action.
    pub action: Option<String>,
    /// Only those of this subject.
    pub subject: Option<String>,
}

impl Store {
    /// Reads up to `limit` records that `filter` lets pass, newest first, from behind the
    /// one of this time and id on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn audit_records(
        &self,
        filter: &AuditFilter,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        read!(self, audit::records(filter, after, limit))
    }
}
