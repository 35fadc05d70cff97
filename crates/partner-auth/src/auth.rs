//! The gate: verifies a signed request before any handler runs.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use futures::future::{FutureExt, LocalBoxFuture};
use http_kit::extract::read_body;
use http_kit::rate::SignedBy;
use http_kit::{Problem, route_template};
use metrics::counter;
use partner_signature::{SignedParts, TIMESTAMP_LEEWAY_S, verify};
use utoipa::openapi::OpenApi;
use vote_cache::Cache;
use vote_store::Store;

use crate::caller::Partner;
use crate::headers::{SignatureHeaders, is_signed};
use crate::keys::{Keys, Known, PartnerKey};
use crate::routes::{PartnerRoutes, Takes};
use crate::vault::Vault;

/// How long a nonce is remembered: a request signed 300 s ahead of time is good for 600 s.
const NONCE_KEPT_FOR: Duration = Duration::from_secs(610);

/// When to try again while signatures cannot be verified.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Verifies signed requests. Cheap to clone; give each process one.
#[derive(Clone)]
pub struct PartnerAuth {
    keys: Keys,
    cache: Cache,
    routes: Arc<PartnerRoutes>,
}

impl PartnerAuth {
    /// Verifies with the keys in `store`, whose secrets `vault` opens, by the time of
    /// `cache`, where nonces are remembered for all processes that share it. `api` says
    /// which routes take signed requests.
    #[must_use]
    pub fn new(store: Store, cache: Cache, vault: Vault, api: &OpenApi) -> Self {
        Self {
            keys: Keys::new(store, vault),
            cache,
            routes: Arc::new(PartnerRoutes::new(api)),
        }
    }

    /// The gate, for [`Site::with_gate`](http_kit::Site::with_gate). It hands on requests
    /// without any header of a partner's as they are. A signed one it hands on once its
    /// signature holds, with its body read and put back; otherwise it answers
    ///
    /// - 403 `not_for_partners` where the route takes no signed requests,
    /// - 422 `two_credentials` when the request carries an access token, too,
    /// - 401 `invalid_signature`, 401 `replayed_request`,
    /// - 413 `body_too_large`, 400 `incomplete_body`,
    /// - 503 `signature_unverifiable` while Redis or SQL is away.
    pub fn gate(
        self,
    ) -> impl Fn(ServiceRequest) -> LocalBoxFuture<'static, Result<ServiceRequest, Problem>>
    + Send
    + Sync
    + 'static {
        move |request| {
            if !is_signed(request.headers()) {
                return std::future::ready(Ok(request)).boxed_local();
            }
            let auth = self.clone();
            async move {
                let result = auth.admit(request).await;
                let outcome = result.as_ref().map_or_else(Problem::code, |_| "verified");
                counter!("tally_partner_requests_total", "outcome" => outcome).increment(1);
                result
            }
            .boxed_local()
        }
    }

    async fn admit(&self, request: ServiceRequest) -> Result<ServiceRequest, Problem> {
        let template = route_template(request.request());
        match self.routes.takes(request.method(), template.as_deref()) {
            Takes::Signed => {}
            Takes::Unsigned => return Err(not_for_partners()),
            Takes::Nothing => return Ok(request),
        }
        if request.headers().contains_key(header::AUTHORIZATION) {
            return Err(Problem::invalid(
                "two_credentials",
                "A request is signed, or carries an access token, but not both.",
            ));
        }
        let headers = SignatureHeaders::parse(request.headers())?;
        let (request, payload) = request.into_parts();
        let body = read_body(&request, payload).await?;
        let request = ServiceRequest::from_parts(request, Payload::from(body.clone()));
        let key = self.verify(&request, &body, &headers).await?;
        self.claim(&key, &headers).await?;
        let signed_by = SignedBy(key.key_id.to_string());
        request.extensions_mut().insert(signed_by);
        request.extensions_mut().insert(Partner {
            partner_id: key.partner_id,
            key_id: key.key_id,
            voter_kind: key.voter_kind.clone(),
            nonce: headers.nonce,
        });
        Ok(request)
    }

    /// The key that signed. Which of key, secret and text is wrong, nobody learns.
    async fn verify(
        &self,
        request: &ServiceRequest,
        body: &Bytes,
        headers: &SignatureHeaders,
    ) -> Result<Arc<PartnerKey>, Problem> {
        let found = self.keys.find(headers.key_id).await;
        let key = match found {
            Ok(Known::Key(key)) => key,
            Ok(Known::Unknown) => return Err(does_not_hold()),
            Ok(Known::Sealed) => return Err(unverifiable()),
            Err(error) => {
                tracing::warn!(%error, "a partner's key cannot be read");
                return Err(unverifiable());
            }
        };
        let uri = request.uri();
        let parts = SignedParts {
            method: request.method().as_str(),
            // As it was sent, which is what the partner signed.
            path_and_query: uri
                .path_and_query()
                .map_or(uri.path(), |path| path.as_str()),
            timestamp: headers.timestamp,
            nonce: &headers.nonce,
            body,
        };
        if verify(key.secret.expose(), &parts, &headers.signature) {
            Ok(key)
        } else {
            Err(does_not_hold())
        }
    }

    /// Sees to it that the request, whose signature holds, is of this hour, and the first
    /// of its nonce anywhere.
    async fn claim(&self, key: &PartnerKey, headers: &SignatureHeaders) -> Result<(), Problem> {
        let away = |error| {
            tracing::warn!(%error, "a partner's nonce cannot be claimed");
            unverifiable()
        };
        check_time(headers.timestamp, self.cache.now().await.map_err(away)?)?;
        let name = format!("{}:{}", key.key_id, headers.nonce);
        if self
            .cache
            .claim(&name, NONCE_KEPT_FOR)
            .await
            .map_err(away)?
        {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "replayed_request",
            "A request with this nonce was received before; sign each attempt with a new one.",
        ))
    }
}

fn check_time(timestamp: i64, now: DateTime<Utc>) -> Result<(), Problem> {
    let ahead_s = timestamp.saturating_sub(now.timestamp());
    if ahead_s.saturating_abs() <= TIMESTAMP_LEEWAY_S {
        return Ok(());
    }
    let detail = format!(
        "X-Tally-Timestamp is {} s {} the time here, which may be {TIMESTAMP_LEEWAY_S} s at most.",
        ahead_s.saturating_abs(),
        if ahead_s > 0 { "ahead of" } else { "behind" },
    );
    Err(invalid_signature(detail).with("now", now))
}

/// 401 `invalid_signature`.
pub(crate) fn invalid_signature(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_signature", detail)
}

fn does_not_hold() -> Problem {
    invalid_signature(
        "The signature does not hold: the key, its secret or what was signed is wrong.",
    )
}

/// 403 `not_for_partners`.
pub(crate) fn not_for_partners() -> Problem {
    Problem::forbidden("not_for_partners", "This call takes no signed requests.")
}

fn unverifiable() -> Problem {
    Problem::unavailable(
        "signature_unverifiable",
        "Signatures cannot be verified now; sign anew and try again.",
        RETRY_AFTER,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_five_minutes_off_and_not_a_second_more() {
        let now = DateTime::from_timestamp(1_800_000_000, 999_999_000).unwrap();
        for sound in [0, 300, -300] {
            assert!(check_time(1_800_000_000 + sound, now).is_ok(), "{sound}");
        }
        for (off, words) in [(301, "301 s ahead of"), (-360, "360 s behind")] {
            let problem = check_time(1_800_000_000 + off, now).unwrap_err();
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (401, "invalid_signature")
            );
            assert!(problem.detail().contains(words), "{problem}");
        }
        for far in [i64::MIN, i64::MAX, 0] {
            assert!(check_time(far, now).is_err());
        }
    }
}
