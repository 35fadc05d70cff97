//! New keys, with their secrets sealed.

use std::time::Duration;

use bootstrap::Secret;
use chrono::{DateTime, Utc};
use http_kit::Problem;
use partner_auth::{SecretOwner, draw_secret};
use vote_domain::PartnerId;
use vote_store::partners::NewPartnerKey;

use crate::catalog::Catalog;

/// When to try again after the settings were put right.
const RETRY_AFTER: Duration = Duration::from_secs(60);

impl Catalog {
    /// A key of `partner`, about to be written, and its secret, to be shown once.
    ///
    /// # Errors
    /// 503 `partner_secrets_unavailable` where the settings hold no key to seal with.
    pub(super) fn new_partner_key(
        &self,
        partner_id: PartnerId,
        created_at: DateTime<Utc>,
    ) -> Result<(NewPartnerKey, Secret), Problem> {
        let key_id = self.ids.next();
        let secret = draw_secret(&self.ids);
        let owner = SecretOwner { key_id, partner_id };
        let sealed = self.settings.vault.seal(owner, &secret, &self.ids);
        let sealed = sealed.map_err(|error| {
            tracing::error!(%error, "no partner can be given a key");
            Problem::unavailable(
                "partner_secrets_unavailable",
                "The service is not set up to keep partners' secrets: its log says what is missing.",
                RETRY_AFTER,
            )
        })?;
        let key = NewPartnerKey {
            key_id,
            partner_id,
            sealed,
            created_at,
        };
        Ok((key, secret))
    }
}
