//! The files: votes, and what they must come to.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// A member's number in the file.
pub(super) type Number = u64;

/// Which way a vote goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Up,
    Down,
}

impl Direction {
    /// The route that casts it.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::Up => "upvote",
            Self::Down => "downvote",
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Row {
    pub(super) voter: Number,
    pub(super) author: Number,
    pub(super) direction: Direction,
    /// Seconds since 1970; the rows stand in its order, which is all that is used of it.
    #[serde(rename = "cast_at")]
    _cast_at: u64,
}

/// The votes of a file.
#[derive(Debug)]
pub(super) struct Votes {
    rows: Vec<Row>,
}

/// What a review's votes come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Total {
    pub(super) up: u64,
    pub(super) down: u64,
}

impl Votes {
    /// Reads the first `rows_max` rows of the file at `path`, or all.
    ///
    /// # Errors
    /// When a line is malformed, a vote on oneself, or the second of its pair.
    pub(super) fn read(path: &Path, rows_max: Option<usize>) -> Result<Self> {
        let mut reader = csv::Reader::from_path(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut rows = Vec::new();
        let mut pairs = HashSet::new();
        for row in reader.deserialize().take(rows_max.unwrap_or(usize::MAX)) {
            let row: Row = row.with_context(|| format!("{}", path.display()))?;
            let Row { voter, author, .. } = row;
            // The head is line 1.
            let line = rows.len() + 2;
            if voter == author {
                bail!("{} line {line}: {voter} votes on itself", path.display());
            }
            if !pairs.insert((voter, author)) {
                bail!(
                    "{} line {line}: {voter} votes on {author} again",
                    path.display()
                );
            }
            rows.push(row);
        }
        ensure!(!rows.is_empty(), "{} holds no votes", path.display());
        Ok(Self { rows })
    }

    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Everybody, each once.
    pub(super) fn members(&self) -> BTreeSet<Number> {
        self.rows
            .iter()
            .flat_map(|row| [row.voter, row.author])
            .collect()
    }

    /// Every voter's rows in their order; who has most comes first, so that nobody is
    /// left to vote alone at the end.
    pub(super) fn by_voter(&self) -> Vec<(Number, Vec<Row>)> {
        let mut by_voter = BTreeMap::<Number, Vec<Row>>::new();
        for row in &self.rows {
            by_voter.entry(row.voter).or_default().push(*row);
        }
        let mut by_voter: Vec<_> = by_voter.into_iter().collect();
        by_voter.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        by_voter
    }

    /// What counting the rows gives each author.
    pub(super) fn totals(&self) -> BTreeMap<Number, Total> {
        let mut totals = BTreeMap::<Number, Total>::new();
        for row in &self.rows {
            let total = totals.entry(row.author).or_default();
            match row.direction {
                Direction::Up => total.up += 1,
                Direction::Down => total.down += 1,
            }
        }
        totals
    }
}

/// Reads what each author's votes must come to.
///
/// # Errors
/// When the file is malformed.
pub(super) fn read_totals(path: &Path) -> Result<BTreeMap<Number, Total>> {
    #[derive(Deserialize)]
    struct Line {
        author: Number,
        up: u64,
        down: u64,
    }
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut totals = BTreeMap::new();
    for line in reader.deserialize() {
        let Line { author, up, down } = line.with_context(|| format!("{}", path.display()))?;
        totals.insert(author, Total { up, down });
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        write!(file, "voter,author,direction,cast_at\n{text}").unwrap();
        file
    }

    fn read(text: &str) -> Result<Votes> {
        Votes::read(file(text).path(), None)
    }

    #[test]
    fn votes_are_counted_for_their_authors() {
        let votes = read("1,2,up,5\n3,2,down,6\n3,1,up,7\n").unwrap();
        let totals = votes.totals();
        assert_eq!(totals[&2], Total { up: 1, down: 1 });
        assert_eq!(totals[&1], Total { up: 1, down: 0 });
        assert_eq!(votes.members().into_iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(votes.by_voter()[0].0, 3);
    }

    #[test]
    fn what_could_not_be_replayed_exactly_is_refused() {
        for (text, told) in [
            ("1,1,up,5\n", "line 2: 1 votes on itself"),
            ("1,2,up,5\n1,2,down,6\n", "line 3: 1 votes on 2 again"),
            ("1,2,sideways,5\n", "sideways"),
            ("1,2,up\n", "record"),
            ("", "holds no votes"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_prefix_of_a_file_can_be_read_alone() {
        let file = file("1,2,up,5\n3,2,up,6\n");
        assert_eq!(Votes::read(file.path(), Some(1)).unwrap().n_rows(), 1);
    }

    #[test]
    fn the_data_of_the_tests_come_to_their_totals() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
        let votes = Votes::read(&data.join("review-votes.csv"), None).unwrap();
        let totals = read_totals(&data.join("review-totals.csv")).unwrap();
        assert_eq!(votes.n_rows(), 35_592);
        assert_eq!(votes.totals(), totals);
        let sum = |of: fn(&Total) -> u64| totals.values().map(of).sum::<u64>();
        assert_eq!((sum(|t| t.up), sum(|t| t.down)), (32_029, 3_563));
    }
}
