//! A private Docker engine, from Debian packages, beside whatever this machine has.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{answer_of, write};
use crate::cargo::{root, run};
use crate::packages::is_root;
use crate::servers::{self, BECOME};

/// What the engine is made of, and what checks its files.
const PACKAGES: [&str; 7] = [
    "docker.io",
    "docker-cli",
    "docker-buildx",
    "docker-compose",
    "iptables",
    "kustomize",
    "ca-certificates",
];

const START_LIMIT: Duration = Duration::from_secs(60);

/// Longest that containers and the engine may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Where the engine says which process it is.
const PID_FILE: &str = "/run/tally-compose.pid";

/// The compose files, in the order in which they count.
const FILES: [&str; 3] = [
    "docker-compose.yml",
    "deploy/standins/compose.yml",
    "deploy/standins/load.yml",
];

/// A running engine; it is stopped when this is dropped.
pub(super) struct Engine {
    packages: PathBuf,
    home: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Engine {
    /// Starts it with its data below `home`, or takes one up that an earlier run left there.
    /// nginx is to listen on `port`.
    pub(super) fn start(home: &Path, port: u16) -> Result<Self> {
        ensure!(is_root(), "only root can start a Docker engine");
        let packages = servers::root::require(home, "engine", &PACKAGES)?;
        let mut engine = Self {
            packages,
            home: home.to_owned(),
            port,
            process: None,
        };
        engine.draw_secrets()?;
        if engine.answers() {
            println!("An engine runs already.");
            return Ok(engine);
        }
        let log = home.join("dockerd.log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = engine.program("dockerd");
        command
            .arg(format!("--host={}", engine.address()))
            .arg(format!("--data-root={}", home.join("docker").display()))
            .arg("--exec-root=/run/tally-compose")
            .arg(format!("--pidfile={PID_FILE}"))
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("cannot share the log file")?)
            .stderr(file);
        engine.process = Some(command.spawn().context("cannot start dockerd")?);
        let began_at = Instant::now();
        while !engine.answers() {
            let ended = engine.process.as_mut().map(Child::try_wait).transpose();
            if ended.is_ok_and(|ended| ended.flatten().is_some())
                || began_at.elapsed() > START_LIMIT
            {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let lines: Vec<&str> = said.lines().collect();
                bail!(
                    "dockerd does not start; its log is {}:\n{}",
                    log.display(),
                    lines[lines.len().saturating_sub(10)..].join("\n")
                );
            }
            thread::sleep(Duration::from_millis(200));
        }
        let version = engine.ask(&["version", "--format", "{{.Server.Version}}"])?;
        println!("Docker {} runs.", version.trim());
        Ok(engine)
    }

    /// Secrets of the test; the password of the first admin is what journeys know.
    fn draw_secrets(&self) -> Result<()> {
        let password = self.secrets().join("admin-password");
        if !password.exists() {
            write(&password, "admin-password\n")?;
        }
        run(Command::new("sh")
            .arg("deploy/compose/secrets.sh")
            .env("TALLY_SECRETS", self.secrets())
            .stdout(Stdio::null())
            .current_dir(root()))
    }

    pub(super) fn secrets(&self) -> PathBuf {
        self.home.join("secrets")
    }

    fn address(&self) -> &'static str {
        "unix:///run/tally-compose.sock"
    }

    /// A program of the engine's packages, which it becomes.
    pub(super) fn program(&self, name: &str) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--", "/bin/sh", "-c", BECOME])
            .arg(&self.packages)
            .arg(name)
            .current_dir(root());
        for (key, value) in self.variables() {
            command.env(key, value);
        }
        command
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
            ("DOCKER_HOST", self.address().to_owned()),
            (
                "DOCKER_CONFIG",
                self.home.join("config").display().to_string(),
            ),
            ("COMPOSE_FILE", FILES.join(":")),
            ("COMPOSE_ANSI", "never".to_owned()),
            ("COMPOSE_PROGRESS", "plain".to_owned()),
            ("BUILDX_GIT_INFO", "false".to_owned()),
            ("TALLY_VERSION", "standin".to_owned()),
            ("TALLY_SECRETS", self.secrets().display().to_string()),
            ("TALLY_HTTP_ADDRESS", "127.0.0.1".to_owned()),
            ("TALLY_HTTP_PORT", self.port.to_string()),
            ("TALLY_HTTPS_PORT", (self.port + 1).to_string()),
            ("TALLY_RATE_LIMITS", "false".to_owned()),
            ("TALLY_VOTES_PER_DAY", "10000".to_owned()),
            ("TALLY_BCRYPT_COST", "4".to_owned()),
        ]
    }

    fn answers(&self) -> bool {
        let asked = self.program("docker").arg("version").output();
        asked.is_ok_and(|output| output.status.success())
    }

    /// What `docker` says.
    pub(super) fn ask(&self, args: &[&str]) -> Result<String> {
        let output = self.program("docker").args(args).output();
        answer_of(&output.context("cannot run docker")?, "docker")
    }

    /// Runs `docker` with its output shown.
    pub(super) fn docker(&self, args: &[&str]) -> Result<()> {
        self.docker_where(args, &[])
    }

    fn docker_where(&self, args: &[&str], variables: &[(&str, &str)]) -> Result<()> {
        let mut command = self.program("docker");
        let status = command.args(args).envs(variables.iter().copied()).status();
        let status = status.context("cannot run docker")?;
        ensure!(status.success(), "`docker {}`: {status}", args.join(" "));
        Ok(())
    }

    /// Runs `docker compose` with its output shown.
    pub(super) fn compose(&self, args: &[&str]) -> Result<()> {
        self.compose_where(args, &[])
    }

    /// The same, with `variables` set to something else.
    pub(super) fn compose_where(&self, args: &[&str], variables: &[(&str, &str)]) -> Result<()> {
        let mut all = vec!["compose"];
        all.extend(args);
        self.docker_where(&all, variables)
    }

    /// The same, with one more compose file.
    pub(super) fn compose_with(&self, file: &str, args: &[&str]) -> Result<()> {
        let files = FILES.into_iter().chain([file]);
        let mut all: Vec<&str> = files.flat_map(|file| ["--file", file]).collect();
        all.extend(args);
        self.compose(&all)
    }

    /// Runs a script of the repository, which finds the engine.
    pub(super) fn script(&self, path: &str, args: &[&str]) -> Result<()> {
        self.script_with(path, args, &[])
    }

    /// The same, with `variables` set to something else.
    pub(super) fn script_with(
        &self,
        path: &str,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<()> {
        let mut command = self.program("sh");
        let status = command
            .arg(path)
            .args(args)
            .envs(variables.iter().copied())
            .status();
        let status = status.context("cannot run sh")?;
        ensure!(status.success(), "`{path} {}`: {status}", args.join(" "));
        Ok(())
    }

    /// For people who want to look around.
    pub(super) fn how_to_reach(&self) -> String {
        let variables = self.variables();
        let shown: Vec<String> = variables
            .iter()
            .filter(|(key, _)| *key != "PATH")
            .map(|(key, value)| format!("{key}='{value}'"))
            .collect();
        format!(
            "Tally: http://127.0.0.1:{}\n\
             Docker:\n    export {}\n    unshare --mount -- /bin/sh -c '{BECOME}' {} docker compose ps\n\
             Stop: `docker compose down --volumes` in this way, then kill $(cat {PID_FILE})",
            self.port,
            shown.join(" "),
            self.packages.display()
        )
    }

    /// Lets it run on.
    pub(super) fn detach(mut self) {
        self.process = None;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let _ = Command::new("kill").arg(process.id().to_string()).status();
        let began_at = Instant::now();
        while let Ok(None) = process.try_wait() {
            if began_at.elapsed() > STOP_LIMIT {
                let _ = process.kill();
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}
