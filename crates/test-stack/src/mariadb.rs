//! MariaDB, or MySQL in its place: data folder, settings, statements sent by a client.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::address::Address;
use crate::http::connect;
use crate::mysql;
use crate::process::{Launch, Process};
use crate::program::installed_program;
use crate::server::{Probe, Server};

/// User and password of every private server; they listen on loopback only.
pub(crate) const LOGIN: &str = "tally";

/// The database that a private server has from the start.
pub(crate) const DATABASE: &str = "tally";

/// Settings that MySQL does not have, or has no other value for.
/// A buffer pool can be enlarged while the server runs up to what was said at its start (loose,
/// for older versions have no such limit).
const SETTINGS: &str = "binlog_format=ROW\nloose_innodb_buffer_pool_size_max=8G\n";

/// Prepares a server below `folder`: makes its data folder unless it is there.
///
/// # Errors
/// When neither MariaDB nor MySQL is installed or its data folder cannot be made.
pub(crate) fn prepare(folder: &Path, port: u16) -> Result<Server> {
    let program = installed_program(&["mariadbd", "mysqld"], "mariadb-server")?;
    let is_mysql = program.ends_with("mysqld");
    let launch = Launch::new("mariadb", folder, program.clone());
    let dir = launch.working_dir();
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let data = dir.join("data");
    // A server that starts removes temporary tables from its `tmpdir`, those of others in
    // the same folder too: so each has its own.
    let temporary = dir.join("tmp");
    fs::create_dir_all(&temporary)
        .with_context(|| format!("cannot make {}", temporary.display()))?;
    if !data.join("mysql").exists() {
        let made = if is_mysql {
            mysql::make_data_folder(&program, &data, &temporary)
        } else {
            make_data_folder(&data, &temporary)
        };
        if made.is_err() {
            // A half-made folder must not pass for a whole one next time.
            let _ = fs::remove_dir_all(&data);
        }
        made?;
    }
    let settings = dir.join("my.cnf");
    let init_file = dir.join("init.sql");
    let mut text = common_settings(&data, &temporary, &init_file, port);
    text.push_str(if is_mysql { mysql::SETTINGS } else { SETTINGS });
    fs::write(&settings, text)
        .and_then(|()| fs::write(&init_file, first_statements()))
        .with_context(|| format!("cannot write into {}", dir.display()))?;

    let mut launch = launch.arg(format!("--defaults-file={}", settings.display()));
    if rustix::process::getuid().is_root() {
        launch = launch.arg("--user=root");
    }
    Ok(Server::new(Process::new(launch), port, Probe::MariaDb))
}

/// As in production: redo log and binlog are synced at each commit.
fn common_settings(data: &Path, temporary: &Path, init_file: &Path, port: u16) -> String {
    let temporary = temporary.display();
    let data = data.display();
    let init_file = init_file.display();
    format!(
        "[mysqld]
datadir={data}
tmpdir={temporary}
init-file={init_file}
pid-file={data}/server.pid
bind-address=127.0.0.1
port={port}
# No socket: its path would be too long in a deep folder.
socket=
skip-name-resolve
max_connections=500

innodb_buffer_pool_size=256M
innodb_flush_log_at_trx_commit=1
sync_binlog=1
log_bin=binlog
binlog_expire_logs_seconds=3600
server_id=1

character_set_server=utf8mb4
sql_mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_IN_DATE,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION
default_time_zone=+00:00
performance_schema=OFF
"
    )
}

/// Run at every start, before connections are let in; one statement per line.
fn first_statements() -> String {
    format!(
        "CREATE USER IF NOT EXISTS '{LOGIN}'@'%' IDENTIFIED BY '{LOGIN}';\n\
         GRANT ALL ON *.* TO '{LOGIN}'@'%' WITH GRANT OPTION;\n\
         CREATE DATABASE IF NOT EXISTS {DATABASE};\n"
    )
}

fn make_data_folder(data: &Path, temporary: &Path) -> Result<()> {
    let program = installed_program(&["mariadb-install-db"], "mariadb-server")?;
    let mut command = Command::new(program);
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .env("TMPDIR", temporary);
    if rustix::process::getuid().is_root() {
        command.arg("--user=root");
    }
    succeed(&mut command)
}

/// Runs `command`, which prints what went wrong.
///
/// # Errors
/// When it cannot be run or fails.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {name}"))?;
    ensure!(
        output.status.success(),
        "{name} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Succeeds once the server greets: it does so only when recovery is over.
pub(crate) fn probe(port: u16, limit: Duration) -> Result<()> {
    let mut stream = connect("127.0.0.1", port, limit)?;
    // Three bytes of length, one of sequence, then the protocol's version: 10.
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting).context("no greeting")?;
    ensure!(greeting[4] == 10, "an error instead of a greeting");
    Ok(())
}

/// Runs `sql` on the server at `url` with the installed client, blocking this thread.
///
/// # Errors
/// When there is no client, or the server refuses or is silent for longer
/// than `limit`.
pub(crate) fn execute(url: &str, sql: &str, limit: Duration) -> Result<()> {
    let address = Address::parse(url, 3306)?;
    let program = installed_program(&["mariadb", "mysql"], "mariadb-client")?;
    let mut client = Command::new(program)
        .args([
            "--no-defaults",
            "--batch",
            "--protocol=tcp",
            "--connect-timeout=10",
        ])
        .arg(format!("--host={}", address.host))
        .arg(format!("--port={}", address.port))
        .arg(format!("--user={}", address.user))
        .arg(format!("--execute={sql}"))
        .env("MYSQL_PWD", &address.password)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the SQL client")?;
    let started_at = Instant::now();
    let status = loop {
        if let Some(status) = client
            .try_wait()
            .context("cannot wait for the SQL client")?
        {
            break status;
        }
        if started_at.elapsed() > limit {
            let _ = client.kill();
            let _ = client.wait();
            bail!("the SQL server took longer than {limit:?} for: {sql}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut message = String::new();
    if let Some(mut stderr) = client.stderr.take() {
        let _ = stderr.read_to_string(&mut message);
    }
    ensure!(
        status.success(),
        "the SQL server refused `{sql}`: {}",
        message.trim()
    );
    Ok(())
}
