//! Where programs lie.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Folders that hold servers and are not on everybody's `PATH`.
const SERVER_FOLDERS: [&str; 4] = [
    "/usr/lib/rabbitmq/bin",
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/local/bin",
];

/// A folder of servers to test on instead of the installed ones, such as the one that
/// `cargo xtask test --stack latest` makes. It holds everything that is needed, under
/// the names of `program.rs`: nothing else is looked for elsewhere then, so that no test
/// runs on another server than its reader believes.
pub const SERVERS_VARIABLE: &str = "TALLY_TEST_SERVERS";

/// The first of `names` that is installed; of a folder that [`SERVERS_VARIABLE`] names,
/// the first that is in there.
///
/// Debian's `/usr/sbin/rabbitmq-server` is a wrapper that insists on its own user
/// and folders, so the folder of the real script is searched before `PATH`.
///
/// # Errors
/// When none is installed; the message names the Debian `package` that has it.
pub(crate) fn installed_program(names: &[&str], package: &str) -> Result<PathBuf> {
    let list = names.join(" or ");
    let given = env::var_os(SERVERS_VARIABLE).filter(|folder| !folder.is_empty());
    if let Some(folder) = given {
        // Servers start in folders of their own.
        let folder = std::path::absolute(folder).context("where is the current folder?")?;
        return first_in([folder.clone()], names)
            .with_context(|| format!("no {list} in {SERVERS_VARIABLE}={}", folder.display()));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let (rabbitmq, others) = SERVER_FOLDERS.split_at(1);
    let folders = rabbitmq
        .iter()
        .map(PathBuf::from)
        .chain(env::split_paths(&path))
        .chain(others.iter().map(PathBuf::from));
    first_in(folders, names)
        .with_context(|| format!("{list} is not installed: apt-get install {package}"))
}

fn first_in(folders: impl IntoIterator<Item = PathBuf>, names: &[&str]) -> Option<PathBuf> {
    folders
        .into_iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|program| program.is_file())
}

/// One of the workspace's own programs, from the build folder this test runs from.
///
/// # Errors
/// When it was not built; the message says how.
pub fn built_program(name: &str) -> Result<PathBuf> {
    let this = env::current_exe().context("cannot tell where this program lies")?;
    // target/debug/deps/test-0123 and target/debug/examples/x lie one folder
    // deeper than target/debug/vote-worker; target/debug/chaos lies beside it.
    let candidates = this
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder: &Path| folder.join(name));
    for program in candidates {
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!("the program {name} is not built: cargo build --package {name}")
}
