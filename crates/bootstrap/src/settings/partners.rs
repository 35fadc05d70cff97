//! The section about partners: the keys that their secrets are sealed under.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::section::section;
use crate::Secret;

section! {
    /// Partners, whose servers sign their requests. Catalog and gateway need the same.
    Partners {
        /// Seals partners' secrets in SQL: 32 bytes in base64 or hexadecimal, as
        /// `openssl rand -base64 32` or `openssl rand -hex 32` prints them. Without it no
        /// partner is admitted or served.
        secret_key: Option<Secret> = None;
        /// Keys that sealed before, separated by commas. To rotate, move the key here and
        /// set a new `partners.secret_key`, on the gateways before the catalog; once the
        /// catalog has restarted, which seals all secrets anew, drop it.
        former_secret_keys: Option<Secret> = None;
    }
}

impl Partners {
    /// The keys that open what was sealed; the first one seals. Empty where none is set.
    #[must_use]
    pub fn secret_keys(&self) -> Vec<[u8; 32]> {
        let former = self.former_secret_keys.iter().flat_map(listed);
        let present = self.secret_key.as_ref().map(Secret::expose);
        present
            .into_iter()
            .chain(former)
            .filter_map(decode)
            .collect()
    }

    pub(super) fn check(&self, faults: &mut Vec<String>) {
        let sound = |key: &str| decode(key).is_some();
        if self
            .secret_key
            .as_ref()
            .is_some_and(|key| !sound(key.expose()))
        {
            faults
                .push("`partners.secret_key` is not 32 bytes in base64 or hexadecimal".to_owned());
        }
        if !self.former_secret_keys.iter().flat_map(listed).all(sound) {
            faults.push(
                "`partners.former_secret_keys` are not each 32 bytes in base64 or hexadecimal, \
                 separated by commas"
                    .to_owned(),
            );
        }
        if self.secret_key.is_none() && self.former_secret_keys.is_some() {
            faults.push("`partners.former_secret_keys` needs `partners.secret_key`".to_owned());
        }
    }
}

fn listed(keys: &Secret) -> impl Iterator<Item = &str> {
    keys.expose()
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
}

/// 64 hexadecimal digits, or base64, which is shorter for as many bytes.
fn decode(key: &str) -> Option<[u8; 32]> {
    let key = key.trim();
    if key.len() != 64 {
        return STANDARD.decode(key).ok()?.try_into().ok();
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(key.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partners(present: Option<&str>, former: Option<&str>) -> Partners {
        Partners {
            secret_key: present.map(Secret::new),
            former_secret_keys: former.map(Secret::new),
        }
    }

    fn faults(partners: &Partners) -> Vec<String> {
        let mut faults = Vec::new();
        partners.check(&mut faults);
        faults
    }

    #[test]
    fn the_present_key_comes_first_and_former_ones_after_it() {
        let [a, b, c] = [1, 2, 3].map(|n| STANDARD.encode([n; 32]));
        let partners = partners(Some(&a), Some(&format!("{b}, {c},")));
        assert_eq!(faults(&partners), [""; 0]);
        assert_eq!(partners.secret_keys(), [[1; 32], [2; 32], [3; 32]]);
        assert!(Partners::default().secret_keys().is_empty());
        let hex = Partners {
            secret_key: Some(Secret::new("0aF1".repeat(16))),
            ..Partners::default()
        };
        assert_eq!(faults(&hex), [""; 0]);
        let bytes: Vec<u8> = [0x0a, 0xf1].repeat(16);
        assert_eq!(hex.secret_keys()[0][..], bytes);
    }

    #[test]
    fn what_is_no_key_is_a_fault_that_does_not_quote_it() {
        let good = STANDARD.encode([1; 32]);
        let short = STANDARD.encode([7; 31]);
        for (present, former, name) in [
            (Some(short.as_str()), None, "`partners.secret_key`"),
            (Some("hunter2!"), None, "`partners.secret_key`"),
            (Some(&"hunter2!".repeat(8)), None, "`partners.secret_key`"),
            (
                Some(&good),
                Some(short.as_str()),
                "`partners.former_secret_keys`",
            ),
            (None, Some(&good), "needs `partners.secret_key`"),
        ] {
            let faults = faults(&partners(present, former));
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].contains(name), "{faults:?}");
            assert!(!faults[0].contains("hunter2") && !faults[0].contains(&short));
        }
    }
}
