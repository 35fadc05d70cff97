//! What earlier runs have done, so that it need not be asked again: lines of a file that
//! grows. Nothing depends on it; a run without it finds the same, only slower.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

use super::file::Number;

/// What is done. Dropped, it writes out what it still holds.
#[derive(Debug, Default)]
pub(super) struct Memory {
    members: HashSet<Number>,
    votes: HashMap<(Number, Number), Uuid>,
    file: Option<BufWriter<File>>,
}

impl Memory {
    /// Remembers for as long as the run lasts.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// Goes on with the file at `path`, or begins it; `of` names what it is about.
    ///
    /// # Errors
    /// When the file is about something else, or cannot be read or written.
    pub(super) fn open(path: &Path, of: &str) -> Result<Self> {
        let head = format!("votectl import {of}");
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let mut memory = Self::none();
        // The last line may be cut short by a crash: only whole lines count.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut lines = whole.lines();
        if let Some(first) = lines.next() {
            ensure!(
                first == head,
                "{} is about another import: {first}",
                path.display()
            );
        }
        lines.for_each(|line| memory.take(line));
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        if whole.is_empty() {
            file.set_len(0)?;
            writeln!(file, "{head}")?;
        } else {
            file.set_len(whole.len() as u64)?;
            writeln!(file)?;
        }
        memory.file = Some(BufWriter::new(file));
        Ok(memory)
    }

    fn take(&mut self, line: &str) {
        let fields: Vec<&str> = line.split(',').collect();
        match fields[..] {
            ["member", number] => {
                if let Ok(number) = number.parse() {
                    self.members.insert(number);
                }
            }
            ["vote", voter, author, vote_id] => {
                if let (Ok(voter), Ok(author), Ok(vote_id)) =
                    (voter.parse(), author.parse(), vote_id.parse())
                {
                    self.votes.insert((voter, author), vote_id);
                }
            }
            // Of a later version, or cut short: not worth a stop.
            _ => {}
        }
    }

    /// Whether `member` has signed up.
    pub(super) fn has_member(&self, member: Number) -> bool {
        self.members.contains(&member)
    }

    /// The accepted vote of `voter` on `author`'s review.
    pub(super) fn vote(&self, voter: Number, author: Number) -> Option<Uuid> {
        self.votes.get(&(voter, author)).copied()
    }

    /// Remembers that `member` has signed up.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add_member(&mut self, member: Number) -> Result<()> {
        self.members.insert(member);
        self.write(format_args!("member,{member}"))
    }

    /// Remembers that `voter`'s vote on `author`'s review was accepted as `vote_id`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add_vote(&mut self, voter: Number, author: Number, vote_id: Uuid) -> Result<()> {
        self.votes.insert((voter, author), vote_id);
        self.write(format_args!("vote,{voter},{author},{vote_id}"))
    }

    fn write(&mut self, line: std::fmt::Arguments<'_>) -> Result<()> {
        match &mut self.file {
            Some(file) => writeln!(file, "{line}").context("cannot write the state file"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_known_to_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let vote_id = Uuid::from_u128(7);
        let mut memory = Memory::open(&path, "here otc").unwrap();
        memory.add_member(1).unwrap();
        memory.add_vote(1, 2, vote_id).unwrap();
        drop(memory);
        let memory = Memory::open(&path, "here otc").unwrap();
        assert!(memory.has_member(1));
        assert!(!memory.has_member(2));
        assert_eq!(memory.vote(1, 2), Some(vote_id));
        assert_eq!(memory.vote(2, 1), None);
    }

    #[test]
    fn a_line_cut_short_by_a_crash_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        std::fs::write(&path, "votectl import x\nmember,1\nmember,2").unwrap();
        let mut memory = Memory::open(&path, "x").unwrap();
        assert!(memory.has_member(1));
        assert!(!memory.has_member(2));
        memory.add_member(34).unwrap();
        drop(memory);
        let memory = Memory::open(&path, "x").unwrap();
        assert!(memory.has_member(34));
        assert!(!memory.has_member(2));
    }

    #[test]
    fn another_imports_memory_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        drop(Memory::open(&path, "here otc").unwrap());
        assert!(Memory::open(&path, "there otc").is_err());
    }
}
