//! What a campaign must come to: the score of each of its options.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// The columns of a file of results that are no channels.
const OTHER_COLUMNS: [&str; 4] = ["campaign", "option", "place", "total"];

/// What an option gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Score {
    /// Tickets by channel.
    pub(super) by_channel: BTreeMap<String, u64>,
    /// The official place, where one is told. A rule of its own may have broken a tie.
    pub(super) place: Option<u64>,
}

impl Score {
    /// Nothing on any of `channels`.
    pub(super) fn none(channels: &[String]) -> Self {
        Self {
            by_channel: channels.iter().map(|key| (key.clone(), 0)).collect(),
            place: None,
        }
    }

    pub(super) fn add(&mut self, channel: &str, tickets: u64) {
        *self.by_channel.entry(channel.to_owned()).or_default() += tickets;
    }

    /// Tickets on all channels.
    pub(super) fn total(&self) -> u64 {
        self.by_channel.values().sum()
    }
}

/// The scores of one campaign's options.
pub(super) type Options = BTreeMap<String, Score>;

/// Scores by campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scores(pub(super) BTreeMap<String, Options>);

impl Scores {
    /// Reads a file with the columns campaign, option, place, total, and one for each
    /// channel.
    ///
    /// # Errors
    /// When it is malformed, an option comes twice, or a total is not the channels' sum.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = path.display();
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("{file}"))?;
        let columns = reader.headers()?.clone();
        for column in OTHER_COLUMNS {
            let is_there = columns.iter().any(|there| there == column);
            ensure!(is_there, "{file} has no column {column}");
        }
        let mut scores = Self::default();
        for (row, record) in reader.records().enumerate() {
            let record = record.with_context(|| format!("cannot read {file}"))?;
            let place = format!("{file} line {}", row + 2);
            let fields: BTreeMap<&str, &str> = columns.iter().zip(record.iter()).collect();
            let number = |column: &str| -> Result<u64> {
                let text = fields.get(column).copied().unwrap_or_default();
                (text.parse()).with_context(|| format!("{place}: {column} is {text:?}"))
            };
            let mut score = Score {
                by_channel: BTreeMap::new(),
                place: Some(number("place")?),
            };
            for column in &columns {
                if !OTHER_COLUMNS.contains(&column) {
                    score.add(column, number(column)?);
                }
            }
            ensure!(
                score.total() == number("total")?,
                "{place}: the channels do not add up to the total"
            );
            let of_campaign = scores.0.entry(fields["campaign"].to_owned()).or_default();
            if let Some(score) = of_campaign.insert(fields["option"].to_owned(), score) {
                bail!("{place}: the option comes again, after {score:?}");
            }
        }
        Ok(scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    fn read(text: &str) -> Result<Scores> {
        let mut file = NamedTempFile::new()?;
        write!(file, "{text}")?;
        Scores::read(file.path())
    }

    #[test]
    fn every_other_column_is_a_channel() {
        let scores = read("campaign,option,place,web,app,total\na,x,1,2,3,5\n").unwrap();
        let score = &scores.0["a"]["x"];
        assert_eq!((score.by_channel["app"], score.place), (3, Some(1)));
    }

    #[test]
    fn a_file_at_odds_with_itself_is_refused() {
        let head = "campaign,option,place,jury,public,total\n";
        for (text, told) in [
            ("campaign,option,place,jury\n".to_owned(), "column total"),
            (format!("{head}a,x,1,2,3,6\n"), "line 2: the channels"),
            (format!("{head}a,x,1,2,3,5\na,x,2,2,3,5\n"), "line 3"),
            (format!("{head}a,x,first,2,3,5\n"), "place is \"first\""),
        ] {
            let error = format!("{:#}", read(&text).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}
