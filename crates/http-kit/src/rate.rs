//! How often one client may call: per address before anything else is done, per account
//! once its token holds, per key once a partner's signature does.

mod headers;
mod limiter;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use bootstrap::settings;
use metrics::counter;

use crate::address::Addresses;
use crate::routes::routed_path;
use crate::{API_BASE, Problem, actor};

pub(crate) use headers::add_headers;
pub use limiter::{Limiter, Quota, Standing};

/// The windows of quotas.
const CALLS_WINDOW: Duration = Duration::from_secs(10);
const LOGINS_WINDOW: Duration = Duration::from_secs(60);

/// What every header of a partner's signature begins with.
const SIGNATURE_HEADER: &str = "x-tally-signature";

/// What a route's requests count as, where its method does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateClass {
    /// Whatever proves who one is, and may be tried by somebody else.
    Login,
    /// What makes accounts.
    SignUp,
}

/// A route whose requests count as something else than reads and writes: method, path and
/// what they are.
pub type RateRule = (Method, &'static str, RateClass);

/// Who signed a request; a gate that verified a signature leaves it among the request's
/// extensions, and the request counts against the quota of this name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignedBy(pub String);

/// The quotas of a process. Cheap to clone; clones share what was used.
#[derive(Clone)]
pub struct RateLimits(Arc<Limiters>);

struct Limiters {
    address_reads: Limiter,
    voter_reads: Limiter,
    address_writes: Limiter,
    voter_writes: Limiter,
    address_logins: Limiter,
    address_sign_ups: Limiter,
    address_signed: Limiter,
    partner: Limiter,
}

impl RateLimits {
    /// The quotas that `settings` say; `None` where they are switched off.
    #[must_use]
    pub fn from_settings(settings: &settings::RateLimits) -> Option<Self> {
        let calls = |name, requests| limiter(name, requests, CALLS_WINDOW);
        let logins = |name, requests| limiter(name, requests, LOGINS_WINDOW);
        let limiters = || Limiters {
            address_reads: calls("address-reads", settings.address_reads),
            voter_reads: calls("voter-reads", settings.voter_reads),
            address_writes: calls("address-writes", settings.address_writes),
            voter_writes: calls("voter-writes", settings.voter_writes),
            address_logins: logins("address-logins", settings.address_logins),
            address_sign_ups: logins("address-sign-ups", settings.address_sign_ups),
            address_signed: calls("address-signed", settings.partner_requests),
            partner: calls("partner", settings.partner_requests),
        };
        settings.enabled.then(|| Self(Arc::new(limiters())))
    }

    /// The quota of sign-ins under one user name, which the handler counts: the name is in
    /// the body. `None` where quotas are switched off.
    #[must_use]
    pub fn name_logins(settings: &settings::RateLimits) -> Option<Limiter> {
        let logins = || limiter("name-logins", settings.name_logins, LOGINS_WINDOW);
        settings.enabled.then(logins)
    }
}

fn limiter(name: &'static str, requests: u32, window: Duration) -> Limiter {
    Limiter::new(Quota {
        name,
        requests,
        window,
    })
}

/// The quotas of a site, with what it takes to know whose request counts against which.
pub(crate) struct SiteLimits {
    pub(crate) limits: RateLimits,
    pub(crate) rules: Vec<RateRule>,
    pub(crate) addresses: Addresses,
}

/// What a request counts as.
#[derive(Clone, Copy)]
enum Counts {
    Read,
    Write,
    Class(RateClass),
}

impl SiteLimits {
    /// Counts `request` against the quotas of its address and of the account whose token
    /// it bears, before any work is done for it. What is outside of the API is not counted.
    ///
    /// # Errors
    /// 429 `rate_limited`.
    pub(crate) fn count(
        &self,
        request: &ServiceRequest,
        standings: &mut Vec<Standing>,
    ) -> Result<(), Problem> {
        if !routed_path(request.request()).starts_with(API_BASE) {
            return Ok(());
        }
        let limiters = &self.limits.0;
        let counts = self.counts(request);
        let is_signed = request.headers().contains_key(SIGNATURE_HEADER);
        let of_address = match counts {
            Counts::Class(RateClass::Login) => &limiters.address_logins,
            Counts::Class(RateClass::SignUp) => &limiters.address_sign_ups,
            Counts::Read | Counts::Write if is_signed => &limiters.address_signed,
            Counts::Read => &limiters.address_reads,
            Counts::Write => &limiters.address_writes,
        };
        let address = self.addresses.client_of(request);
        settle(of_address.take(address.map(network_of)), standings)?;
        let of_voter = match counts {
            Counts::Read => &limiters.voter_reads,
            Counts::Write => &limiters.voter_writes,
            Counts::Class(_) => return Ok(()),
        };
        if let Some(actor) = actor::bearer(request.request()) {
            settle(of_voter.take(actor.user_id), standings)?;
        }
        Ok(())
    }

    /// Counts `request` against the quota of the key that signed it, once the gate has
    /// verified that.
    ///
    /// # Errors
    /// 429 `rate_limited`.
    pub(crate) fn count_signed(
        &self,
        request: &ServiceRequest,
        standings: &mut Vec<Standing>,
    ) -> Result<(), Problem> {
        let signed_by = request.extensions().get::<SignedBy>().cloned();
        match signed_by {
            Some(signed_by) => settle(self.limits.0.partner.take(signed_by), standings),
            None => Ok(()),
        }
    }

    fn counts(&self, request: &ServiceRequest) -> Counts {
        let (method, path) = (request.method(), routed_path(request.request()));
        let rule = self
            .rules
            .iter()
            .find(|(m, p, _)| m == method && *p == path);
        match rule {
            Some((_, _, class)) => Counts::Class(*class),
            None if method.is_safe() => Counts::Read,
            None => Counts::Write,
        }
    }
}

/// What counts as one address: of IPv6, everybody has at least 64 bits for themselves.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
        }
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

/// Notes `standing`, and refuses the request if it was one too many.
fn settle(standing: Standing, standings: &mut Vec<Standing>) -> Result<(), Problem> {
    standings.push(standing);
    standing.into_result()
}

impl Standing {
    /// Nothing if the request passed.
    ///
    /// # Errors
    /// 429 `rate_limited` with `Retry-After`; it is counted in the metrics.
    pub fn into_result(self) -> Result<(), Problem> {
        let Some(wait) = self.refused_for else {
            return Ok(());
        };
        let Quota {
            name,
            requests,
            window,
        } = self.quota;
        counter!("http_rate_limited_total", "quota" => name).increment(1);
        let detail = format!(
            "More than {requests} requests in {} s ({name}); slow down.",
            window.as_secs()
        );
        Err(Problem::too_many("rate_limited", detail, wait).with("quota", name))
    }
}
