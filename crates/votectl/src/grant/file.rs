//! A file of grants.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::named::VoterName;

#[derive(Deserialize)]
struct Row {
    voter: String,
    tickets: u32,
    reason: String,
    key: String,
}

/// The grants of the CSV file at `path`, as requests have them.
///
/// # Errors
/// When it cannot be read, or a row is unsound; the message names its line.
pub(super) fn read(path: &Path) -> Result<Vec<Value>> {
    let reader = csv::Reader::from_path(path);
    let mut reader = reader.with_context(|| format!("cannot read {}", path.display()))?;
    let mut keys = HashSet::new();
    let mut grants = Vec::new();
    for (n, row) in reader.deserialize::<Row>().enumerate() {
        let line = n + 2;
        let row = row.with_context(|| format!("line {line}"))?;
        let voter: VoterName = row.voter.parse().with_context(|| format!("line {line}"))?;
        if row.tickets == 0 {
            bail!("line {line}: tickets must be at least 1");
        }
        if !keys.insert(row.key.clone()) {
            bail!("line {line}: the key {} is there twice", row.key);
        }
        grants.push(json!({
            "voter": voter.body(), "tickets": row.tickets, "reason": row.reason, "grant_key": row.key
        }));
    }
    if grants.is_empty() {
        bail!("{} holds no grants", path.display());
    }
    Ok(grants)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<Value>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("grants.csv");
        std::fs::write(&path, text)?;
        read(&path)
    }

    #[test]
    fn a_file_of_grants_is_read_and_faults_are_named_by_line() {
        let grants = of("voter,tickets,reason,key\njury/DE,5,for waiting,a\n").unwrap();
        assert_eq!(grants[0]["voter"]["id"], "DE");
        for (text, fault) in [
            (
                "voter,tickets,reason,key\njury/DE,0,r,a\n",
                "line 2: tickets",
            ),
            (
                "voter,tickets,reason,key\njury/DE,1,r,a\njury/AT,1,r,a\n",
                "line 3: the key a",
            ),
            ("voter,tickets,reason,key\nDE,1,r,a\n", "line 2"),
            ("voter,tickets,reason,key\n", "no grants"),
        ] {
            let error = format!("{:#}", of(text).unwrap_err());
            assert!(error.contains(fault), "{error}");
        }
    }
}
