//! The votes of a file: which campaigns they make, and what they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::scores::{Score, Scores};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Row {
    /// What the file calls the campaign.
    pub(super) campaign: String,
    /// Key of the channel, and the kind of its voters.
    pub(super) channel: String,
    /// The voter among those of the kind.
    pub(super) voter: String,
    /// Key of the option.
    pub(super) option: String,
    /// How many, at least 1.
    pub(super) tickets: u32,
}

/// A row as it is cast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vote {
    pub(super) row: Row,
    /// Which of the rows that agree in all but their tickets this is, from 0.
    pub(super) repetition: usize,
}

/// The votes of a file.
#[derive(Debug)]
pub(super) struct Votes {
    votes: Vec<Vote>,
}

/// Tickets that a voter spends on a channel of a campaign, and is granted for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Purse<'v> {
    pub(super) campaign: &'v str,
    pub(super) channel: &'v str,
    pub(super) voter: &'v str,
}

impl Votes {
    /// Reads the file at `path`; only the campaigns in `only`, unless that is empty.
    ///
    /// # Errors
    /// When a line is malformed, or a campaign of `only` has none.
    pub(super) fn read(path: &Path, only: &[String]) -> Result<Self> {
        let place = path.display();
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("{place}"))?;
        let mut repetitions = BTreeMap::<[String; 4], usize>::new();
        let mut votes = Vec::new();
        for row in reader.deserialize() {
            let row: Row = row.with_context(|| format!("cannot read {place}"))?;
            if !only.is_empty() && !only.contains(&row.campaign) {
                continue;
            }
            if row.tickets == 0 {
                bail!("{place}: {} spends no tickets on {}", row.voter, row.option);
            }
            let key = [&row.campaign, &row.channel, &row.voter, &row.option].map(String::clone);
            let seen = repetitions.entry(key).or_default();
            votes.push(Vote {
                row,
                repetition: *seen,
            });
            *seen += 1;
        }
        let votes = Self { votes };
        for campaign in only {
            ensure!(
                votes.campaigns().contains(campaign.as_str()),
                "{place} holds no votes of {campaign}"
            );
        }
        ensure!(!votes.votes.is_empty(), "{place} holds no votes");
        Ok(votes)
    }

    /// In the order of the file.
    pub(super) fn votes(&self) -> &[Vote] {
        &self.votes
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.votes.iter().map(|vote| &vote.row)
    }

    pub(super) fn campaigns(&self) -> BTreeSet<&str> {
        self.rows().map(|row| row.campaign.as_str()).collect()
    }

    pub(super) fn channels(&self) -> BTreeSet<&str> {
        self.rows().map(|row| row.channel.as_str()).collect()
    }

    /// How many rows `campaign` has.
    pub(super) fn n_votes(&self, campaign: &str) -> u64 {
        self.rows().filter(|row| row.campaign == campaign).count() as u64
    }

    /// The most tickets in one row.
    pub(super) fn tickets_max(&self) -> u32 {
        self.rows().map(|row| row.tickets).max().unwrap_or(1)
    }

    /// The tickets of each voter on each channel of each campaign.
    pub(super) fn purses(&self) -> BTreeMap<Purse<'_>, u64> {
        let mut purses = BTreeMap::new();
        for row in self.rows() {
            let purse = Purse {
                campaign: &row.campaign,
                channel: &row.channel,
                voter: &row.voter,
            };
            *purses.entry(purse).or_default() += u64::from(row.tickets);
        }
        purses
    }

    /// What the rows come to.
    pub(super) fn scores(&self) -> Scores {
        let mut scores = Scores::default();
        let channels: Vec<String> = self.channels().into_iter().map(str::to_owned).collect();
        for row in self.rows() {
            let of_campaign = scores.0.entry(row.campaign.clone()).or_default();
            let score = of_campaign
                .entry(row.option.clone())
                .or_insert_with(|| Score::none(&channels));
            score.add(&row.channel, row.tickets.into());
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    fn read(text: &str, only: &[&str]) -> Result<Votes> {
        let mut file = NamedTempFile::new()?;
        write!(file, "campaign,channel,voter,option,tickets\n{text}")?;
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        Votes::read(file.path(), &only)
    }

    #[test]
    fn voters_are_granted_what_they_spend_on_each_channel() {
        let votes = read(
            "a,jury,x,k,12\na,jury,x,l,10\na,public,x,k,8\nb,jury,x,k,1\n",
            &[],
        )
        .unwrap();
        let purses: Vec<_> = votes.purses().into_values().collect();
        assert_eq!(purses, [22, 8, 1]);
        assert_eq!(votes.tickets_max(), 12);
        let only_b = read("a,jury,x,k,12\nb,jury,x,k,1\n", &["b"]).unwrap();
        assert_eq!(only_b.campaigns().into_iter().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn the_same_row_twice_is_two_votes() {
        let votes = read("a,jury,x,k,3\na,jury,x,k,3\n", &[]).unwrap();
        let repetitions: Vec<_> = votes.votes().iter().map(|v| v.repetition).collect();
        assert_eq!(repetitions, [0, 1]);
        assert_eq!(votes.scores().0["a"]["k"].total(), 6);
    }

    #[test]
    fn what_cannot_be_cast_is_refused() {
        for (text, only, told) in [
            ("a,jury,x,k,0\n", &[][..], "spends no tickets"),
            ("a,jury,x,k,-1\n", &[], "invalid digit"),
            ("a,jury,x,k\n", &[], "record"),
            ("", &[], "holds no votes"),
            ("a,jury,x,k,1\n", &["b"], "holds no votes of b"),
        ] {
            let error = format!("{:#}", read(text, only).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn the_data_of_the_tests_come_to_the_official_scoreboards() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
        let votes = Votes::read(&data.join("campaign-votes.csv"), &[]).unwrap();
        let official = Scores::read(&data.join("campaign-results.csv")).unwrap();
        assert_eq!(votes.votes().len(), 4_940);
        let mut cast = votes.scores();
        let (mut n_rows, channels) = (0, ["jury", "public"].map(str::to_owned));
        for (campaign, options) in official.0 {
            let cast = cast.0.remove(&campaign).unwrap();
            for (option, score) in options {
                let none = Score::none(&channels);
                let cast = cast.get(&option).unwrap_or(&none);
                assert_eq!(cast.by_channel, score.by_channel, "{campaign} {option}");
                n_rows += 1;
            }
        }
        assert_eq!(n_rows, 155);
        assert!(cast.0.is_empty());
    }
}
