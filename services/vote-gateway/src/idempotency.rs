//! `Idempotency-Key`: one intent, one key.

use vote_domain::{UserId, VoteId};

/// The longest key, in bytes.
const BYTES_MAX: usize = 255;

/// A client's name for one intent; all its repetitions make one vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The header's value is no key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to {BYTES_MAX} visible ASCII characters")]
pub struct InvalidKey;

impl IdempotencyKey {
    /// Parses a header's value.
    ///
    /// # Errors
    /// [`InvalidKey`]
    pub fn parse(value: &[u8]) -> Result<Self, InvalidKey> {
        let visible = |byte: &u8| (0x20..=0x7e).contains(byte);
        match std::str::from_utf8(value) {
            Ok(text)
                if (1..=BYTES_MAX).contains(&text.len()) && text.as_bytes().iter().all(visible) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidKey),
        }
    }

    /// The vote that `voter` makes in `ballot_box` under this key.
    #[must_use]
    pub fn vote_id(&self, voter: UserId, ballot_box: &str) -> VoteId {
        VoteId::from_key(voter.into(), ballot_box, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_visible_text() {
        assert!(IdempotencyKey::parse(b"a-1_B ~").is_ok());
        for bad in [&b""[..], b"\x00", b"\xff", "é".as_bytes(), &[b'a'; 256]] {
            assert_eq!(IdempotencyKey::parse(bad), Err(InvalidKey));
        }
    }
}
