//! How a partner's server signs its requests, and nothing else: no HTTP, no clock.
//!
//! A signature is the hexadecimal HMAC-SHA256, under the key's secret, of
//!
//! ```text
//! METHOD\nPATH_WITH_QUERY\nTIMESTAMP\nNONCE\nhex(SHA-256(body))
//! ```
//!
//! with the path as it is sent, `/api/v1` included. It does not say when a timestamp is
//! too old or a nonce was used before: whoever keeps a clock and a memory does.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Names the key that a request is signed with.
pub const KEY_HEADER: &str = "x-tally-key";

/// When the request was signed, in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "x-tally-timestamp";

/// Text that no other request of the key carries.
pub const NONCE_HEADER: &str = "x-tally-nonce";

/// The signature.
pub const SIGNATURE_HEADER: &str = "x-tally-signature";

/// The partner's voter that the request acts for.
pub const VOTER_HEADER: &str = "x-tally-voter";

/// Fewest and most bytes of a nonce.
pub const NONCE_BYTES: std::ops::RangeInclusive<usize> = 8..=128;

/// How far a timestamp may lie from the time of whoever verifies it, in seconds.
pub const TIMESTAMP_LEEWAY_S: i64 = 300;

/// Bytes of a signature before they are written in hexadecimal.
const SIGNATURE_BYTES: usize = 32;

/// What a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedParts<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path with its query, as sent: `/api/v1/campaigns?limit=5`.
    pub path_and_query: &'a str,
    /// Unix seconds.
    pub timestamp: i64,
    /// See [`is_nonce`].
    pub nonce: &'a str,
    /// The body; empty where there is none.
    pub body: &'a [u8],
}

impl SignedParts<'_> {
    /// The text that is signed. None of its parts can hold a line break, so that no two
    /// requests share one.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Self {
            method,
            path_and_query,
            timestamp,
            nonce,
            body,
        } = self;
        let digest = hex(&Sha256::digest(body));
        format!("{method}\n{path_and_query}\n{timestamp}\n{nonce}\n{digest}")
    }

    /// The headers, each with its value, that make a request with these parts one that is
    /// signed with the key `key` of secret `secret`. Sign each attempt anew, with a nonce
    /// of its own: a nonce is good for one attempt, whatever became of it.
    #[must_use]
    pub fn headers(&self, key: &str, secret: &str) -> [(&'static str, String); 4] {
        [
            (KEY_HEADER, key.to_owned()),
            (TIMESTAMP_HEADER, self.timestamp.to_string()),
            (NONCE_HEADER, self.nonce.to_owned()),
            (SIGNATURE_HEADER, sign(secret, self)),
        ]
    }
}

/// The signature of `parts` under `secret`: 64 characters, `0` to `9` and `a` to `f`.
#[must_use]
pub fn sign(secret: &str, parts: &SignedParts<'_>) -> String {
    hex(&mac(secret, parts).finalize().into_bytes())
}

/// Whether `signature` is that of `parts` under `secret`, in the very letters that [`sign`]
/// gives. Takes as long for a wrong signature as for a right one.
#[must_use]
pub fn verify(secret: &str, parts: &SignedParts<'_>, signature: &str) -> bool {
    let Some(bytes) = unhex(signature) else {
        return false;
    };
    mac(secret, parts).verify_slice(&bytes).is_ok()
}

/// Whether `text` may be a nonce: 8 to 128 visible ASCII characters.
#[must_use]
pub fn is_nonce(text: &str) -> bool {
    NONCE_BYTES.contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

/// Reads a timestamp, in the one way it is written: digits, without sign or leading zero.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

fn mac(secret: &str, parts: &SignedParts<'_>) -> Hmac<Sha256> {
    // Unwrap safety: HMAC takes keys of any length.
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(parts.canonical().as_bytes());
    mac
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; SIGNATURE_BYTES];
    if text.len() != 2 * SIGNATURE_BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "1f5a7c1e4d0b9b8e2f1f6a0c9d110f9a1c527c1e4d0b9b8e2f1f6a0c9d11aaaa";

    const VOTE: SignedParts<'_> = SignedParts {
        method: "POST",
        path_and_query: "/api/v1/campaigns/0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11/votes?a=%20b",
        timestamp: 1_767_225_600,
        nonce: "nonce-00000001",
        body: br#"{"option":"SE","channel":"jury","tickets":12}"#,
    };

    const READ: SignedParts<'_> = SignedParts {
        method: "GET",
        path_and_query: "/api/v1/campaigns",
        timestamp: 1_767_225_600,
        nonce: "nonce-00000002",
        body: b"",
    };

    /// Computed by another implementation (Python's `hmac` and `hashlib`).
    const VECTORS: [(SignedParts<'_>, &str); 2] = [
        (
            VOTE,
            "0b176c84908cc9d489d7e55a231a89a77ed40457b0be362c2f2db983f2cb9cfa",
        ),
        (
            READ,
            "607f26ad26c897b0f62a68e887d220d7082b921b7a1182019c15c4c98d7fc19c",
        ),
    ];

    #[test]
    fn signatures_are_those_of_other_implementations() {
        for (parts, signature) in VECTORS {
            assert_eq!(sign(SECRET, &parts), signature);
            assert!(verify(SECRET, &parts, signature));
        }
        assert_eq!(
            READ.canonical(),
            "GET\n/api/v1/campaigns\n1767225600\nnonce-00000002\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn a_signature_holds_for_nothing_but_what_was_signed() {
        let signature = sign(SECRET, &VOTE);
        let others = [
            SignedParts {
                method: "PUT",
                ..VOTE
            },
            SignedParts {
                method: "POSt",
                ..VOTE
            },
            SignedParts {
                path_and_query: &VOTE.path_and_query[1..],
                ..VOTE
            },
            SignedParts {
                path_and_query: "/api/v1/campaigns",
                ..VOTE
            },
            SignedParts {
                timestamp: VOTE.timestamp + 1,
                ..VOTE
            },
            SignedParts {
                nonce: "nonce-00000002",
                ..VOTE
            },
            SignedParts { body: b"", ..VOTE },
            SignedParts {
                body: &VOTE.body[1..],
                ..VOTE
            },
        ];
        for other in others {
            assert!(!verify(SECRET, &other, &signature), "{other:?}");
        }
        for other in ["", &SECRET[1..], &SECRET.to_uppercase()] {
            assert!(!verify(other, &VOTE, &signature), "{other}");
        }
    }

    #[test]
    fn a_signature_is_written_in_one_way() {
        let signature = sign(SECRET, &VOTE);
        let upper = signature.to_uppercase();
        let padded = format!(" {signature}");
        for other in ["", "0", &upper, &padded, &signature[..62], &"ü".repeat(32)] {
            assert!(!verify(SECRET, &VOTE, other), "{other}");
        }
    }

    #[test]
    fn timestamps_and_nonces_are_written_in_one_way() {
        assert_eq!(parse_timestamp("1767225600"), Some(1_767_225_600));
        for bad in [
            "",
            "+1",
            "-1",
            " 1",
            "01",
            "0",
            "1.0",
            "1e9",
            "٣",
            "9".repeat(30).as_str(),
        ] {
            assert_eq!(parse_timestamp(bad), None, "{bad}");
        }
        for good in ["12345678", "!~-_/+=.", &"n".repeat(128)] {
            assert!(is_nonce(good), "{good}");
        }
        for bad in [
            "",
            "1234567",
            "1234 5678",
            "1234567\n",
            "ääääää",
            &"n".repeat(129),
        ] {
            assert!(!is_nonce(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_signature_off_by_one_byte_is_refused(at in 0..64_usize, byte in 0..128_u8) {
            let mut signature = sign(SECRET, &VOTE).into_bytes();
            prop_assume!(signature[at] != byte);
            signature[at] = byte;
            let signature = String::from_utf8(signature).unwrap();
            prop_assert!(!verify(SECRET, &VOTE, &signature));
        }

        #[test]
        fn a_body_off_by_one_byte_is_refused(at in 0..VOTE.body.len(), byte: u8) {
            let signature = sign(SECRET, &VOTE);
            let mut body = VOTE.body.to_vec();
            prop_assume!(body[at] != byte);
            body[at] = byte;
            let parts = SignedParts { body: &body, ..VOTE };
            prop_assert!(!verify(SECRET, &parts, &signature));
        }
    }
}
