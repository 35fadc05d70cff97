//! Sections about who may come in: signing keys, token lifetimes, the first admin.

use serde::Deserialize;

use super::section::{Value, section};
use crate::{Secret, SettingsError};

/// Fewest bytes a signing secret may have: the size of the HMAC's digest.
const SECRET_BYTES_MIN: usize = 32;

/// A key that signs access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// The name tokens carry as `kid`; 1 to 64 characters.
    pub id: String,
    /// At least 32 bytes.
    pub secret: Secret,
}

impl Value for Vec<SigningKey> {
    const KIND: &'static str = "list of `{id, secret}`";
    const SECRET: bool = true;
    fn render(&self) -> String {
        "[]".to_owned()
    }
}

section! {
    /// How accounts are kept and how long their tokens live.
    Auth {
        /// Signs access tokens; at least 32 bytes. A ring of one key, named `default`.
        secret: Option<Secret> = None;
        /// A ring of keys instead of `auth.secret`: the first signs, all verify. In the
        /// environment or a secret file it is written as TOML: `[{id="b",secret="…"}]`.
        /// To rotate, put the new key first and drop the old one after
        /// `auth.access_token_s`.
        keys: Vec<SigningKey> = Vec::new();
        /// How long an access token is good for, in seconds.
        access_token_s: u64 = 900, 10..=86_400;
        /// How long a refresh token is good for, in seconds.
        refresh_token_s: u64 = 2_592_000, 60..=31_536_000;
        /// Work factor of bcrypt: one more doubles the time of a sign-in.
        bcrypt_cost: u32 = 12, 4..=16;
        /// Passwords hashed at once; 0 takes one for every two cores, so that a flood of
        /// sign-ins leaves the others to votes and reads. The others wait for up to
        /// 8 seconds; then 503 `overloaded`.
        hashes_at_once: usize = 0, 0..=1_024;
    }
}

section! {
    /// The first admin, made at start when no account has that name.
    Admin {
        /// Its user name; nothing is made without one. An account of that name that is no
        /// admin becomes one: it is given the password below, and its sessions end.
        user_name: Option<String> = None;
        /// Its password; 8 to 72 bytes.
        password: Option<Secret> = None;
    }
}

impl Auth {
    /// The keys that verify access tokens; the first one signs.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] when neither `auth.secret` nor `auth.keys` is set.
    pub fn signing_keys(&self) -> Result<Vec<SigningKey>, SettingsError> {
        match &self.secret {
            Some(secret) => Ok(vec![SigningKey {
                id: "default".to_owned(),
                secret: secret.clone(),
            }]),
            None if self.keys.is_empty() => Err(SettingsError::missing("auth.secret")),
            None => Ok(self.keys.clone()),
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<String>) {
        if self.secret.is_some() && !self.keys.is_empty() {
            faults.push("`auth.secret` and `auth.keys` are both set: choose one".to_owned());
        }
        if let Some(secret) = &self.secret {
            check_secret("auth.secret", secret, faults);
        }
        for (at, key) in self.keys.iter().enumerate() {
            check_secret(&format!("auth.keys[{at}].secret"), &key.secret, faults);
            if key.id.is_empty() || key.id.len() > 64 {
                faults.push(format!("`auth.keys[{at}].id` must be 1 to 64 bytes"));
            }
            if self.keys[..at].iter().any(|other| other.id == key.id) {
                faults.push(format!("`auth.keys` names the id {:?} twice", key.id));
            }
        }
    }
}

impl Admin {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        match (&self.user_name, &self.password) {
            (Some(_), None) => faults.push("`admin.user_name` needs `admin.password`".to_owned()),
            (None, Some(_)) => faults.push("`admin.password` needs `admin.user_name`".to_owned()),
            (Some(_), Some(password)) if !(8..=72).contains(&password.expose().len()) => {
                faults.push("`admin.password` must be 8 to 72 bytes".to_owned());
            }
            _ => {}
        }
    }
}

fn check_secret(name: &str, secret: &Secret, faults: &mut Vec<String>) {
    let n_bytes = secret.expose().len();
    if n_bytes < SECRET_BYTES_MIN {
        faults.push(format!(
            "`{name}` has {n_bytes} bytes, but must have at least {SECRET_BYTES_MIN}"
        ));
    }
}
