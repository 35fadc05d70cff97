//! `cargo xtask compose-test`: the deployment of docker-compose.yml, under load.

mod engine;
mod images;
mod kubernetes;
mod load;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::cargo::{self, Profile, build_with_services, root, run};
use crate::steps::Steps;
use crate::web;
use engine::Engine;
use load::Load;

/// How long each way of breaking things is voted through, beyond the time it takes.
const CALM: Duration = Duration::from_secs(6);

/// Brings up what docker-compose.yml describes and judges it from outside.
///
/// A private Docker engine from Debian packages runs it; in the places of the official images,
/// which no registry is asked for, stand images of Debian packages of the same servers
/// (deploy/standins), and Tally's programs are those that cargo built on this machine. Journeys
/// pass through nginx; then members vote without pause while workers are scaled up, every
/// service is replaced and every server is restarted, and each vote that was answered 202 is
/// looked for afterwards. Needs root.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build optimised: takes longer, runs faster.
    #[arg(long)]
    release: bool,
    /// Leave everything running, and say how to reach it.
    #[arg(long)]
    keep: bool,
    /// Only check the files, without bringing anything up.
    #[arg(long)]
    files: bool,
    /// Where nginx listens.
    #[arg(long, default_value_t = 18_080)]
    port: u16,
    /// How many members vote at once.
    #[arg(long, default_value_t = 24)]
    voters: usize,
}

/// The folder of the engine, its images and the secrets of the test.
fn home() -> PathBuf {
    cargo::target().join("compose")
}

/// Runs it, and takes everything down again.
///
/// # Errors
/// When a step failed.
pub(crate) fn compose_test(arguments: &Arguments) -> Result<()> {
    let mut steps = Steps::new();
    let mut engine = None;
    let mut programs = PathBuf::new();
    let ready = steps.run("engine", || {
        engine = Some(Engine::start(&home(), arguments.port)?);
        Ok(())
    });
    let Some(engine) = engine.filter(|_| ready) else {
        return steps.finish();
    };
    steps.run("files", || settings::check(&engine));
    if arguments.files {
        return steps.finish();
    }
    let built = steps.run("build", || {
        let profile = Profile::from_flag(arguments.release);
        programs = build_with_services(&["compose-check"], profile)?;
        Ok(())
    }) && steps.run("images", || images::build(&engine, &home(), &programs));
    if !built {
        return steps.finish();
    }
    steps.run("settings", || settings::check_in_containers(&engine));
    // What an earlier run left is not what is tested.
    down(&engine)?;
    if steps.run("up", || up(&engine)) {
        let test = Test {
            engine: &engine,
            check: programs.join("compose-check"),
            arguments,
        };
        test.judge(&mut steps);
    }
    if arguments.keep {
        println!("{}", engine.how_to_reach());
        engine.detach();
    } else {
        steps.run("down", || down(&engine));
    }
    steps.finish()
}

fn up(engine: &Engine) -> Result<()> {
    engine.compose(&["up", "--detach", "--wait", "--wait-timeout", "240"])?;
    engine.compose(&[
        "ps",
        "--format",
        "table {{.Service}}\t{{.Image}}\t{{.Status}}",
    ])
}

fn down(engine: &Engine) -> Result<()> {
    engine.compose(&["--profile", "*", "down", "--volumes", "--remove-orphans"])
}

/// What runs, and who looks at it.
struct Test<'e> {
    engine: &'e Engine,
    check: PathBuf,
    arguments: &'e Arguments,
}

impl Test<'_> {
    fn judge(&self, steps: &mut Steps) {
        steps.run("journeys", || self.run_check(&["journeys"]));
        steps.run("browser", || self.browser());
        steps.run("sealed", || settings::check_running(self.engine));
        steps.run("scale up", || {
            self.under_load("scale", || {
                self.engine
                    .compose(&["up", "--detach", "--wait", "--scale", "vote-worker=4"])
            })
        });
        steps.run("roll", || self.under_load("roll", || self.roll()));
        for server in ["valkey", "rabbitmq", "mysql"] {
            steps.run(server, || {
                self.under_load(server, || {
                    self.engine.compose(&["restart", server])?;
                    self.engine.compose(&["up", "--detach", "--wait", server])
                })
            });
        }
        steps.run("killed", || {
            self.under_load("killed", || {
                for service in ["vote-worker", "vote-gateway", "catalog"] {
                    self.engine
                        .compose(&["kill", "--signal", "KILL", service])?;
                    self.engine
                        .compose(&["up", "--detach", "--wait", service])?;
                }
                Ok(())
            })
        });
        steps.run("watch", || self.watch());
        steps.run("tls", || self.tls());
        steps.run("backup", || self.back_up_and_restore());
        steps.run("verify", || self.votectl(&["verify"]));
    }

    /// The journeys of the front end, with as many votes a day as members have.
    fn browser(&self) -> Result<()> {
        let up = ["up", "--detach", "--wait"];
        self.engine
            .compose_where(&up, &[("TALLY_VOTES_PER_DAY", "3")])?;
        let path = self.engine.secrets().join("admin-password");
        let password =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let tested = web::browser_tests_at(&self.url(), &format!("admin:{}", password.trim()));
        self.engine.compose(&up)?;
        tested
    }

    /// Does `work` while members vote, then judges what they were told.
    fn under_load(&self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let record = self.vote_meanwhile(name, work)?;
        self.judge_record(&record)
    }

    fn vote_meanwhile(&self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<PathBuf> {
        let voters = self.arguments.voters;
        let load = Load::start(&self.check, &self.url(), &home(), name, voters)?;
        thread::sleep(CALM);
        let began_at = Instant::now();
        let worked = work();
        println!("that took {:.1} s", began_at.elapsed().as_secs_f64());
        thread::sleep(CALM);
        let record = load.stop()?;
        worked?;
        Ok(record)
    }

    fn judge_record(&self, record: &Path) -> Result<()> {
        let record = record.display().to_string();
        self.run_check(&["judge", "--record", &record])
    }

    /// The drill of docs/OPERATIONS.md: a backup while members vote, then a mistake, then the
    /// loss of the database. It is restored to the moment before the mistake, lost once more, and
    /// restored with all there was; each time every vote that was answered 202 is there.
    fn back_up_and_restore(&self) -> Result<()> {
        let (folder, earlier) = (home().join("backup"), home().join("backup-earlier"));
        for folder in [&folder, &earlier] {
            let _ = fs::remove_dir_all(folder);
        }
        let path = folder.display().to_string();
        let record = self.vote_meanwhile("backup", || {
            self.engine.script("deploy/compose/backup.sh", &[&path])
        })?;
        self.judge_record(&record)?;
        let moment = self.last_transaction()?;
        self.sql("CREATE TABLE tally.mistake (n INT)")?;
        // What came after the dump is in the binary log.
        self.engine
            .script("deploy/compose/backup.sh", &["--log", &path])?;

        run(std::process::Command::new("cp")
            .arg("--recursive")
            .args([&folder, &earlier]))?;
        fs::write(earlier.join("gtids"), &moment).context("cannot write gtids")?;
        let mistakes =
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'mistake'";
        for (folder, n_mistakes) in [(&earlier, "0"), (&folder, "1")] {
            self.engine
                .compose(&["rm", "--stop", "--force", "--volumes", "mysql"])?;
            self.engine.docker(&["volume", "rm", "tally_mysql"])?;
            let from = folder.display().to_string();
            self.engine.script("deploy/compose/restore.sh", &[&from])?;
            let n = self.sql(mistakes)?;
            ensure!(n == n_mistakes, "{from}: {n} mistakes after {moment}");
            self.judge_record(&record)?;
        }
        self.sql("DROP TABLE tally.mistake")?;
        let log = self
            .engine
            .script("deploy/compose/backup.sh", &["--log", &path]);
        ensure!(log.is_err(), "the log of a new server went to an old dump");
        Ok(())
    }

    /// The name of what was committed last.
    fn last_transaction(&self) -> Result<String> {
        let server = self.sql("SELECT @@GLOBAL.server_uuid")?;
        let executed = self.sql("SELECT @@GLOBAL.gtid_executed")?;
        // `server:1-41`
        let number = executed.rsplit(['-', ':']).next().unwrap_or_default();
        Ok(format!("{server}:{number}"))
    }

    /// What MySQL answers to its root.
    fn sql(&self, statement: &str) -> Result<String> {
        let mysql = "mysql --user=root --password=\"$(cat /run/secrets/mysql-root-password)\" \
                     --batch --skip-column-names --execute \"$0\"";
        let ask = [
            "compose", "exec", "-T", "mysql", "sh", "-c", mysql, statement,
        ];
        Ok(self.engine.ask(&ask)?.trim().to_owned())
    }

    /// nginx with deploy/compose/tls.yml, a renewal of its certificate, and back again.
    fn tls(&self) -> Result<()> {
        let front = [
            "up",
            "--detach",
            "--no-deps",
            "--force-recreate",
            "--wait",
            "front",
        ];
        self.engine.compose_with("deploy/compose/tls.yml", &front)?;
        let ports = [self.arguments.port, self.arguments.port + 1].map(|port| port.to_string());
        let checked = settings::renew_certificate(self.engine).and_then(|certificate| {
            run(std::process::Command::new("python3")
                .arg("deploy/standins/check_tls.py")
                .args(&ports)
                .arg(certificate)
                .current_dir(root()))
        });
        self.engine.compose(&front)?;
        checked
    }

    /// Replaces every service, as an upgrade does: what runs afterwards has the new settings.
    fn roll(&self) -> Result<()> {
        let changed = ("TALLY_LOG_FILTER", "info,lapin=off,vote=warn");
        self.engine
            .script_with("deploy/compose/roll.sh", &[], &[changed])?;
        for (service, n) in [("catalog", 1), ("vote-gateway", 2), ("vote-worker", 4)] {
            let label = format!("label=com.docker.compose.service={service}");
            let ids = self.engine.ask(&["ps", "--quiet", "--filter", &label])?;
            let ids: Vec<&str> = ids.split_whitespace().collect();
            ensure!(ids.len() == n, "{} of {service} run, not {n}", ids.len());
            let mut args = vec!["inspect", "--format", "{{.Config.Env}}"];
            args.extend(&ids);
            let variables = self.engine.ask(&args)?;
            ensure!(
                variables.lines().all(|line| line.contains(changed.1)),
                "{service} has the settings of before"
            );
        }
        Ok(())
    }

    /// Prometheus finds every replica, and what rules record is there under load.
    fn watch(&self) -> Result<()> {
        self.engine.compose(&[
            "--profile",
            "watch",
            "up",
            "--detach",
            "--no-deps",
            "prometheus",
            "alertmanager",
        ])?;
        self.under_load("watch", || {
            let wanted = [
                ("count(up{job=~\"vote-gateway|vote-worker|catalog\"} == 1)", "5"),
                ("count(up == 0) or vector(0)", "0"),
                ("sum(tally:votes_accepted:rate1m > bool 1)", "1"),
                ("sum(tally:votes_counted:rate1m > bool 1)", "1"),
                ("count(tally:accept_seconds:p99_5m)", "1"),
                ("count(tally:counted_seconds:p99_5m)", "1"),
                ("count(sum by (queue) (rabbitmq_detailed_queue_messages_ready{queue=\"votes.reviews\"}))", "1"),
                ("count(ALERTS{alertstate=\"firing\", severity=\"page\"}) or vector(0)", "0"),
            ];
            wanted
                .into_iter()
                .try_for_each(|(query, value)| self.wait_for(query, value))
        })
    }

    /// Waits until Prometheus answers `query` with `value`.
    fn wait_for(&self, query: &str, value: &str) -> Result<()> {
        let began_at = Instant::now();
        loop {
            let said = self.engine.ask(&[
                "compose",
                "exec",
                "-T",
                "prometheus",
                "promtool",
                "query",
                "instant",
                "http://127.0.0.1:9090",
                query,
            ]);
            // `{} => 5 @[1795909460.1]`
            let said = said.unwrap_or_else(|error| error.to_string());
            let shown = said
                .split("=> ")
                .nth(1)
                .and_then(|rest| rest.split(' ').next());
            if shown == Some(value) {
                println!("{query}: {value}");
                return Ok(());
            }
            ensure!(
                began_at.elapsed() < Duration::from_secs(90),
                "{query} is not {value}, but: {said}"
            );
            thread::sleep(Duration::from_secs(2));
        }
    }

    fn votectl(&self, args: &[&str]) -> Result<()> {
        let mut all = vec!["run", "--rm", "votectl"];
        all.extend(args);
        self.engine.compose(&all)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.arguments.port)
    }

    fn run_check(&self, args: &[&str]) -> Result<()> {
        let url = self.url();
        run(std::process::Command::new(&self.check)
            .args(["--url", &url])
            .args(args)
            .current_dir(root()))
    }
}

/// Writes `text` to `path`, with the folders it lies in.
fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a file without a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// `bytes` of a tool's answer as text, if it went well.
fn answer_of(output: &std::process::Output, what: &str) -> Result<String> {
    ensure!(
        output.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
