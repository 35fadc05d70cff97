//! Requests signed with a partner's key.

use chrono::TimeDelta;
use partner_signature::SignedParts;
use vote_domain::{Clock, Ids};

/// Signs as one partner.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    key: PartnerKey,
    clock: Clock,
    /// How far the services' clock is ahead of this one.
    ahead: TimeDelta,
    ids: Ids,
}

/// A partner's key with its secret, which shows nowhere.
#[derive(Clone)]
pub(crate) struct PartnerKey {
    pub(crate) key_id: String,
    pub(crate) secret: String,
}

impl std::fmt::Debug for PartnerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PartnerKey({})", self.key_id)
    }
}

impl Signer {
    /// Signs with `key`, at the time of `clock` and `ahead`, with nonces of `ids`.
    pub(crate) fn new(key: PartnerKey, clock: Clock, ahead: TimeDelta, ids: Ids) -> Self {
        Self {
            key,
            clock,
            ahead,
            ids,
        }
    }

    /// The headers of one try of a request; a second try needs its own.
    pub(crate) fn headers(
        &self,
        method: &str,
        path_and_query: &str,
        body: &[u8],
    ) -> [(&'static str, String); 4] {
        let nonce = u128::from_be_bytes(self.ids.bytes());
        let parts = SignedParts {
            method,
            path_and_query,
            timestamp: (self.clock.now() + self.ahead).timestamp(),
            nonce: &format!("{nonce:032x}"),
            body,
        };
        parts.headers(&self.key.key_id, &self.key.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use partner_signature::verify;

    #[test]
    fn each_try_is_signed_anew_by_the_services_clock() {
        let at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let key = PartnerKey {
            key_id: "k".to_owned(),
            secret: "s".to_owned(),
        };
        let ahead = TimeDelta::seconds(400);
        let signer = Signer::new(key, Clock::manual(at), ahead, Ids::seeded(1));
        let [_, (_, timestamp), (_, nonce), (_, signature)] =
            signer.headers("POST", "/api/v1/x", b"{}");
        assert_eq!(timestamp, "1800000400");
        let parts = SignedParts {
            method: "POST",
            path_and_query: "/api/v1/x",
            timestamp: 1_800_000_400,
            nonce: &nonce,
            body: b"{}",
        };
        assert!(verify("s", &parts, &signature));
        let again = signer.headers("POST", "/api/v1/x", b"{}");
        assert_ne!(again[2].1, nonce);
        assert!(!format!("{signer:?}").contains("\"s\""));
    }
}
