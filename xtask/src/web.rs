//! The front end: installed, checked, built, and walked through in a browser.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{root, run, succeeds, target};
use crate::packages::{require_browser, require_node};
use crate::steps::Steps;

/// The oldest Node.js that the front end is built with.
const NODE_LEAST: (u32, u32) = (20, 19);

/// What is fetched, as an npm package, where the system's Node.js is older: Debian 12 has 18.
const NODE_FETCHED: &str = "node@22";

/// `npm` with `args`, to be run in `web/`, with a Node.js that is new enough.
fn npm(args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).current_dir(root().join("web"));
    let fetched = fetched_node();
    if !is_new_enough("node") && fetched.is_dir() {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(fetched).chain(env::split_paths(&path));
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
    }
    command
}

/// The folder of the Node.js that was fetched.
fn fetched_node() -> PathBuf {
    target().join("tools/node/node_modules/node/bin")
}

fn is_new_enough(node: &str) -> bool {
    let Ok(output) = Command::new(node).arg("--version").output() else {
        return false;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= NODE_LEAST,
        _ => false,
    }
}

/// Fetches a newer Node.js where the system's is too old.
fn require_new_node() -> Result<()> {
    let fetched = fetched_node().join("node");
    if is_new_enough("node") || is_new_enough(&fetched.to_string_lossy()) {
        return Ok(());
    }
    println!("fetching {NODE_FETCHED} …");
    let folder = target().join("tools/node");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    run(Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--prefix"])
        .arg(&folder)
        .arg(NODE_FETCHED))
    .context("cannot fetch a newer Node.js")
}

/// Whether there is an `npm` to build the front end with.
pub(crate) fn has_npm() -> bool {
    succeeds(Command::new("npm").arg("--version"))
}

/// Installs what the front end is built with, as the lock file has it, unless that is there
/// already.
///
/// # Errors
/// When it cannot be fetched.
pub(crate) fn install() -> Result<()> {
    require_new_node()?;
    // npm writes what it installed last; it is newer than the lock file if that is the same.
    let web = root().join("web");
    let changed = |name: &str| web.join(name).metadata().and_then(|it| it.modified()).ok();
    let (installed, locked) = (
        changed("node_modules/.package-lock.json"),
        changed("package-lock.json"),
    );
    if installed.is_some() && installed >= locked {
        return Ok(());
    }
    run(&mut npm(&["ci", "--no-audit", "--no-fund"])).context("cannot install npm packages")
}

/// Builds `web/dist`.
///
/// # Errors
/// When it cannot be built; the output says why.
pub(crate) fn build() -> Result<()> {
    // Without a line for each file.
    run(&mut npm(&[
        "run",
        "--silent",
        "build",
        "--",
        "--logLevel",
        "warn",
    ]))
}

/// Builds the front end where `npm` is, and says what to do where it is not. Tally starts
/// without it, too.
pub(crate) fn build_if_possible() {
    if !has_npm() {
        println!("There is no npm, so the front end is not built: install Node.js 20 or later.");
        return;
    }
    println!("Building the front end.");
    if let Err(error) = install().and_then(|()| build()) {
        println!("The front end is not built: {error:#}");
    }
}

/// Checks the front end; in a browser, too, if `standalone` was built.
pub(crate) fn check(steps: &mut Steps, is_built: bool) {
    let ready = steps.run("web: install", || {
        require_node()?;
        install()
    });
    if !ready {
        steps.skip("web: check");
        steps.skip("web: build");
        steps.skip("browser");
        return;
    }
    steps.run("web: check", || {
        run(&mut npm(&["run", "--silent", "check"]))
    });
    let has_pages = steps.run("web: build", build);
    if !(has_pages && is_built) {
        steps.skip("browser");
        return;
    }
    steps.run("browser", browser_tests);
}

fn browser_tests() -> Result<()> {
    let program = target().join("debug/standalone");
    if !program.is_file() {
        bail!("there is no {}", program.display());
    }
    run(browser_command()?.env("TALLY_STANDALONE", program))
}

/// The same against a site that runs at `url`, with `admin` as `name:password`.
///
/// # Errors
/// A test failed, or there is nothing to run them with.
pub(crate) fn browser_tests_at(url: &str, admin: &str) -> Result<()> {
    require_node()?;
    install()?;
    run(browser_command()?
        .env("TALLY_WEB_URL", url)
        .env("TALLY_WEB_ADMIN", admin))
}

fn browser_command() -> Result<Command> {
    let mut command = npm(&["run", "--silent", "browser"]);
    command.env("TALLY_CHROMIUM", require_browser()?);
    Ok(command)
}
