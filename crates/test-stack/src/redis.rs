//! Redis: its settings, and the two commands this crate sends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::http::connect;
use crate::process::{Launch, Process};
use crate::program::installed_program;
use crate::server::{Probe, Server};

/// Longest a command of this crate may take.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Prepares a server below `folder`, in a subfolder called `name`; with `extra` lines of
/// settings.
///
/// # Errors
/// When Redis is not installed or its folder cannot be written.
pub(crate) fn prepare(folder: &Path, name: &str, port: u16, extra: &str) -> Result<Server> {
    let program = installed_program(&["redis-server", "valkey-server"], "redis-server")?;
    let launch = Launch::new(name, folder, program);
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
{extra}"
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

/// Sends `command` and returns the text it answers, blocking this thread.
///
/// # Errors
/// When the server answers anything but text, or nothing.
pub(crate) fn text(port: u16, command: &str, limit: Duration) -> Result<String> {
    let mut stream = BufReader::new(connect("127.0.0.1", port, limit)?);
    stream
        .get_mut()
        .write_all(format!("{command}\r\n").as_bytes())
        .context("cannot send the command")?;
    let mut head = String::new();
    stream.read_line(&mut head).context("no answer")?;
    let n_bytes = head.trim_end().strip_prefix('$');
    let n_bytes = n_bytes.and_then(|n_bytes| n_bytes.parse::<usize>().ok());
    let n_bytes = n_bytes.with_context(|| format!("Redis answered {command} with {head}"))?;
    let mut text = vec![0; n_bytes];
    stream
        .read_exact(&mut text)
        .context("no end of the answer")?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Sends `command` and wants `expected` for an answer, blocking this thread.
///
/// # Errors
/// When the server answers anything else, or nothing.
pub(crate) fn call(port: u16, command: &str, expected: &str, limit: Duration) -> Result<()> {
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
