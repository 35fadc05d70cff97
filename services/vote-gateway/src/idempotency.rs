//! `Idempotency-Key`: one intent, one key.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use vote_domain::{VoteId, VoterId};

/// The request's header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

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
    /// The key that `request` carries, if it carries one.
    ///
    /// # Errors
    /// [`InvalidKey`]
    pub(crate) fn of_request(request: &HttpRequest) -> Result<Option<Self>, InvalidKey> {
        let value = request.headers().get(IDEMPOTENCY_KEY);
        value.map(|value| Self::parse(value.as_bytes())).transpose()
    }

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
    pub fn vote_id(&self, voter: VoterId, ballot_box: &str) -> VoteId {
        VoteId::from_key(voter, ballot_box, &self.0)
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
