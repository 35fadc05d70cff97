//! The keys that partners sign with, kept in memory for a moment.

use std::sync::Arc;
use std::time::Duration;

use bootstrap::Secret;
use moka::future::Cache as Memory;
use tokio::sync::Semaphore;
use uuid::Uuid;
use vote_domain::{PartnerId, VoterKind};
use vote_store::partners::StandingKey;
use vote_store::{Store, StoreError};

use crate::vault::{SecretOwner, Vault};

/// How long a key is kept, and that there is none. A key that is revoked stops being good
/// within twice this, a slow read included.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Keys kept at most; names made up drive out each other before the ones in use.
const KEPT_MAX: u64 = 10_000;

/// Reads from SQL at once: anybody may name any key, and must not crowd out the rest.
const READS_MAX: usize = 4;

/// A key, ready to verify with.
#[derive(Debug)]
pub(crate) struct PartnerKey {
    pub(crate) key_id: Uuid,
    pub(crate) partner_id: PartnerId,
    pub(crate) voter_kind: VoterKind,
    pub(crate) secret: Secret,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// It stands.
    Key(Arc<PartnerKey>),
    /// There is none, or it was revoked.
    Unknown,
    /// It stands, but this service cannot open its secret.
    Sealed,
}

/// Finds keys. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keys {
    store: Store,
    vault: Vault,
    kept: Memory<Uuid, Known>,
    reads: Arc<Semaphore>,
}

impl Keys {
    pub(crate) fn new(store: Store, vault: Vault) -> Self {
        let kept = Memory::builder()
            .max_capacity(KEPT_MAX)
            .time_to_live(KEPT_FOR)
            .build();
        Self {
            store,
            vault,
            kept,
            reads: Arc::new(Semaphore::new(READS_MAX)),
        }
    }

    /// What is known of `key_id`; asked of SQL at most once a second.
    pub(crate) async fn find(&self, key_id: Uuid) -> Result<Known, Arc<StoreError>> {
        let read = async {
            // The semaphore is never closed; without it the read is still right.
            let _turn = self.reads.acquire().await.ok();
            let found = self.store.standing_partner_key(key_id).await?;
            Ok(found.map_or(Known::Unknown, |found| self.open(found)))
        };
        self.kept.try_get_with(key_id, read).await
    }

    fn open(&self, found: StandingKey) -> Known {
        let owner = SecretOwner {
            key_id: found.key_id,
            partner_id: found.partner_id,
        };
        match self.vault.open(owner, &found.sealed) {
            Ok(secret) => Known::Key(Arc::new(PartnerKey {
                key_id: found.key_id,
                partner_id: found.partner_id,
                voter_kind: found.voter_kind,
                secret,
            })),
            Err(error) => {
                tracing::error!(%error, key_id = %found.key_id, "a partner cannot be served");
                Known::Sealed
            }
        }
    }
}
