//! A handle on one private server: kill it, stop it, pause it, start it again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::process::Process;
use crate::{mariadb, rabbitmq, redis};

/// Longest a server may take until it answers. RabbitMQ takes five seconds on an
/// idle machine, and tests run while compilers do.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Longest a server may take to stop in good order.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Longest one probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// How a server tells that it is ready.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Probe {
    MariaDb,
    RabbitMq { api_port: u16 },
    Redis,
}

/// One private server: always on the same port and the same data.
#[derive(Debug)]
pub struct Server {
    process: Process,
    port: u16,
    probe: Probe,
}

impl Server {
    pub(crate) fn new(process: Process, port: u16, probe: Probe) -> Self {
        Self {
            process,
            port,
            probe,
        }
    }

    /// Starts the server and waits until it answers; one that runs is left alone.
    ///
    /// # Errors
    /// When it ends early or does not answer in time; the message carries the end
    /// of its log.
    pub async fn start(&self) -> Result<()> {
        self.process.start()?;
        let name = &self.process.launch().name;
        let started_at = Instant::now();
        loop {
            if let Some(status) = self.process.exit_status()? {
                bail!("{name} ended with {status}:\n{}", self.process.log_tail());
            }
            let (probe, port) = (self.probe, self.port);
            let answer = tokio::task::spawn_blocking(move || match probe {
                Probe::MariaDb => mariadb::probe(port, PROBE_LIMIT),
                Probe::RabbitMq { api_port } => rabbitmq::probe(port, api_port, PROBE_LIMIT),
                Probe::Redis => redis::probe(port, PROBE_LIMIT),
            })
            .await
            .context("the probe panicked")?;
            match answer {
                Ok(()) => return Ok(()),
                Err(error) if started_at.elapsed() > START_LIMIT => {
                    let log = self.process.log_tail();
                    bail!("{name} is not ready after {START_LIMIT:?}: {error:#}\n{log}");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Ends the server at once with SIGKILL: nothing is flushed. Safe to repeat.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Stops the server in good order with SIGTERM. Safe to repeat.
    ///
    /// # Errors
    /// When it takes longer than a minute; it was killed then.
    pub async fn stop(&self) -> Result<()> {
        self.process.terminate(STOP_LIMIT).await.map(|_status| ())
    }

    /// Stops the server in good order and starts it again.
    ///
    /// # Errors
    /// As [`Server::stop`] and [`Server::start`].
    pub async fn restart(&self) -> Result<()> {
        self.stop().await?;
        self.start().await
    }

    /// Freezes the server: connections stay open and nothing is answered.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<()> {
        self.process.freeze()
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }

    /// The server's pid while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// The server's loopback port, the same over restarts.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's log.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.process.launch().log_path()
    }

    pub(crate) fn working_dir(&self) -> PathBuf {
        self.process.launch().working_dir()
    }

    pub(crate) fn pid_path(&self) -> PathBuf {
        self.process.launch().pid_path()
    }

    pub(crate) fn detach(self) {
        self.process.detach();
    }
}
