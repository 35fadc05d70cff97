//! The frozen result of a campaign, and its digest.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

use crate::CampaignId;

/// What an option got, by channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionVotes {
    /// The option's key.
    pub option: String,
    /// Tickets by channel, in the order of [`ResultFacts::channels`].
    pub votes: Vec<u64>,
}

/// All that a result says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFacts {
    /// The campaign.
    pub campaign: CampaignId,
    /// When it began.
    pub starts_at: DateTime<Utc>,
    /// When it ended.
    pub ends_at: DateTime<Utc>,
    /// Votes that counted, however many tickets each spent.
    pub n_votes: u64,
    /// Keys of the channels.
    pub channels: Vec<String>,
    /// What each option got; those without a vote too.
    pub options: Vec<OptionVotes>,
}

impl ResultFacts {
    /// The canonical form: UTF-8 text, each line ended by one line feed.
    ///
    /// ```text
    /// tally-result 1
    /// campaign <id, lower case with hyphens>
    /// starts_at <RFC 3339, UTC, microseconds, Z>
    /// ends_at <likewise>
    /// votes <number of votes that counted>
    /// option <key> <channel> <tickets>     one for each option and channel
    /// ```
    ///
    /// Option lines are sorted by the bytes of option key, then channel key; numbers are
    /// decimal without leading zeros. Names are left out, for they may be edited.
    #[must_use]
    pub fn canonical(&self) -> String {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut lines: Vec<(&str, &str, u64)> = self
            .options
            .iter()
            .flat_map(|option| {
                let channels = self.channels.iter().zip(&option.votes);
                channels.map(|(channel, votes)| (option.option.as_str(), channel.as_str(), *votes))
            })
            .collect();
        lines.sort_unstable();
        let mut text = format!(
            "tally-result 1\ncampaign {}\nstarts_at {}\nends_at {}\nvotes {}\n",
            self.campaign,
            time(self.starts_at),
            time(self.ends_at),
            self.n_votes,
        );
        for (option, channel, votes) in lines {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "option {option} {channel} {votes}");
        }
        text
    }

    /// SHA-256 of the canonical form, in lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.canonical());
        digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_canonical_form_is_as_documented_whatever_the_order() {
        let facts = ResultFacts {
            campaign: CampaignId(Uuid::from_u128(7)),
            starts_at: "2026-05-01T18:00:00Z".parse().unwrap(),
            ends_at: "2026-05-22T20:00:00.25Z".parse().unwrap(),
            n_votes: 3,
            channels: vec!["web".to_owned(), "app".to_owned()],
            options: vec![
                OptionVotes {
                    option: "b".to_owned(),
                    votes: vec![2, 0],
                },
                OptionVotes {
                    option: "a".to_owned(),
                    votes: vec![0, 40],
                },
            ],
        };
        assert_eq!(
            facts.canonical(),
            "tally-result 1\n\
             campaign 00000000-0000-0000-0000-000000000007\n\
             starts_at 2026-05-01T18:00:00.000000Z\n\
             ends_at 2026-05-22T20:00:00.250000Z\n\
             votes 3\n\
             option a app 40\n\
             option a web 0\n\
             option b app 0\n\
             option b web 2\n"
        );
        let mut turned = facts.clone();
        turned.options.reverse();
        assert_eq!(turned.digest(), facts.digest());
        assert_eq!(facts.digest().len(), 64);
        turned.options[0].votes[1] += 1;
        assert_ne!(turned.digest(), facts.digest());
    }
}
