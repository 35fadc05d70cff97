//! Secrets at rest: sealed under a key that SQL never sees, for one row alone.

use std::fmt;
use std::sync::Arc;

use bootstrap::{Secret, settings};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vote_domain::{Ids, PartnerId};

/// First byte of all that is sealed, so that a later layout can tell itself from this one.
const VERSION: u8 = 1;

/// Bytes that name the key, after the version.
const KEY_NAME_BYTES: usize = 8;

/// Bytes of the nonce, after the key's name. So many that drawing them never repeats one.
const NONCE_BYTES: usize = 24;

/// Whose secret it is. What was sealed for one opens for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretOwner {
    /// The key that requests name.
    pub key_id: Uuid,
    /// The partner it belongs to.
    pub partner_id: PartnerId,
}

/// Why a secret was not sealed or opened. The text may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The setting is missing.
    #[error("`partners.secret_key` is not set")]
    NoKey,
    /// The settings do not hold the key it was sealed under.
    #[error(
        "a partner's secret was sealed under a key that is neither `partners.secret_key` nor \
         among `partners.former_secret_keys`"
    )]
    UnknownKey,
    /// It was changed, moved from another row, or is none.
    #[error("a partner's sealed secret does not open: its row was changed")]
    Broken,
}

/// Seals under the present key, and opens what it or a former one sealed. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<[SealingKey]>);

struct SealingKey {
    name: [u8; KEY_NAME_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Vault {
    /// A vault with the keys of the settings; without any it seals and opens nothing.
    #[must_use]
    pub fn from_settings(partners: &settings::Partners) -> Self {
        Self::new(&partners.secret_keys())
    }

    /// A vault that seals under the first of `keys`, and opens with all of them.
    #[must_use]
    pub fn new(keys: &[[u8; 32]]) -> Self {
        let keys = keys.iter().map(|key| {
            let mut hash = Sha256::new();
            hash.update(b"tally: name of a key that seals partners' secrets\0");
            hash.update(key);
            let mut name = [0; KEY_NAME_BYTES];
            name.copy_from_slice(&hash.finalize()[..KEY_NAME_BYTES]);
            SealingKey {
                name,
                cipher: XChaCha20Poly1305::new(key.into()),
            }
        });
        Self(keys.collect())
    }

    /// Seals `secret` for `owner`, with a nonce drawn from `ids`.
    ///
    /// # Errors
    /// [`VaultError::NoKey`]
    pub fn seal(
        &self,
        owner: SecretOwner,
        secret: &Secret,
        ids: &Ids,
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.0.first().ok_or(VaultError::NoKey)?;
        let nonce: [u8; NONCE_BYTES] = ids.bytes();
        let payload = Payload {
            msg: secret.expose().as_bytes(),
            aad: &associated(owner),
        };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload);
        // It fails for messages of many gigabytes only.
        let sealed = sealed.map_err(|_| VaultError::Broken)?;
        Ok([&[VERSION], &key.name[..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for `owner`.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn open(&self, owner: SecretOwner, sealed: &[u8]) -> Result<Secret, VaultError> {
        if self.0.is_empty() {
            return Err(VaultError::NoKey);
        }
        let (name, rest) = split(sealed).ok_or(VaultError::Broken)?;
        let key = self.0.iter().find(|key| key.name == name);
        let key = key.ok_or(VaultError::UnknownKey)?;
        let (nonce, sealed) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(VaultError::Broken)?;
        let payload = Payload {
            msg: sealed,
            aad: &associated(owner),
        };
        let opened = key.cipher.decrypt(&XNonce::from(*nonce), payload);
        let text = opened.map(String::from_utf8);
        match text {
            Ok(Ok(text)) => Ok(Secret::new(text)),
            _ => Err(VaultError::Broken),
        }
    }

    /// Whether it was sealed under the present key; if not, it is to be sealed anew before
    /// the former key goes.
    #[must_use]
    pub fn is_under_present_key(&self, sealed: &[u8]) -> bool {
        let present = self.0.first().map(|key| key.name);
        split(sealed).map(|(name, _)| name) == present
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.0.len())
    }
}

/// The name of the key, and the rest.
fn split(sealed: &[u8]) -> Option<([u8; KEY_NAME_BYTES], &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (name, rest) = rest.split_first_chunk::<KEY_NAME_BYTES>()?;
    (*version == VERSION).then_some((*name, rest))
}

/// What must be the same when it is opened.
fn associated(owner: SecretOwner) -> [u8; 33] {
    let mut bytes = [VERSION; 33];
    bytes[1..17].copy_from_slice(owner.key_id.as_bytes());
    bytes[17..].copy_from_slice(owner.partner_id.0.as_bytes());
    bytes
}

/// A new secret for a partner's server: 32 bytes from `ids`, in hexadecimal. The text
/// itself is the key of the HMAC.
#[must_use]
pub fn draw_secret(ids: &Ids) -> Secret {
    let bytes: [u8; 32] = ids.bytes();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: SecretOwner = SecretOwner {
        key_id: Uuid::from_u128(1),
        partner_id: PartnerId(Uuid::from_u128(2)),
    };

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_secret_comes_back_and_cannot_be_read_where_it_lies() {
        let (vault, ids) = (Vault::new(&[[1; 32]]), Ids::seeded(1));
        let secret = draw_secret(&ids);
        assert_eq!(secret.expose().len(), 64);
        let sealed = vault.seal(OWNER, &secret, &ids).unwrap();
        assert!(sealed.len() <= 512);
        assert!(!contains(&sealed, &secret.expose().as_bytes()[..8]));
        assert!(!contains(&sealed, &[1; 8]));
        assert_eq!(vault.open(OWNER, &sealed), Ok(secret.clone()));
        let again = vault.seal(OWNER, &secret, &ids).unwrap();
        assert_ne!(
            again, sealed,
            "the same secret is sealed differently each time"
        );
    }

    #[test]
    fn a_key_is_rotated_while_the_former_one_still_opens() {
        let ids = Ids::seeded(1);
        let secret = draw_secret(&ids);
        let sealed = Vault::new(&[[1; 32]]).seal(OWNER, &secret, &ids).unwrap();
        let both = Vault::new(&[[2; 32], [1; 32]]);
        assert_eq!(both.open(OWNER, &sealed), Ok(secret.clone()));
        assert!(!both.is_under_present_key(&sealed));
        let resealed = both.seal(OWNER, &secret, &ids).unwrap();
        assert!(both.is_under_present_key(&resealed));
        let new = Vault::new(&[[2; 32]]);
        assert_eq!(new.open(OWNER, &resealed), Ok(secret));
        assert_eq!(new.open(OWNER, &sealed), Err(VaultError::UnknownKey));
    }

    #[test]
    fn what_was_changed_or_is_anothers_does_not_open() {
        let (vault, ids) = (Vault::new(&[[1; 32]]), Ids::seeded(1));
        let sealed = vault.seal(OWNER, &draw_secret(&ids), &ids).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open(OWNER, &changed).is_err(), "byte {at}");
        }
        for length in [0, 1, 9, 33, sealed.len() - 1] {
            assert!(vault.open(OWNER, &sealed[..length]).is_err());
        }
        let others = [
            SecretOwner {
                key_id: Uuid::from_u128(3),
                ..OWNER
            },
            SecretOwner {
                partner_id: PartnerId(Uuid::from_u128(3)),
                ..OWNER
            },
        ];
        for other in others {
            assert_eq!(vault.open(other, &sealed), Err(VaultError::Broken));
        }
    }

    #[test]
    fn without_a_key_nothing_is_sealed_or_opened() {
        let (none, ids) = (Vault::new(&[]), Ids::seeded(1));
        let secret = draw_secret(&ids);
        assert_eq!(none.seal(OWNER, &secret, &ids), Err(VaultError::NoKey));
        let sealed = Vault::new(&[[1; 32]]).seal(OWNER, &secret, &ids).unwrap();
        assert_eq!(none.open(OWNER, &sealed), Err(VaultError::NoKey));
        assert!(
            VaultError::NoKey
                .to_string()
                .contains("partners.secret_key")
        );
    }
}
