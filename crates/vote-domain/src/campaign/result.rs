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

    /// Reads the canonical form back. Channels and options come in the order of their
    /// keys' bytes.
    ///
    /// # Errors
    /// [`InvalidResult`] unless `text` is, to the byte, what [`ResultFacts::canonical`]
    /// writes of what it says.
    pub fn parse(text: &str) -> Result<Self, InvalidResult> {
        let mut lines = text.lines();
        let mut field = |name: &'static str| {
            let line = lines.next().ok_or(InvalidResult(name))?;
            let value = line.strip_prefix(name).and_then(|v| v.strip_prefix(' '));
            value.ok_or(InvalidResult(name))
        };
        if field("tally-result")? != "1" {
            return Err(InvalidResult("tally-result"));
        }
        let time = |text: &str, name| text.parse().map_err(|_| InvalidResult(name));
        let mut facts = Self {
            campaign: field("campaign")?
                .parse()
                .map_err(|_| InvalidResult("campaign"))?,
            starts_at: time(field("starts_at")?, "starts_at")?,
            ends_at: time(field("ends_at")?, "ends_at")?,
            n_votes: number(field("votes")?).ok_or(InvalidResult("votes"))?,
            channels: Vec::new(),
            options: Vec::new(),
        };
        for line in lines {
            let parts: Vec<_> = line.split(' ').collect();
            let &["option", option, channel, tickets] = parts.as_slice() else {
                return Err(InvalidResult("option"));
            };
            let tickets = number(tickets).ok_or(InvalidResult("option"))?;
            facts.add(option, channel, tickets);
        }
        let n_channels = facts.channels.len();
        let is_whole = facts.options.iter().all(|o| o.votes.len() == n_channels);
        // Whatever is out of order, doubled or spelled otherwise shows here.
        if is_whole && facts.canonical() == text {
            Ok(facts)
        } else {
            Err(InvalidResult("option"))
        }
    }

    /// Adds what the next line says: the channels are those of the first option.
    fn add(&mut self, option: &str, channel: &str, tickets: u64) {
        if self.options.len() <= 1 && !self.channels.iter().any(|known| known == channel) {
            self.channels.push(channel.to_owned());
        }
        match self.options.last_mut() {
            Some(last) if last.option == option => last.votes.push(tickets),
            _ => self.options.push(OptionVotes {
                option: option.to_owned(),
                votes: vec![tickets],
            }),
        }
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

/// A text that is no result in its canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a result in its canonical form: see its {0:?} line")]
pub struct InvalidResult(&'static str);

fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
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

    #[test]
    fn what_is_not_canonical_to_the_byte_is_no_result() {
        let facts = ResultFacts {
            campaign: CampaignId(Uuid::from_u128(7)),
            starts_at: "2026-05-01T18:00:00Z".parse().unwrap(),
            ends_at: "2026-05-22T20:00:00.25Z".parse().unwrap(),
            n_votes: 3,
            channels: vec!["app".to_owned(), "web".to_owned()],
            options: ["a", "b"]
                .map(|option| OptionVotes {
                    option: option.to_owned(),
                    votes: vec![7, 0],
                })
                .into(),
        };
        let text = facts.canonical();
        assert_eq!(ResultFacts::parse(&text), Ok(facts));
        for (old, new) in [
            ("tally-result 1", "tally-result 2"),
            ("votes 3", "votes 03"),
            ("votes 3", "votes +3"),
            ("votes 3", "votes"),
            ("0.250000Z", "0.25Z"),
            ("option a app 7\n", ""),
            ("option a web 0\n", ""),
            ("option b web 0\n", ""),
            ("option b web 0\n", "option b web 0"),
            ("option b web 0\n", "option b web 0\n\n"),
            ("option b web 0\n", "option b web 0\noption b web 0\n"),
            ("option a app 7\n", "option a app 7\r\n"),
            ("option a", "option  a"),
            ("7", "99999999999999999999"),
        ] {
            let spoiled = text.replacen(old, new, 1);
            assert_ne!(spoiled, text, "{old}");
            assert!(ResultFacts::parse(&spoiled).is_err(), "{spoiled}");
        }
        for text in ["", "\n", "tally-result 1\n", "x"] {
            assert!(ResultFacts::parse(text).is_err());
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_comes_back_as_what_was_written(
            channels in prop::collection::btree_set("[a-cA-C0-9][a-c._-]{0,2}", 1..4),
            options in prop::collection::btree_map(
                "[a-cA-C0-9][a-c._-]{0,2}", prop::collection::vec(any::<u64>(), 4), 1..6,
            ),
            n_votes: u64, micros in 0_i64..4_000_000_000_000_000,
        ) {
            let (channels, options): (BTreeSet<String>, BTreeMap<String, Vec<u64>>) =
                (channels, options);
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let facts = ResultFacts {
                campaign: CampaignId(Uuid::from_u128(u128::from(n_votes))),
                starts_at: at,
                ends_at: at + chrono::TimeDelta::days(3),
                n_votes,
                options: options.into_iter().map(|(option, votes)| OptionVotes {
                    option,
                    votes: votes[..channels.len()].to_vec(),
                }).collect(),
                channels: channels.into_iter().collect(),
            };
            prop_assert_eq!(ResultFacts::parse(&facts.canonical()), Ok(facts));
        }
    }
}
