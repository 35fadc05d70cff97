//! One child process that can be killed, stopped, paused and started again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// Time between two looks at a process that is to end.
const POLL: Duration = Duration::from_millis(10);

/// Lines of a log that a message carries; a backtrace takes fifty.
const LOG_TAIL_LINES: usize = 80;

/// How a process is started; the same each time.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// Names the process in messages, its log and its pid file.
    pub(crate) name: String,
    /// Holds `name.log`, `name.pid` and the working directory `name/`.
    pub(crate) folder: PathBuf,
    /// The program, as an absolute path.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// Environment variables added to the ones of this process.
    pub(crate) env: Vec<(String, OsString)>,
}

impl Launch {
    /// Starts nothing yet; see [`Process::start`].
    pub(crate) fn new(name: &str, folder: &Path, program: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            program,
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment variable.
    pub(crate) fn env(mut self, key: &str, value: impl Into<OsString>) -> Self {
        self.env.push((key.to_owned(), value.into()));
        self
    }

    /// Where both output streams go, appended over restarts.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    /// Where the pid stands while the process runs.
    pub(crate) fn pid_path(&self) -> PathBuf {
        self.folder.join(format!("{}.pid", self.name))
    }

    /// The process's working directory.
    pub(crate) fn working_dir(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// A process that ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    launch: Launch,
    child: Mutex<Option<Child>>,
}

impl Process {
    /// A process that does not run yet.
    pub(crate) fn new(launch: Launch) -> Self {
        Self {
            launch,
            child: Mutex::new(None),
        }
    }

    /// How it is started.
    pub(crate) fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Starts the process; one that runs already is left as it is.
    ///
    /// A shell writes the pid file and then becomes the program, so there is no
    /// moment at which the program runs and the watchdog does not know its pid.
    ///
    /// # Errors
    /// When its folder or log cannot be made, or the shell not started.
    pub(crate) fn start(&self) -> Result<()> {
        let mut child = self.child();
        if running(&mut child) {
            return Ok(());
        }
        let launch = &self.launch;
        fs::create_dir_all(launch.working_dir())
            .with_context(|| format!("cannot make {}", launch.working_dir().display()))?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(launch.log_path())
            .with_context(|| format!("cannot write {}", launch.log_path().display()))?;
        *child = Some(
            Command::new("sh")
                .args(["-c", r#"echo $$ >"$0" && exec "$@""#])
                .arg(launch.pid_path())
                .arg(&launch.program)
                .args(&launch.args)
                .envs(launch.env.iter().map(|(key, value)| (key, value)))
                .current_dir(launch.working_dir())
                .stdin(Stdio::null())
                .stdout(log.try_clone().context("cannot share the log file")?)
                .stderr(log)
                .process_group(0)
                .spawn()
                .with_context(|| format!("cannot start {}", launch.name))?,
        );
        Ok(())
    }

    /// The pid while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        let mut child = self.child();
        running(&mut child)
            .then(|| child.as_ref().map(Child::id))
            .flatten()
    }

    /// Ends the process at once with SIGKILL and waits until it is gone.
    ///
    /// Safe to repeat.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            // Fails only when the process is gone already, which is what we want.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_file(self.launch.pid_path());
    }

    /// Asks the process to end with SIGTERM and waits for `limit` at most.
    ///
    /// Returns `None` when it did not run.
    ///
    /// # Errors
    /// When it did not end within `limit`; it was killed then.
    pub(crate) async fn terminate(&self, limit: Duration) -> Result<Option<ExitStatus>> {
        if self.pid().is_none() {
            self.kill();
            return Ok(None);
        }
        self.signal(Signal::TERM)?;
        // A paused process takes the signal only once it goes on; one that ended
        // on it already needs no second.
        let _ = self.signal(Signal::CONT);
        let asked_at = Instant::now();
        while asked_at.elapsed() < limit {
            if let Some(status) = self.exit_status()? {
                self.kill();
                return Ok(Some(status));
            }
            tokio::time::sleep(POLL).await;
        }
        self.kill();
        bail!("{} did not end within {limit:?}", self.launch.name)
    }

    /// Sends `signal`; a process that does not run is an error.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let mut child = self.child();
        let runs = running(&mut child);
        let child = child
            .as_ref()
            .filter(|_| runs)
            .with_context(|| format!("{} does not run", self.launch.name))?;
        // Even if it ends now, its pid stays its own until somebody waits for it.
        kill_process(Pid::from_child(child), signal)
            .with_context(|| format!("cannot signal {}", self.launch.name))
    }

    /// Stops the process until it is told to go on, and waits until all of its threads stand
    /// still: on a busy machine that takes a moment, in which it still answers.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let began_at = Instant::now();
        while self.pid().is_some_and(|pid| !stands_still(pid)) {
            ensure!(
                began_at.elapsed() < FREEZE_LIMIT,
                "{} does not stand still",
                self.launch.name
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// How the process ended, once it has.
    pub(crate) fn exit_status(&self) -> Result<Option<ExitStatus>> {
        match self.child().as_mut() {
            Some(child) => child
                .try_wait()
                .with_context(|| format!("cannot wait for {}", self.launch.name)),
            None => Ok(None),
        }
    }

    /// The last lines of its log, for messages.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read(self.launch.log_path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }

    /// Lets the process outlive this value; its pid file stays.
    pub(crate) fn detach(self) {
        self.child().take();
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child().is_some() {
            self.kill();
        }
    }
}

fn running(child: &mut Option<Child>) -> bool {
    child
        .as_mut()
        .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
}

/// Longest that a process may take to stand still.
const FREEZE_LIMIT: Duration = Duration::from_secs(5);

/// Whether every thread of the process `pid` is stopped.
fn stands_still(pid: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    tasks.into_iter().flatten().flatten().all(|task| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        // The state follows the name, which stands in brackets.
        stat.rsplit(") ")
            .next()
            .is_none_or(|rest| rest.starts_with('T') || rest.is_empty())
    })
}
