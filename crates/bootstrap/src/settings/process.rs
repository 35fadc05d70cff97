//! Sections about the process itself: where it listens and what it logs.

use serde::Deserialize;

use super::networks::Networks;
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

/// Which header names the clients of a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded`, as RFC 7239 says.
    Forwarded,
}

impl Value for ForwardedHeader {
    const KIND: &'static str = "`x_forwarded_for` or `forwarded`";
    fn render(&self) -> String {
        match self {
            Self::XForwardedFor => "\"x_forwarded_for\"".to_owned(),
            Self::Forwarded => "\"forwarded\"".to_owned(),
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
        /// Longest a client may take to send a request's head, in milliseconds; then the
        /// connection is closed, after a bare 408 if that head is its first.
        header_timeout_ms: u64 = 5_000, 1..=600_000;
        /// Longest a client may take to send a request's body, in milliseconds; then 408
        /// `body_timeout`, and the connection is closed.
        body_timeout_ms: u64 = 5_000, 1..=600_000;
        /// Longest that nothing of an answer may leave because its client does not read, in
        /// milliseconds; then the connection is closed. The kernel keeps up to some megabytes
        /// for a client, and takes more only once it has read a good part of that.
        answer_timeout_ms: u64 = 60_000, 1..=600_000;
        /// Largest request body, in bytes; more is answered 413.
        body_max_bytes: usize = 65_536, 1_024..=16_777_216;
        /// Longest to wait for requests in flight when asked to stop, in seconds.
        shutdown_grace_s: u64 = 30, 0..=3_600;
        /// How long an idle connection stays open, in seconds. Keep it above the idle
        /// time of the proxy in front, so that the proxy closes first.
        keep_alive_s: u64 = 75, 1..=3_600;
        /// Most connections open at once; more wait to be accepted. Each is a file to the
        /// system: `ulimit -n` must be higher.
        connections_max: usize = 10_000, 1..=1_000_000;
        /// Whose word on their clients' addresses is believed: the proxies in front. An
        /// address that is none of these is the client itself.
        trusted_proxies: Networks = Networks::loopback();
        /// The header in which these proxies name their clients: `x_forwarded_for` or
        /// `forwarded`. The other one is not read: clients may have written it.
        forwarded_header: ForwardedHeader = ForwardedHeader::XForwardedFor;
        /// For how long browsers are told to come by TLS only (`Strict-Transport-Security`),
        /// in seconds; 0 for not at all. Set it once all of the site is behind TLS.
        hsts_max_age_s: u64 = 0, 0..=63_072_000;
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
