//! One of Tally's programs, run as a process of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use crate::http::{Request, send};
use crate::process::{Launch, Process};
use crate::watchdog::{Afterwards, Watchdog, temporary_folder};

/// How to start one of Tally's programs.
#[derive(Debug, Clone)]
pub struct Service {
    launch: Launch,
    port: u16,
    ready_within: Duration,
    afterwards: Option<Afterwards>,
}

impl Service {
    /// A service named `name`, whose `program` will listen on `port`; the port is
    /// handed to it as `TALLY__HTTP__PORT`.
    ///
    /// It may take 30 s until it is ready, and logs into a temporary folder.
    #[must_use]
    pub fn new(name: &str, program: &Path, port: u16) -> Self {
        let launch = Launch::new(name, Path::new(""), program.to_owned())
            .env("TALLY__HTTP__PORT", port.to_string());
        Self {
            launch,
            port,
            ready_within: Duration::from_secs(30),
            afterwards: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.launch = self.launch.arg(arg);
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl Into<OsString>) -> Self {
        self.launch = self.launch.env(key, value);
        self
    }

    /// Puts `name.log`, `name.pid` and the working directory `name/` into `folder`,
    /// which stays.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.launch.folder);
        self.afterwards = Some(Afterwards::Keep);
        self
    }

    /// Sets the longest it may take until `/readyz` answers 200.
    #[must_use]
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_within = limit;
        self
    }

    /// Starts the program and waits until `/readyz` answers 200.
    ///
    /// # Errors
    /// When it ends early or is not ready in time; the message carries the last
    /// answer and the end of its log.
    pub async fn start(self) -> Result<ServiceProcess> {
        let process = self.spawn()?;
        process.wait_until_ready().await?;
        Ok(process)
    }

    /// Starts the program and does not wait: for tests of a start that must fail.
    ///
    /// # Errors
    /// When the program cannot be started at all.
    pub fn spawn(mut self) -> Result<ServiceProcess> {
        let afterwards = match self.afterwards.take() {
            Some(afterwards) => afterwards,
            None => {
                self.launch.folder = temporary_folder()?;
                Afterwards::Remove(self.launch.folder.clone())
            }
        };
        let folder = &mut self.launch.folder;
        fs::create_dir_all(&*folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        *folder = fs::canonicalize(&*folder)
            .with_context(|| format!("cannot resolve {}", folder.display()))?;
        let program = &mut self.launch.program;
        *program = fs::canonicalize(&*program)
            .with_context(|| format!("there is no program {}", program.display()))?;
        let watchdog = Watchdog::guard(&[&self.launch.pid_path()], &afterwards)?;
        let process = ServiceProcess {
            process: Process::new(self.launch),
            watchdog,
            port: self.port,
            ready_within: self.ready_within,
        };
        process.process.start()?;
        Ok(process)
    }
}

/// A running service; it is killed when this is dropped or this process dies.
#[derive(Debug)]
pub struct ServiceProcess {
    process: Process,
    // After the process, so that it is dropped after it.
    watchdog: Watchdog,
    port: u16,
    ready_within: Duration,
}

impl ServiceProcess {
    /// `http://127.0.0.1:port`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port it listens on, the same over restarts.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its pid while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Its log, appended over restarts.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.process.launch().log_path()
    }

    /// Everything it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Ends it at once with SIGKILL. Safe to repeat.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Asks it to end with SIGTERM and waits for `limit` at most.
    ///
    /// # Errors
    /// When it does not run, or did not end within `limit`; it was killed then.
    pub async fn terminate(&self, limit: Duration) -> Result<ExitStatus> {
        self.process
            .terminate(limit)
            .await?
            .with_context(|| format!("{} does not run", self.process.launch().name))
    }

    /// Freezes it: connections stay open and nothing is answered.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<()> {
        self.process.freeze()
    }

    /// Lets it go on after [`ServiceProcess::pause`].
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<()> {
        self.process.signal(Signal::CONT)
    }

    /// Starts it again, if it does not run, and waits until it is ready.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub async fn start(&self) -> Result<()> {
        self.process.start()?;
        self.wait_until_ready().await
    }

    /// Kills it and starts it again.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub async fn restart(&self) -> Result<()> {
        self.kill();
        self.start().await
    }

    /// Waits until `/readyz` answers 200.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub async fn wait_until_ready(&self) -> Result<()> {
        let name = &self.process.launch().name;
        let asked_at = Instant::now();
        loop {
            if let Some(status) = self.process.exit_status()? {
                bail!("{name} ended with {status}:\n{}", self.process.log_tail());
            }
            let port = self.port;
            let answer = tokio::task::spawn_blocking(move || check_ready(port))
                .await
                .context("asking /readyz panicked")?;
            match answer {
                Ok(()) => return Ok(()),
                Err(error) if asked_at.elapsed() > self.ready_within => {
                    let log = self.process.log_tail();
                    bail!(
                        "{name} is not ready after {:?}: {error:#}\n{log}",
                        self.ready_within
                    );
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Lets it outlive this process; its pid file tells who it is.
    pub fn detach(self) {
        self.watchdog.stand_down();
        self.process.detach();
    }
}

/// Asks the service on loopback `port` whether it is ready, blocking this thread
/// for 5 s at most.
///
/// # Errors
/// When it is not; the message carries what it answered.
pub fn check_ready(port: u16) -> Result<()> {
    let request = Request {
        method: "GET",
        host: "127.0.0.1",
        port,
        path: "/readyz",
        authorization: None,
        body: None,
    };
    let answer = send(&request, Duration::from_secs(5))?;
    ensure!(
        answer.status == 200,
        "/readyz answered {}: {}",
        answer.status,
        answer.body
    );
    Ok(())
}
