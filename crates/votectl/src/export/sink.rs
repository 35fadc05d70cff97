//! Where rows go: a file that appears when it is whole, or standard output.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use super::Format;

/// Takes rows.
pub(super) struct Sink {
    rows: Rows,
    file: Option<Unfinished>,
}

enum Rows {
    Csv(Box<csv::Writer<Box<dyn Write + Send>>>),
    JsonLines(Box<dyn Write + Send>),
}

/// A file that is being written, under another name; removed unless it is finished.
struct Unfinished {
    file: File,
    part: PathBuf,
    whole: PathBuf,
    is_finished: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // It is of no use to anybody, and if it stays, it says so by its name.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

impl Sink {
    /// Opens the file `output`, or standard output.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn open(output: Option<&Path>, format: Format) -> Result<Self> {
        let (out, file): (Box<dyn Write + Send>, _) = match output {
            None => (Box::new(std::io::stdout()), None),
            Some(whole) => {
                let mut part = whole.as_os_str().to_owned();
                part.push(".part");
                let part = PathBuf::from(part);
                let file = File::create(&part)
                    .with_context(|| format!("cannot make {}", part.display()))?;
                let unfinished = Unfinished {
                    file: file.try_clone()?,
                    part,
                    whole: whole.to_owned(),
                    is_finished: false,
                };
                (Box::new(file), Some(unfinished))
            }
        };
        let out: Box<dyn Write + Send> = Box::new(BufWriter::with_capacity(1 << 16, out));
        let rows = match format {
            Format::Csv => Rows::Csv(Box::new(csv::Writer::from_writer(out))),
            Format::JsonLines => Rows::JsonLines(out),
        };
        Ok(Self { rows, file })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&mut self, row: &impl Serialize) -> Result<()> {
        match &mut self.rows {
            Rows::Csv(rows) => rows.serialize(row)?,
            Rows::JsonLines(out) => {
                serde_json::to_writer(&mut *out, row)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Writes what is left, sees it onto the disk, and gives the file its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(self) -> Result<()> {
        match self.rows {
            Rows::Csv(mut rows) => rows.flush()?,
            Rows::JsonLines(mut out) => out.flush()?,
        }
        if let Some(mut file) = self.file {
            file.file.sync_all()?;
            std::fs::rename(&file.part, &file.whole)?;
            file.is_finished = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("votes.jsonl");
        let mut sink = Sink::open(Some(&whole), Format::JsonLines).unwrap();
        sink.write(&json!({"a": 1})).unwrap();
        assert!(!whole.exists());
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&whole).unwrap(), "{\"a\":1}\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_was_not_finished_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("votes.csv");
        drop(Sink::open(Some(&whole), Format::Csv).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
