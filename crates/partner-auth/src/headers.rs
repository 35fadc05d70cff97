//! The headers of a signed request.

use actix_web::http::header::HeaderMap;
use http_kit::Problem;
use partner_signature::{
    KEY_HEADER, NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, VOTER_HEADER, is_nonce,
    parse_timestamp,
};
use uuid::Uuid;

use crate::auth::invalid_signature;

/// What a signed request says of its signature.
#[derive(Debug)]
pub(crate) struct SignatureHeaders {
    pub(crate) key_id: Uuid,
    pub(crate) timestamp: i64,
    pub(crate) nonce: String,
    pub(crate) signature: String,
}

/// Whether a request has any header of a partner's.
pub(crate) fn is_signed(headers: &HeaderMap) -> bool {
    [
        KEY_HEADER,
        TIMESTAMP_HEADER,
        NONCE_HEADER,
        SIGNATURE_HEADER,
        VOTER_HEADER,
    ]
    .iter()
    .any(|name| headers.contains_key(*name))
}

/// The one value of a header; none where it is missing, repeated or no visible text.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

impl SignatureHeaders {
    /// Reads them.
    ///
    /// # Errors
    /// 401 `invalid_signature` names the header that is not as it must be.
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, Problem> {
        let key_id = only(headers, KEY_HEADER).and_then(|text| text.parse().ok());
        let timestamp = only(headers, TIMESTAMP_HEADER).and_then(parse_timestamp);
        let nonce = only(headers, NONCE_HEADER).filter(|text| is_nonce(text));
        let signature = only(headers, SIGNATURE_HEADER);
        let wrong = |what: &str| invalid_signature(format!("The request needs {what}, once."));
        Ok(Self {
            key_id: key_id.ok_or_else(|| wrong("X-Tally-Key with the key's id"))?,
            timestamp: timestamp.ok_or_else(|| wrong("X-Tally-Timestamp in Unix seconds"))?,
            nonce: nonce
                .ok_or_else(|| wrong("X-Tally-Nonce of 8 to 128 visible ASCII characters"))?
                .to_owned(),
            signature: signature
                .ok_or_else(|| wrong("X-Tally-Signature"))?
                .to_owned(),
        })
    }
}
