//! What a handler gives up with.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use http_kit::Problem;
use vote_cache::LoadError;
use vote_store::StoreError;

/// When a client should try again after an outage.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request was not served. Logged where it is made.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Problem);

impl Failure {
    /// 500, for a fault of this code.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        Self(Problem::internal(error))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<Arc<StoreError>> for Failure {
    fn from(error: Arc<StoreError>) -> Self {
        Self::from(&*error)
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "database unavailable");
            Self(Problem::unavailable(
                "database_unavailable",
                "The database cannot be reached.",
                RETRY_AFTER,
            ))
        } else {
            tracing::error!(%error, "request failed");
            Self(Problem::internal_unlogged())
        }
    }
}

impl From<LoadError<StoreError>> for Failure {
    fn from(error: LoadError<StoreError>) -> Self {
        match error {
            LoadError::Failed(error) => error.into(),
            LoadError::Overloaded => {
                tracing::warn!("too many reads from SQL are under way");
                Self(overloaded("Too many reads are under way."))
            }
        }
    }
}

/// 503 `overloaded`: more is asked for than can be done at once.
pub(crate) fn overloaded(detail: &'static str) -> Problem {
    Problem::unavailable("overloaded", detail, RETRY_AFTER)
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.0.to_response()
    }
}
