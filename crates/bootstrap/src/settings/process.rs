//! Sections about the process itself: where it listens and what it logs.

use serde::Deserialize;

use super::section::{Value, section};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    #[default]
    Json,
    /// Coloured lines, for people.
    Pretty,
}

impl Value for LogFormat {
    const KIND: &'static str = "`json` or `pretty`";
    fn render(&self) -> String {
        match self {
            Self::Json => "\"json\"".to_owned(),
            Self::Pretty => "\"pretty\"".to_owned(),
        }
    }
}

section! {
    /// Where the service listens, and what it asks of its clients.
    Http {
        /// Address or host name to listen on; `0.0.0.0` is every interface.
        host: String = "127.0.0.1".to_owned();
        /// Port to listen on; 0 takes any free one. Each service brings its own default:
        /// standalone 8080, gateway 8081, catalog 8082, worker 8091.
        port: u16 = 0;
        /// Threads that answer requests; 0 takes one for each core.
        threads: usize = 0, 0..=1024;
        /// Longest a request may take, its body included, in milliseconds; then 503.
        request_timeout_ms: u64 = 10_000, 1..=600_000;
        /// Longest a client may take to send a request's head, in milliseconds; then 408.
        header_timeout_ms: u64 = 5_000, 1..=600_000;
        /// Largest request body, in bytes; more is answered 413.
        body_max_bytes: usize = 65_536, 1_024..=16_777_216;
        /// Longest to wait for requests in flight when asked to stop, in seconds.
        shutdown_grace_s: u64 = 30, 0..=3_600;
        /// How long an idle connection stays open, in seconds. Keep it above the idle
        /// time of the proxy in front, so that the proxy closes first.
        keep_alive_s: u64 = 75, 1..=3_600;
    }
}

section! {
    /// What is logged, and how.
    Log {
        /// One JSON object per line, or coloured lines for people.
        format: LogFormat = LogFormat::Json;
        /// Which lines are written, as `tracing-subscriber` directives; for example
        /// `info,lapin=off,access=debug` adds one line for each request. The AMQP client calls
        /// every lost connection an error; what matters of that is logged by Tally itself.
        filter: String = "info,lapin=off".to_owned();
    }
}
