//! Logs: where they go and how they look. Lines go to standard error, so that a
//! command's own output stays clean.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::settings::{Log, LogFormat};

/// Why logs could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter does not parse.
    #[error("`log.filter` is {filter:?}: {source}")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Something else logs already.
    #[error("logs were started before: {0}")]
    Started(#[from] TryInitError),
}

/// Starts the logs of this process as `log` says, panics included: each is logged once,
/// with the spans it happened in, and with a backtrace where `RUST_BACKTRACE` asks.
///
/// # Errors
/// One of [`LogError`].
pub fn init(log: &Log) -> Result<(), LogError> {
    let filter = EnvFilter::builder()
        .parse(&log.filter)
        .map_err(|source| LogError::Filter {
            filter: log.filter.clone(),
            source,
        })?;
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init()?,
        LogFormat::Pretty => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_writer(std::io::stderr),
            )
            .try_init()?,
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let reason = panic.payload_as_str().unwrap_or("no message");
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => Some(::tracing::field::display(&backtrace)),
            _ => None,
        };
        ::tracing::error!(place, reason, backtrace, "panicked");
    }));
    Ok(())
}
