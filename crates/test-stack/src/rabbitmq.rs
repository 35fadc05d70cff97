//! RabbitMQ: its folders and settings, its port mapper, vhosts, and `rabbitmqctl`.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::address::Address;
use crate::http::{Request, connect, send};
use crate::process::{Launch, Process};
use crate::program::installed_program;
use crate::server::{Probe, Server};

/// User and password of every private broker; they listen on loopback only.
pub(crate) const LOGIN: &str = "tally";

/// The ports of one broker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) amqp: u16,
    pub(crate) api: u16,
    pub(crate) distribution: u16,
    pub(crate) epmd: u16,
}

/// Prepares Erlang's port mapper: each broker has its own, which no other
/// installation on the machine can see.
///
/// # Errors
/// When Erlang is not installed.
pub(crate) fn prepare_epmd(folder: &Path, ports: Ports) -> Result<Process> {
    let program = installed_program(&["epmd"], "rabbitmq-server")?;
    let launch = Launch::new("epmd", folder, program)
        .arg("-port")
        .arg(ports.epmd.to_string())
        .arg("-address")
        .arg("127.0.0.1");
    Ok(Process::new(launch))
}

/// Prepares a broker below `folder`, in a subfolder called `name`; with `extra` lines of
/// settings.
///
/// # Errors
/// When RabbitMQ is not installed or its folder cannot be written.
pub(crate) fn prepare(folder: &Path, name: &str, ports: Ports, extra: &str) -> Result<Server> {
    let program = installed_program(&["rabbitmq-server"], "rabbitmq-server")?;
    let launch = Launch::new(name, folder, program);
    let dir = launch.working_dir();
    for sub in ["log", "conf.d", "schema"] {
        let sub = dir.join(sub);
        fs::create_dir_all(&sub).with_context(|| format!("cannot make {}", sub.display()))?;
    }
    fs::write(dir.join("rabbitmq.conf"), broker_settings(ports) + extra)
        .and_then(|()| fs::write(dir.join("enabled_plugins"), "[rabbitmq_management].\n"))
        .with_context(|| format!("cannot write into {}", dir.display()))?;

    let mut launch = launch
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
        .env("RABBITMQ_MNESIA_BASE", dir.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", dir.join("log"))
        .env("RABBITMQ_LOGS", "-")
        .env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"))
        .env("RABBITMQ_CONFIG_FILES", dir.join("conf.d"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", dir.join("advanced.config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("enabled_plugins"))
        .env("RABBITMQ_SCHEMA_DIR", dir.join("schema"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", dir.join("schema"))
        // As RabbitMQ's guide to runtime tuning says for machines that others use, too:
        // schedulers without work sleep at once, instead of spinning first.
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "+sbwt none +sbwtdcpu none +sbwtdio none",
        )
        // Makes the start script become the Erlang machine rather than stay its
        // parent, so that a SIGKILL hits the broker itself.
        .env("RUNNING_UNDER_SYSTEMD", "true");
    for (key, value) in control_environment(&dir, ports) {
        launch = launch.env(key, value);
    }
    let probe = Probe::RabbitMq {
        api_port: ports.api,
    };
    Ok(Server::new(Process::new(launch), ports.amqp, probe))
}

fn broker_settings(ports: Ports) -> String {
    let Ports { amqp, api, .. } = ports;
    format!(
        "listeners.tcp.1 = 127.0.0.1:{amqp}
default_user = {LOGIN}
default_pass = {LOGIN}
# The API makes vhosts in milliseconds; nobody looks at its statistics.
management.tcp.ip = 127.0.0.1
management.tcp.port = {api}
management_agent.disable_metrics_collector = true
raft.wal_max_size_bytes = 64000000
disk_free_limit.absolute = 100MB
log.console = true
log.console.level = info
"
    )
}

/// The management API of the broker on `ports`, with a user who may do everything.
pub(crate) fn api_url(ports: Ports) -> String {
    format!("http://{LOGIN}:{LOGIN}@127.0.0.1:{}", ports.api)
}

/// The broker's name within Erlang.
pub(crate) fn node_name(ports: Ports) -> String {
    format!("tally{}@localhost", ports.amqp)
}

/// What broker and `rabbitmqctl` must agree on to find each other.
fn control_environment(dir: &Path, ports: Ports) -> Vec<(&'static str, String)> {
    vec![
        // The Erlang cookie lies in the home folder.
        ("HOME", dir.display().to_string()),
        ("RABBITMQ_NODENAME", node_name(ports)),
        (
            "RABBITMQ_CONF_ENV_FILE",
            dir.join("env.conf").display().to_string(),
        ),
        ("ERL_EPMD_PORT", ports.epmd.to_string()),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
        ("RABBITMQ_CTL_DIST_PORT_MIN", "61000".to_owned()),
        ("RABBITMQ_CTL_DIST_PORT_MAX", "65000".to_owned()),
    ]
}

/// Runs `rabbitmqctl` against the broker in `dir`, blocking this thread.
///
/// # Errors
/// When it fails; the message carries what it said.
pub(crate) fn control(dir: &Path, ports: Ports, args: &[String]) -> Result<String> {
    let program = installed_program(&["rabbitmqctl"], "rabbitmq-server")?;
    let output = Command::new(program)
        .args(args)
        .envs(control_environment(dir, ports))
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .context("cannot run rabbitmqctl")?;
    ensure!(
        output.status.success(),
        "rabbitmqctl {} ended with {}: {}{}",
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Succeeds once broker and management API both answer.
pub(crate) fn probe(amqp_port: u16, api_port: u16, limit: Duration) -> Result<()> {
    let mut stream = connect("127.0.0.1", amqp_port, limit)?;
    stream
        .write_all(b"AMQP\x00\x00\x09\x01")
        .context("cannot greet")?;
    let mut frame_type = [0; 1];
    stream.read_exact(&mut frame_type).context("no greeting")?;
    // 1 is a method frame: `connection.start`.
    ensure!(frame_type[0] == 1, "not an AMQP greeting");
    connect("127.0.0.1", api_port, limit).map(|_stream| ())
}

/// Makes `vhost` and lets the API's user do everything in it, blocking this thread.
///
/// # Errors
/// When the API refuses, cannot be reached or is silent for longer than `limit`.
pub(crate) fn make_vhost(api_url: &str, vhost: &str, limit: Duration) -> Result<()> {
    let user = Address::parse(api_url, 15672)?.user;
    call_api(
        api_url,
        "PUT",
        &format!("/api/vhosts/{vhost}"),
        Some("{}"),
        limit,
    )?;
    let all = r#"{"configure":".*","write":".*","read":".*"}"#;
    call_api(
        api_url,
        "PUT",
        &format!("/api/permissions/{vhost}/{user}"),
        Some(all),
        limit,
    )
    .map(drop)
}

/// Removes `vhost` with all its queues, blocking this thread.
///
/// # Errors
/// When the API refuses, cannot be reached or is silent for longer than `limit`.
pub(crate) fn remove_vhost(api_url: &str, vhost: &str, limit: Duration) -> Result<()> {
    call_api(
        api_url,
        "DELETE",
        &format!("/api/vhosts/{vhost}"),
        None,
        limit,
    )
    .map(drop)
}

/// How many brokers of the cluster run, as the one at `api_url` sees it, blocking this
/// thread.
///
/// # Errors
/// When the API refuses, cannot be reached or is silent for longer than `limit`.
pub(crate) fn n_running(api_url: &str, limit: Duration) -> Result<usize> {
    let nodes = call_api(api_url, "GET", "/api/nodes?columns=running", None, limit)?;
    Ok(nodes.matches("\"running\":true").count())
}

fn call_api(
    api_url: &str,
    method: &str,
    path: &str,
    body: Option<&str>,
    limit: Duration,
) -> Result<String> {
    let address = Address::parse(api_url, 15672)?;
    let login = STANDARD.encode(format!("{}:{}", address.user, address.password));
    let request = Request {
        method,
        host: &address.host,
        port: address.port,
        path,
        authorization: Some(format!("Basic {login}")),
        body,
    };
    let answer = send(&request, limit)
        .with_context(|| format!("RabbitMQ's management API failed: {method} {path}"))?;
    if !(200..300).contains(&answer.status) {
        bail!(
            "RabbitMQ's management API answered {} to {method} {path}: {}",
            answer.status,
            answer.body
        );
    }
    Ok(answer.body)
}
