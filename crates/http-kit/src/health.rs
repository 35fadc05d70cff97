//! Whether the process lives, and whether it is ready for work.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};

use crate::Problem;

/// Longest one part may take to answer its check.
const CHECK_LIMIT: Duration = Duration::from_millis(1_500);

/// How long a client should wait before it asks again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The parts a service needs, each with a check, and whether it is on its way out.
/// Clones share the latter.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
    draining: Arc<AtomicBool>,
}

impl Readiness {
    /// Ready whenever it is not draining, until parts are added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part. `check` says what is missing; it is stopped after 1.5 s. What it
    /// says is shown to whoever asks, so it must name no secrets.
    #[must_use]
    pub fn needs<F, E>(
        mut self,
        part: &'static str,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.checks.push((
            part,
            Arc::new(move || {
                let check = check();
                async move { check.await.map_err(|error| error.to_string()) }.boxed()
            }),
        ));
        self
    }

    /// Adds the parts of `other` that are not there by name: services in one process
    /// share their servers.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (part, check) in other.checks {
            if self.checks.iter().all(|(known, _)| *known != part) {
                self.checks.push((part, check));
            }
        }
        self
    }

    /// Says from now on that the service is going away, so that nothing new is sent to it.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether [`Readiness::drain`] was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Asks all parts at once; gives those that are missing, with the reason.
    pub async fn missing(&self) -> Map<String, Value> {
        let mut missing = Map::new();
        if self.is_draining() {
            missing.insert("service".to_owned(), json!("is stopping"));
        }
        let answers = join_all(self.checks.iter().map(|(part, check)| async move {
            let answer = tokio::time::timeout(CHECK_LIMIT, check()).await;
            (
                *part,
                answer.unwrap_or_else(|_| Err("did not answer in time".to_owned())),
            )
        }));
        for (part, answer) in answers.await {
            if let Err(reason) = answer {
                missing.insert(part.to_owned(), json!(reason));
            }
        }
        missing
    }
}

/// `GET /livez`: the process answers.
pub(crate) async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

/// `GET /readyz`: all parts are there; 503 `not_ready` names those that are not.
pub(crate) async fn readyz(readiness: Data<Readiness>) -> Result<HttpResponse, Problem> {
    let missing = readiness.missing().await;
    if missing.is_empty() {
        let parts: Vec<_> = readiness.checks.iter().map(|(part, _)| part).collect();
        return Ok(HttpResponse::Ok().json(json!({"status": "ready", "parts": parts})));
    }
    let names: Vec<_> = missing.keys().map(String::as_str).collect();
    let detail = format!("Not ready: {}.", names.join(", "));
    Err(Problem::unavailable("not_ready", detail, RETRY_AFTER).with("missing", &missing))
}
