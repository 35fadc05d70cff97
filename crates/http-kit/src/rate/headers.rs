//! `RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers says, so that
//! clients can slow down before they are refused.

use std::fmt::Write;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::rate::Standing;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Says where the client stands with each quota its request was counted against.
pub(crate) fn add_headers(headers: &mut HeaderMap, standings: &[Standing]) {
    if standings.is_empty() {
        return;
    }
    let (mut limits, mut policies) = (String::new(), String::new());
    for Standing {
        quota,
        remaining,
        resets_after,
        ..
    } in standings
    {
        let comma = if limits.is_empty() { "" } else { ", " };
        let (name, window) = (quota.name, quota.window.as_secs());
        // Writing to a string does not fail.
        let _ = write!(
            limits,
            "{comma}\"{name}\";r={remaining};t={}",
            whole_seconds(*resets_after)
        );
        let _ = write!(
            policies,
            "{comma}\"{name}\";q={};w={window}",
            quota.requests
        );
    }
    for (name, value) in [(RATE_LIMIT, limits), (RATE_LIMIT_POLICY, policies)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::Quota;

    #[test]
    fn every_quota_is_told_with_what_is_left_of_it() {
        let standing = |name, requests, remaining, resets_ms| Standing {
            quota: Quota {
                name,
                requests,
                window: Duration::from_secs(10),
            },
            remaining,
            resets_after: Duration::from_millis(resets_ms),
            refused_for: None,
        };
        let mut headers = HeaderMap::new();
        add_headers(
            &mut headers,
            &[
                standing("address-reads", 100, 99, 100),
                standing("voter-reads", 20, 0, 10_000),
            ],
        );
        assert_eq!(
            headers.get("ratelimit").unwrap(),
            "\"address-reads\";r=99;t=1, \"voter-reads\";r=0;t=10"
        );
        assert_eq!(
            headers.get("ratelimit-policy").unwrap(),
            "\"address-reads\";q=100;w=10, \"voter-reads\";q=20;w=10"
        );
    }
}
