//! Sealing partners' secrets under the present key.

use partner_auth::SecretOwner;

use crate::catalog::Catalog;

/// Keys read at once.
const KEYS_PER_READ: u32 = 100;

/// Seals anew what a former key of the settings sealed, so that the former key can go.
/// What no key of the settings opens is left alone, and logged. Safe to repeat, and for
/// several processes to do at once.
///
/// # Errors
/// SQL cannot be reached; what was sealed anew stays so.
pub async fn reseal_partner_secrets(catalog: &Catalog) -> anyhow::Result<()> {
    let (store, vault) = (&catalog.store, &catalog.settings.vault);
    let (mut after, mut n_resealed) = (None, 0_u32);
    loop {
        let keys = store.standing_partner_keys(after, KEYS_PER_READ).await?;
        for key in &keys {
            if vault.is_under_present_key(&key.sealed) {
                continue;
            }
            let owner = SecretOwner {
                key_id: key.key_id,
                partner_id: key.partner_id,
            };
            let resealed = vault
                .open(owner, &key.sealed)
                .and_then(|secret| vault.seal(owner, &secret, &catalog.ids));
            match resealed {
                Ok(sealed) => {
                    store.reseal_partner_key(key, &sealed).await?;
                    n_resealed += 1;
                }
                Err(error) => {
                    tracing::error!(%error, key_id = %key.key_id, "a partner cannot be served");
                }
            }
        }
        let Some(last) = keys.last() else { break };
        after = Some(last.key_id);
    }
    if n_resealed > 0 {
        tracing::info!(
            n_resealed,
            "partners' secrets are sealed under `partners.secret_key`"
        );
    }
    Ok(())
}
