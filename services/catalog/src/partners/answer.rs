//! What is answered about partners, in the words of the API.

use bootstrap::Secret;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_store::partners::{Partner, PartnerKey};

/// A partner.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "partner_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52", "name": "National Broadcaster",
    "voter_kind": "jury", "created_at": "2026-03-01T12:00:00Z",
    "keys": [{
        "key_id": "2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
        "created_at": "2026-03-01T12:00:00Z", "revoked_at": null
    }]
}))]
pub(crate) struct PartnerBody {
    partner_id: Uuid,
    name: String,
    /// The kind of its voters, which no other partner has.
    voter_kind: String,
    created_at: DateTime<Utc>,
    /// Its keys, oldest first, the revoked ones too; never a secret.
    keys: Vec<PartnerKeyBody>,
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerKeyBody {
    key_id: Uuid,
    created_at: DateTime<Utc>,
    /// When it was revoked; null while it is good.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Partner> for PartnerBody {
    fn from(partner: Partner) -> Self {
        Self {
            partner_id: partner.partner_id.0,
            name: partner.name,
            voter_kind: partner.voter_kind.into(),
            created_at: partner.created_at,
            keys: partner.keys.into_iter().map(PartnerKeyBody::from).collect(),
        }
    }
}

impl From<PartnerKey> for PartnerKeyBody {
    fn from(key: PartnerKey) -> Self {
        Self {
            key_id: key.key_id,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A partner that was admitted, with its first key.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "partner_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52", "name": "National Broadcaster",
    "voter_kind": "jury", "key_id": "2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
    "secret": "64 hexadecimal characters", "created_at": "2026-03-01T12:00:00Z"
}))]
pub(crate) struct AdmittedBody {
    pub(super) partner_id: Uuid,
    pub(super) name: String,
    pub(super) voter_kind: String,
    #[serde(flatten)]
    pub(super) key: NewKeyBody,
}

/// A key that was given.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key_id": "2f1f6a0c-9b8e-4d0b-7c1e-0f9a1c529d11",
    "secret": "64 hexadecimal characters", "created_at": "2026-03-01T12:00:00Z"
}))]
pub(crate) struct NewKeyBody {
    /// What `X-Tally-Key` names.
    key_id: Uuid,
    /// What signatures are made with, as it stands here. It is shown this once.
    secret: String,
    created_at: DateTime<Utc>,
}

impl NewKeyBody {
    pub(super) fn new(key_id: Uuid, secret: &Secret, created_at: DateTime<Utc>) -> Self {
        Self {
            key_id,
            secret: secret.expose().to_owned(),
            created_at,
        }
    }
}
