//! What a partner's request says of its signature: nonce, timestamp, signature, and the
//! text that is signed.
//!
//! Nothing makes it panic; nothing but the very signature holds; and no two requests that
//! can come over HTTP share the text that is signed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use partner_signature::{SignedParts, is_nonce, parse_timestamp, sign, verify};

const SECRET: &str = "1f5a7c1e4d0b9b8e2f1f6a0c9d110f9a1c527c1e4d0b9b8e2f1f6a0c9d11aaaa";

fuzz_target!(|data: &[u8]| {
    let mut fields = data.splitn(6, |byte| *byte == 0);
    let mut field = || std::str::from_utf8(fields.next().unwrap_or_default()).unwrap_or_default();
    let (method, path_and_query, timestamp, nonce, signature) =
        (field(), field(), field(), field(), field());
    let body = fields.next().unwrap_or_default();
    let timestamp = parse_timestamp(timestamp).inspect(|seconds| {
        assert!(*seconds > 0);
        assert_eq!(seconds.to_string(), timestamp);
    });
    let parts = SignedParts {
        method,
        path_and_query,
        timestamp: timestamp.unwrap_or(1),
        nonce,
        body,
    };
    let right = sign(SECRET, &parts);
    assert!(verify(SECRET, &parts, &right));
    assert_eq!(verify(SECRET, &parts, signature), signature == right);
    // As hyper lets them through: no line break in method or path, and the gate's nonces.
    let visible = |text: &str| text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if visible(method) && visible(path_and_query) && is_nonce(nonce) {
        let text = parts.canonical();
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[..2], [method, path_and_query]);
        assert_eq!(lines[3], nonce);
    }
});
