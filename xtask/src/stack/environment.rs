//! Files of `KEY=value` lines: what is handed to services as their environment.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Reads lines of `KEY=value`.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read_environment(path: &Path) -> Result<Vec<(String, String)>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect())
}

/// Writes lines of `KEY=value` that only this user may read.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write_environment(path: &Path, environment: &[(String, String)]) -> Result<()> {
    let mut text = String::new();
    for (key, value) in environment {
        text.push_str(&format!("{key}={value}\n"));
    }
    fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// `n_bytes` random bytes, as twice as many hexadecimal digits.
///
/// # Errors
/// When the system has none.
pub(super) fn random_hex(n_bytes: usize) -> Result<String> {
    let mut bytes = vec![0; n_bytes];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nobody_else_may() {
        let name = format!("tally-environment-{}", random_hex(8).unwrap());
        let path = std::env::temp_dir().join(name);
        let url = "mysql://tally:a=b@127.0.0.1:1/tally?x=y".to_owned();
        let environment = vec![("TALLY__MYSQL__URL".to_owned(), url)];
        write_environment(&path, &environment).unwrap();
        assert_eq!(read_environment(&path).unwrap(), environment);
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn secrets_are_drawn_anew_each_time() {
        let (one, other) = (random_hex(32).unwrap(), random_hex(32).unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }
}
