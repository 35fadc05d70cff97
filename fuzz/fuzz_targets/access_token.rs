//! Access tokens: any text, and any header and claims under a signature that holds.
//!
//! Nothing makes it panic; a token without our signature is never good, and one with it
//! only if it says all that a token must.

#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bootstrap::Secret;
use bootstrap::settings::SigningKey;
use chrono::DateTime;
use hmac::{Hmac, Mac};
use http_kit::Tokens;
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use vote_domain::Clock;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW_S: i64 = 1_800_000_000;

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    let key = SigningKey {
        id: "a".to_owned(),
        secret: Secret::new(SECRET.to_owned()),
    };
    let now = DateTime::from_timestamp(NOW_S, 0).expect("a time");
    Tokens::new(&[key], 900, Clock::manual(now)).expect("one key")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    assert!(TOKENS.verify(text).is_err(), "nobody signed this");
    let (header, claims) = text
        .split_once('\n')
        .unwrap_or((r#"{"alg":"HS256","kid":"a"}"#, text));
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key will do");
    mac.update(signed.as_bytes());
    let token = format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    );
    if TOKENS.verify(&token).is_ok() {
        let header: serde_json::Value = serde_json::from_str(header).expect("a header of JSON");
        assert_eq!(header["alg"], "HS256");
        assert_eq!(header["kid"], "a");
        // Claims may be CBOR where the header says so; we never do.
        let claims: serde_json::Value = serde_json::from_str(claims).expect("claims of JSON");
        assert_eq!(claims["iss"], "tally");
        assert_eq!(claims["aud"], "tally-api");
        let expires_at = claims["exp"].as_f64().expect("an end");
        assert!(expires_at >= (NOW_S - 3) as f64, "{expires_at}");
    }
});
