//! `?cursor=`, and the other small texts that anybody may put into a request: ids, an
//! expected version, a trace.

#![no_main]

use actix_web::test::TestRequest;
use http_kit::etag::expected_version;
use http_kit::{Cursor, TraceParent, parse_ids};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vote_domain::ReviewId;

/// A position such as lists have.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    score: i64,
    at: Option<chrono::NaiveDate>,
    text: String,
    id: Uuid,
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let cursor: Cursor = serde_json::from_value(text.into()).expect("any text is a cursor");
    if let Ok(position) = cursor.decode::<Position>() {
        let again: Cursor =
            serde_json::from_value(Cursor::encode(&position).into()).expect("any text is a cursor");
        assert_eq!(again.decode::<Position>().ok(), Some(position));
    }
    // The same position, as the server would have written it.
    if let Ok(position) = serde_json::from_slice::<Position>(data) {
        let written: Cursor =
            serde_json::from_value(Cursor::encode(&position).into()).expect("any text is a cursor");
        if Cursor::encode(&position).len() <= 1_024 {
            assert_eq!(written.decode::<Position>().ok(), Some(position));
        }
    }
    if let Ok(ids) = parse_ids::<ReviewId>(text) {
        assert!(ids.len() <= 100);
    }
    if let Ok(trace) = text.parse::<TraceParent>() {
        assert_eq!(trace.to_string().parse::<TraceParent>().ok(), Some(trace));
    }
    if actix_web::http::header::HeaderValue::from_bytes(data).is_ok() {
        let request = TestRequest::default()
            .insert_header(("if-match", data))
            .to_http_request();
        let _ = expected_version(&request);
    }
});
