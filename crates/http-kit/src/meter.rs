//! Metrics in Prometheus' format. One recorder serves the whole process: anything in it
//! that uses the `metrics` macros is read at `/metrics`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::Method;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of the buckets of every `…_seconds` histogram.
const SECONDS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Bounds of the buckets of every `…_votes` histogram.
const VOTES: [f64; 10] = [
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0,
];

/// The recorder of this process, once it is there.
static INSTALLED: Mutex<Option<Meter>> = Mutex::new(None);

/// Reads what was measured. Cheap to clone.
#[derive(Clone)]
pub struct Meter(PrometheusHandle);

impl Meter {
    /// Installs the recorder of this process; later calls give the same one.
    ///
    /// # Errors
    /// Another recorder was installed by other means.
    pub fn install() -> Result<Self, BuildError> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = &*installed {
            return Ok(meter.clone());
        }
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_votes".to_owned()), &VOTES)?
            .install_recorder()?;
        Ok(installed.insert(Self(handle)).clone())
    }

    /// Everything measured so far, as text for Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds recent observations into the histograms; call it every few seconds, so
    /// that they do not pile up while nobody reads `/metrics`.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

/// A request between its head and its answer; leaves the count when dropped, also when
/// the client hung up.
pub(crate) struct InFlight(Gauge);

impl InFlight {
    pub(crate) fn enter() -> Self {
        let gauge = IN_FLIGHT.with(Gauge::clone);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// What is measured of requests that were answered alike.
struct Answered {
    method: &'static str,
    status: u16,
    requests: Counter,
    duration: Histogram,
}

impl Answered {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let requests = counter!(
            "http_requests_total",
            "method" => method, "route" => route.to_owned(), "status" => status.to_string()
        );
        let duration = histogram!(
            "http_request_duration_seconds", "method" => method, "route" => route.to_owned()
        );
        Self {
            method,
            status,
            requests,
            duration,
        }
    }
}

// Handles of this thread: to find one in the recorder costs more than to use it.
thread_local! {
    static IN_FLIGHT: Gauge = gauge!("http_requests_in_flight");
    /// By route.
    static ANSWERED: RefCell<HashMap<String, Vec<Answered>>> = RefCell::default();
}

/// Counts an answered request. `route` is a pattern, never a path: each distinct value
/// costs memory for good.
pub(crate) fn count_request(method: &Method, route: &str, status: u16, took: Duration) {
    let method = method_label(method);
    let is_alike = |answered: &&Answered| (answered.method, answered.status) == (method, status);
    let count = |answered: &Answered| {
        answered.requests.increment(1);
        answered.duration.record(took);
    };
    ANSWERED.with_borrow_mut(|known| {
        if let Some(answered) = known
            .get(route)
            .and_then(|of_route| of_route.iter().find(is_alike))
        {
            return count(answered);
        }
        let answered = Answered::new(method, route, status);
        count(&answered);
        known.entry(route.to_owned()).or_default().push(answered);
    });
}

/// Clients may make methods up; labels may not be made up.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
