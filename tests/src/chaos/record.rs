//! The history of a run, line by line: what was asked and answered, what was broken.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::plan::Fault;
use crate::answer::Answer;

/// JSON lines in a file; times are seconds since the run began.
#[derive(Debug)]
pub(crate) struct Record {
    lines: Mutex<BufWriter<File>>,
    path: PathBuf,
    began_at: Instant,
}

/// What was asked.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// Who asked: a member's name, or a partner's voter.
    pub(crate) voter: &'a str,
    /// For what: a direction and a review, or tickets on an option.
    pub(crate) ballot: Value,
    pub(crate) key: Option<&'a str>,
    /// The address of the gateway.
    pub(crate) gateway: &'a str,
}

impl Record {
    /// A record in the file at `path`, which is made anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn in_file(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).context("cannot make the folder of the history")?;
        }
        let file =
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            lines: Mutex::new(BufWriter::new(file)),
            path: path.to_owned(),
            began_at: Instant::now(),
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes an answer, or that none came.
    pub(crate) fn answer(&self, asked: &Asked<'_>, answer: Option<&Answer>, took: Duration) {
        self.write(&json!({
            "at": self.at(), "voter": asked.voter, "ballot": asked.ballot, "key": asked.key,
            "gateway": asked.gateway, "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "status": answer.map(|answer| answer.status),
            "code": answer.map(Answer::code).filter(|code| !code.is_empty()),
            "vote_id": answer.and_then(Answer::vote_id),
        }));
    }

    /// Notes that a fault begins, or is healed.
    pub(crate) fn fault(&self, fault: &Fault, what: &str) {
        self.write(&json!({
            "at": self.at(), "fault": fault.kind.to_string(), "which": fault.which,
            "end": format!("{:?}", fault.end), "happens": what,
        }));
    }

    /// Notes something else.
    pub(crate) fn event(&self, what: &str) {
        self.write(&json!({ "at": self.at(), "event": what }));
    }

    /// Writes what is still in memory.
    pub(crate) fn flush(&self) -> Result<()> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.flush().context("the history cannot be written")
    }

    fn at(&self) -> f64 {
        self.began_at.elapsed().as_secs_f64()
    }

    fn write(&self, line: &Value) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk shows when the record is flushed.
        let _ = writeln!(lines, "{line}");
    }
}
