//! Redis: its settings, and the two commands this crate sends.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::http::connect;
use crate::process::{Launch, Process};
use crate::program::installed_program;
use crate::server::{Probe, Server};

/// Longest a command of this crate may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Prepares a server below `folder`.
///
/// # Errors
/// When Redis is not installed or its folder cannot be written.
pub(crate) fn prepare(folder: &Path, port: u16) -> Result<Server> {
    let program = installed_program(&["redis-server", "valkey-server"], "redis-server")?;
    let launch = Launch::new("redis", folder, program);
    let dir = launch.working_dir();
    let data = dir.join("data");
    fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let settings = dir.join("redis.conf");
    // As in production: a kill loses a second of writes at most, and a full
    // memory refuses writes rather than forgetting votes in flight.
    let text = format!(
        "bind 127.0.0.1
port {port}
dir {data:?}
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save \"\"
"
    );
    fs::write(&settings, text).with_context(|| format!("cannot write {}", settings.display()))?;
    let launch = launch.arg(settings);
    Ok(Server::new(Process::new(launch), port, Probe::Redis))
}

/// Succeeds once the server answers and has its data loaded.
pub(crate) fn probe(port: u16, limit: Duration) -> Result<()> {
    call(port, "PING", "+PONG", limit)
}

/// Empties the server, blocking this thread.
///
/// # Errors
/// When it does not answer.
pub(crate) fn flush(port: u16) -> Result<()> {
    call(port, "FLUSHALL", "+OK", COMMAND_LIMIT)
}

/// Removes everything a stopped server would load at its next start.
///
/// # Errors
/// When its data folder cannot be emptied.
pub(crate) fn remove_data(working_dir: &Path) -> Result<()> {
    let data = working_dir.join("data");
    fs::remove_dir_all(&data)
        .and_then(|()| fs::create_dir(&data))
        .with_context(|| format!("cannot empty {}", data.display()))
}

fn call(port: u16, command: &str, expected: &str, limit: Duration) -> Result<()> {
    let mut stream = connect("127.0.0.1", port, limit)?;
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .context("cannot send the command")?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .context("no answer")?;
    ensure!(
        answer.trim_end() == expected,
        "Redis answered {command} with {}",
        answer.trim_end()
    );
    Ok(())
}
