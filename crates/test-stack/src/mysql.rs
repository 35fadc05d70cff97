//! What MySQL does in another way than MariaDB.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::mariadb::succeed;

/// Settings that MariaDB does not have.
pub(crate) const SETTINGS: &str = "\
# The second protocol, on a port that all servers would share.
mysqlx=OFF
# Debian's folder for files that statements read and write is not there; none do.
secure_file_priv=NULL
";

/// Makes the folder `data`, with a root user who needs no password.
///
/// # Errors
/// When `mysqld` fails; what it made is to be removed then.
pub(crate) fn make_data_folder(mysqld: &Path, data: &Path, temporary: &Path) -> Result<()> {
    let mut command = Command::new(mysqld);
    command
        // The first argument, or the machine's own settings are read.
        .arg("--no-defaults")
        .arg("--initialize-insecure")
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--tmpdir={}", temporary.display()));
    if rustix::process::getuid().is_root() {
        command.arg("--user=root");
    }
    succeed(&mut command)
}
