//! `cargo xtask stack`: the services as processes on private real servers.

mod environment;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use test_stack::{PidFile, Service, Stack, check_ready};

use crate::cargo::{Profile, build, root};
use crate::packages::require_servers;
use environment::{random_hex, read_environment, write_environment};

/// Longest a service may take to finish what it has in hand.
const SERVICE_STOP_LIMIT: Duration = Duration::from_secs(30);

/// Longest a server may take to write down what it has in memory.
const SERVER_STOP_LIMIT: Duration = Duration::from_secs(60);

/// The processes below the services, in the order in which they are stopped.
const SERVERS: [&str; 4] = ["rabbitmq", "redis", "mariadb", "epmd"];

/// The first admin's name.
const ADMIN: &str = "admin";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Task {
    /// Build and start everything that does not run yet, in the background.
    ///
    /// Private MariaDB, RabbitMQ and Redis, and the services catalog, vote-gateway
    /// and vote-worker, with data, logs and pids in data/stack. After a change of
    /// code, `stack down` comes first.
    Up(Up),
    /// Stop everything in good order; the data stay.
    Down,
    /// Say what runs and where.
    Status,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// How many workers settle votes.
    #[arg(long, default_value_t = 2)]
    workers: u16,
    /// Where accounts, reviews and boards are served.
    #[arg(long, default_value_t = 8082)]
    catalog_port: u16,
    /// Where votes are taken.
    #[arg(long, default_value_t = 8081)]
    gateway_port: u16,
    /// The first worker's port for /readyz and /metrics; the others' follow.
    #[arg(long, default_value_t = 8091)]
    worker_port: u16,
    /// Build optimised: takes longer, runs faster.
    #[arg(long)]
    release: bool,
}

/// Runs `task`.
///
/// # Errors
/// When something cannot be built, started or stopped.
pub(crate) async fn run(task: &Task) -> Result<()> {
    match task {
        Task::Up(options) => up(options).await,
        Task::Down => down().await,
        Task::Status => status(),
    }
}

fn folder() -> PathBuf {
    root().join("data/stack")
}

async fn up(options: &Up) -> Result<()> {
    require_servers()?;
    println!("Building the services …");
    let packages = ["catalog", "vote-gateway", "vote-worker"];
    let programs = build(&packages, Profile::from_flag(options.release))?;
    let mut environment = start_servers().await?;
    environment.extend(secrets()?);

    // The catalog first: it brings the database up to date.
    let mut wanted = vec![
        ("catalog".to_owned(), "catalog", options.catalog_port),
        (
            "vote-gateway".to_owned(),
            "vote-gateway",
            options.gateway_port,
        ),
    ];
    for n in 0..options.workers {
        wanted.push((
            format!("vote-worker-{}", n + 1),
            "vote-worker",
            options.worker_port + n,
        ));
    }
    for (name, program, port) in wanted {
        start_service(&name, &programs.join(program), port, &environment).await?;
    }
    println!();
    status()
}

/// Starts the servers unless all four run, and returns what services must know.
async fn start_servers() -> Result<Vec<(String, String)>> {
    let folder = folder();
    let running = PidFile::running_in(&folder)?;
    let n_running = SERVERS
        .iter()
        .filter(|server| running.iter().any(|process| process.name() == **server))
        .count();
    let memory = folder.join("servers.env");
    if n_running == SERVERS.len() && memory.exists() {
        println!("MariaDB, RabbitMQ and Redis run already.");
        return read_environment(&memory);
    }
    if n_running > 0 {
        println!("Some servers are gone, so the rest is stopped first.");
        down().await?;
    }
    println!("Starting MariaDB, RabbitMQ and Redis …");
    let stack = Stack::start_in(&folder).await?;
    let environment = vec![
        ("TALLY__MYSQL__URL".to_owned(), stack.mysql_url()),
        ("TALLY__RABBITMQ__URL".to_owned(), stack.amqp_url()),
        ("TALLY__REDIS__URL".to_owned(), stack.redis_url()),
    ];
    write_environment(&memory, &environment)?;
    stack.detach();
    Ok(environment)
}

/// Seals partners' secrets.
const PARTNER_KEY: &str = "TALLY__PARTNERS__SECRET_KEY";

/// The secrets of this stack, drawn at its first start.
fn secrets() -> Result<Vec<(String, String)>> {
    let memory = folder().join("secrets.env");
    if memory.exists() {
        let mut secrets = read_environment(&memory)?;
        // Written before there were partners.
        if !secrets.iter().any(|(name, _)| name == PARTNER_KEY) {
            secrets.push((PARTNER_KEY.to_owned(), random_hex(32)?));
            write_environment(&memory, &secrets)?;
        }
        return Ok(secrets);
    }
    let secrets = vec![
        ("TALLY__AUTH__SECRET".to_owned(), random_hex(32)?),
        ("TALLY__ADMIN__USER_NAME".to_owned(), ADMIN.to_owned()),
        ("TALLY__ADMIN__PASSWORD".to_owned(), random_hex(8)?),
        (PARTNER_KEY.to_owned(), random_hex(32)?),
    ];
    write_environment(&memory, &secrets)?;
    Ok(secrets)
}

async fn start_service(
    name: &str,
    program: &Path,
    port: u16,
    environment: &[(String, String)],
) -> Result<()> {
    let folder = folder();
    if PidFile::running_in(&folder)?
        .iter()
        .any(|process| process.name() == name)
    {
        println!("{name} runs already.");
        return Ok(());
    }
    if TcpListener::bind(("127.0.0.1", port)).is_err() {
        bail!(
            "port {port}, meant for {name}, is taken; `cargo xtask stack up --help` tells how to choose another"
        );
    }
    println!("Starting {name} …");
    let mut service = Service::new(name, program, port).in_folder(&folder);
    for (key, value) in environment {
        service = service.env(key, value);
    }
    let process = service
        .start()
        .await
        .context("the servers run on; `cargo xtask stack down` stops them")?;
    fs::write(folder.join(format!("{name}.port")), port.to_string())
        .with_context(|| format!("cannot write the port of {name}"))?;
    process.detach();
    Ok(())
}

/// Stops the services, all at once, and then what they need, one after the other.
async fn down() -> Result<()> {
    let running = PidFile::running_in(&folder())?;
    if running.is_empty() {
        println!("Nothing runs.");
        return Ok(());
    }
    let mut in_time = true;
    let mut stopping = tokio::task::JoinSet::new();
    for service in running
        .iter()
        .filter(|process| !SERVERS.contains(&process.name()))
    {
        println!("Stopping {} …", service.name());
        let service = service.clone();
        stopping.spawn(async move { service.terminate(SERVICE_STOP_LIMIT).await });
    }
    while let Some(stopped) = stopping.join_next().await {
        in_time &= told(&stopped.context("stopping a service panicked")?);
    }
    for name in SERVERS {
        if let Some(server) = running.iter().find(|process| process.name() == name) {
            println!("Stopping {name} …");
            in_time &= told(&server.terminate(SERVER_STOP_LIMIT).await);
        }
    }
    if !in_time {
        bail!("not everything stopped in time");
    }
    println!("All stopped; the data stay in {}.", folder().display());
    Ok(())
}

fn told(stopped: &Result<()>) -> bool {
    if let Err(error) = stopped {
        println!("error: {error:#}");
    }
    stopped.is_ok()
}

fn status() -> Result<()> {
    let folder = folder();
    let running = PidFile::running_in(&folder)?;
    if running.is_empty() {
        println!("Nothing runs. `cargo xtask stack up` starts everything.");
        return Ok(());
    }
    for process in &running {
        let port = fs::read_to_string(folder.join(format!("{}.port", process.name())));
        let place = match port.ok().and_then(|port| port.parse().ok()) {
            Some(port) if !SERVERS.contains(&process.name()) => {
                let state = match check_ready(port) {
                    Ok(()) => "ready".to_owned(),
                    Err(error) => format!("NOT READY: {error:#}"),
                };
                format!("http://127.0.0.1:{port}  {state}")
            }
            _ => String::new(),
        };
        println!("{:<16} pid {:<8} {place}", process.name(), process.pid());
    }
    for (key, value) in read_environment(&folder.join("servers.env"))? {
        println!("{key}={value}");
    }
    println!("First admin: see {}", folder.join("secrets.env").display());
    println!("Logs: tail -F {}/*.log", folder.display());
    println!("Stop: cargo xtask stack down");
    Ok(())
}
