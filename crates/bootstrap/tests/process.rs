//! A process of its own that starts logs and waits for signals, seen from outside.
//!
//! The child is this test program again, told by a variable to run [`child`] only.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use bootstrap::settings::{Log, LogFormat};

const ROLE: &str = "BOOTSTRAP_TEST_CHILD";

/// Not a test of its own: what the child does.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    bootstrap::tracing::init(&Log {
        format: LogFormat::Json,
        filter: "info".to_owned(),
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let shutdown = bootstrap::signals::shutdown_token().unwrap();
        if role == "panics" {
            let span = tracing::info_span!("request", trace_id = "0af7");
            let _ = tokio::spawn(async move {
                let _entered = span.entered();
                panic!("as the test asks");
            })
            .await;
        }
        tracing::info!("ready");
        shutdown.cancelled().await;
        if role == "hangs" {
            std::future::pending::<()>().await;
        }
        tracing::info!("stopped in good order");
    });
}

fn start(role: &str) -> (Child, BufReader<ChildStderr>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(ROLE, role)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    (child, log)
}

fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// Reads the log up to the line that holds `text`; gives all of it.
fn read_until(log: &mut impl BufRead, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let n_read = log.read_line(&mut seen).unwrap();
        assert!(n_read > 0, "the log ended without {text:?}:\n{seen}");
    }
    seen
}

#[test]
fn either_signal_stops_a_process_in_good_order() {
    for name in ["-TERM", "-INT"] {
        let (mut child, mut log) = start("waits");
        let seen = read_until(&mut log, "ready");
        let line = seen.lines().last().unwrap();
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
        signal(&child, name);
        read_until(&mut log, "stopped in good order");
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_second_signal_ends_a_process_that_hangs() {
    let (mut child, mut log) = start("hangs");
    read_until(&mut log, "ready");
    signal(&child, "-TERM");
    read_until(&mut log, "stopping");
    let asked = Instant::now();
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_panic_is_logged_once_with_the_spans_it_happened_in() {
    let (mut child, mut log) = start("panics");
    let mut seen = read_until(&mut log, "ready");
    signal(&child, "-TERM");
    log.read_to_string(&mut seen).unwrap();
    child.wait().unwrap();
    assert_eq!(seen.matches("as the test asks").count(), 1, "{seen}");
    let line = seen
        .lines()
        .find(|line| line.contains("as the test asks"))
        .unwrap();
    for part in [
        "\"level\":\"ERROR\"",
        "\"trace_id\":\"0af7\"",
        "process.rs:",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
}

#[test]
fn a_filter_that_does_not_parse_is_named() {
    let log = Log {
        filter: "info,tally=loud".to_owned(),
        ..Log::default()
    };
    let error = bootstrap::tracing::init(&log).unwrap_err().to_string();
    assert!(
        error.contains("`log.filter`") && error.contains("tally=loud"),
        "{error}"
    );
}
