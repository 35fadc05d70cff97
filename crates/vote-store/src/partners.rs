//! Partners and the keys their servers sign with. Secrets come here sealed, and stay so.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vote_domain::{PartnerId, VoterKind};

use crate::audit::Act;
use crate::run::{read, read_snapshot, write};
use crate::{Store, StoreError};

/// Keys of one partner that may stand at once.
pub const KEYS_MAX: usize = 10;

/// A partner to be admitted.
#[derive(Clone, Debug)]
pub struct NewPartner {
    /// The partner.
    pub partner_id: PartnerId,
    /// What people call it; at most 200 characters.
    pub name: String,
    /// The kind of its voters, which no other partner has.
    pub voter_kind: VoterKind,
    /// When it is admitted.
    pub created_at: DateTime<Utc>,
}

/// A key to be given to a partner.
#[derive(Clone, Debug)]
pub struct NewPartnerKey {
    /// The key.
    pub key_id: Uuid,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// Its secret, sealed; at most 512 bytes.
    pub sealed: Vec<u8>,
    /// When it is given.
    pub created_at: DateTime<Utc>,
}

/// What became of admitting a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerCreation {
    /// It is there now, with its first key.
    Created,
    /// Another partner has voters of this kind.
    VoterKindTaken,
}

/// What became of giving a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAddition {
    /// It is good from now on.
    Added,
    /// There is no such partner.
    PartnerNotFound,
    /// [`KEYS_MAX`] keys of the partner stand already.
    TooMany,
}

/// What became of revoking a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRevocation {
    /// It is revoked, now or since earlier.
    Revoked,
    /// The partner has no such key.
    NotFound,
}

/// A key as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerKey {
    /// The key.
    pub key_id: Uuid,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The partner.
    pub partner_id: PartnerId,
    /// What people call it.
    pub name: String,
    /// The kind of its voters.
    pub voter_kind: VoterKind,
    /// When it was admitted.
    pub created_at: DateTime<Utc>,
    /// Its keys, oldest first, the revoked ones too.
    pub keys: Vec<PartnerKey>,
}

/// What a signature is verified with: a key that was not revoked.
#[derive(Clone, PartialEq, Eq)]
pub struct StandingKey {
    /// The key.
    pub key_id: Uuid,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// The kind of that partner's voters.
    pub voter_kind: VoterKind,
    /// The secret, sealed.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for StandingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandingKey")
            .field("key_id", &self.key_id)
            .field("partner_id", &self.partner_id)
            .field("voter_kind", &self.voter_kind)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Admits a partner with its first key, and records `act` as `partner_created`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn create_partner(
        &self,
        partner: &NewPartner,
        key: &NewPartnerKey,
        act: &Act,
    ) -> Result<PartnerCreation, StoreError> {
        write!(self, partners::create(partner, key, act))
    }

    /// Gives a partner one more key, and records `act` as `partner_key_created`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn add_partner_key(
        &self,
        key: &NewPartnerKey,
        act: &Act,
    ) -> Result<KeyAddition, StoreError> {
        write!(self, partners::add_key(key, act))
    }

    /// Revokes a key of `partner`, and records `act` as `partner_key_revoked`. Doing so
    /// again changes nothing and records nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn revoke_partner_key(
        &self,
        partner: PartnerId,
        key_id: Uuid,
        act: &Act,
    ) -> Result<KeyRevocation, StoreError> {
        write!(self, partners::revoke_key(partner, key_id, act))
    }

    /// Reads up to `limit` partners in the order of their kinds, from behind `after` on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn partners(
        &self,
        after: Option<&VoterKind>,
        limit: u32,
    ) -> Result<Vec<Partner>, StoreError> {
        read_snapshot!(self, partners::partners(after, limit))
    }

    /// Reads a key, unless it was revoked.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn standing_partner_key(
        &self,
        key_id: Uuid,
    ) -> Result<Option<StandingKey>, StoreError> {
        read!(self, partners::standing_key(key_id))
    }

    /// Reads up to `limit` standing keys in the order of their ids, from behind `after` on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn standing_partner_keys(
        &self,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<StandingKey>, StoreError> {
        read!(self, partners::standing_keys(after, limit))
    }

    /// Puts `sealed` in place of the sealed secret of `key`, if that is still there: the
    /// same secret under another key. Doing so again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn reseal_partner_key(
        &self,
        key: &StandingKey,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        write!(self, partners::reseal_key(key, sealed))
    }
}
