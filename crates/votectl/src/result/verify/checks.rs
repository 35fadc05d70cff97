//! What must agree.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use vote_domain::campaign::ResultFacts;
use vote_store::closing::FrozenResult;

/// What is compared.
#[derive(Debug)]
pub(super) struct Sources {
    /// What the ledger comes to, added up a moment ago.
    pub(super) ledger: ResultFacts,
    /// What is frozen in SQL.
    pub(super) frozen: Option<FrozenResult>,
    /// What the API answers, if it was asked.
    pub(super) served: Option<Served>,
}

/// What the API answers.
#[derive(Debug)]
pub(super) enum Served {
    /// No result: why.
    Refused(String),
    /// The result.
    Result {
        digest: String,
        n_votes: u64,
        options: Vec<Value>,
        canonical: String,
    },
}

/// One thing that must be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// As a sentence, true if all is well.
    pub(super) claim: &'static str,
    pub(super) holds: bool,
    /// What is found instead; empty where it holds.
    pub(super) found: Vec<String>,
}

impl Check {
    fn new(claim: &'static str, found: Vec<String>) -> Self {
        Self {
            claim,
            holds: found.is_empty(),
            found,
        }
    }

    /// That `expected` is `found`.
    fn same(claim: &'static str, expected: &str, found: &str) -> Self {
        let differs = expected != found;
        Self::new(
            claim,
            Vec::from_iter(differs.then(|| format!("{found} instead of {expected}"))),
        )
    }
}

/// Compares `sources` in every way.
pub(super) fn check(sources: &Sources) -> Vec<Check> {
    let ledger = sources.ledger.canonical();
    let mut checks = Vec::new();
    match &sources.frozen {
        None => checks.push(Check::new(
            "a result is frozen in SQL",
            vec!["none is: the campaign is not final".to_owned()],
        )),
        Some(frozen) => {
            checks.push(Check::new(
                "the frozen result is what the ledger comes to",
                lines_that_differ(&ledger, &frozen.canonical),
            ));
            checks.push(Check::same(
                "the frozen digest is the SHA-256 of the ledger's canonical form",
                &sources.ledger.digest(),
                &frozen.digest,
            ));
            checks.push(Check::same(
                "the frozen digest is the SHA-256 of the frozen canonical form",
                &sha256(&frozen.canonical),
                &frozen.digest,
            ));
            checks.push(Check::same(
                "the frozen number of votes is the ledger's",
                &sources.ledger.n_votes.to_string(),
                &frozen.n_votes.to_string(),
            ));
        }
    }
    match &sources.served {
        None => {}
        Some(Served::Refused(why)) => {
            checks.push(Check::new("the API answers a result", vec![why.clone()]));
        }
        Some(Served::Result {
            digest,
            n_votes,
            options,
            canonical,
        }) => {
            checks.push(Check::same(
                "the API's digest is the SHA-256 of the ledger's canonical form",
                &sources.ledger.digest(),
                digest,
            ));
            checks.push(Check::new(
                "the API's canonical form is what the ledger comes to",
                lines_that_differ(&ledger, canonical),
            ));
            checks.push(Check::same(
                "the API's number of votes is the ledger's",
                &sources.ledger.n_votes.to_string(),
                &n_votes.to_string(),
            ));
            checks.push(Check::new(
                "the API's options have what the ledger comes to",
                options_that_differ(&sources.ledger, options),
            ));
        }
    }
    checks
}

/// Where the text `found` is not what the ledger comes to; its lines are `name value`.
fn lines_that_differ(ledger: &str, found: &str) -> Vec<String> {
    if ledger == found {
        return Vec::new();
    }
    let lines = |text: &str| -> BTreeMap<String, String> {
        let split = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap_or((line, ""));
            (name.to_owned(), value.to_owned())
        };
        text.lines().map(split).collect()
    };
    let (expected, found) = (lines(ledger), lines(found));
    let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let value = |of: Option<&String>| of.map_or("no line", |value| value.as_str()).to_owned();
    let mut differ: Vec<_> = names
        .into_iter()
        .map(|name| (name, expected.get(name), found.get(name)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(name, expected, found)| {
            format!("{name}: {} instead of {}", value(found), value(expected))
        })
        .collect();
    if differ.is_empty() {
        differ.push("the same lines in another order or form".to_owned());
    }
    differ
}

/// Where the options of the API's answer are not what the ledger comes to.
fn options_that_differ(ledger: &ResultFacts, options: &[Value]) -> Vec<String> {
    let mut served = BTreeMap::new();
    for option in options {
        let key = option["option"].as_str().unwrap_or_default();
        served.insert((key, "in all"), option["votes"].as_u64());
        for (channel, votes) in option["channels"].as_object().into_iter().flatten() {
            served.insert((key, channel.as_str()), votes.as_u64());
        }
    }
    let mut expected = BTreeMap::new();
    for option in &ledger.options {
        let key = option.option.as_str();
        expected.insert((key, "in all"), Some(option.votes.iter().sum()));
        for (channel, votes) in ledger.channels.iter().zip(&option.votes) {
            expected.insert((key, channel.as_str()), Some(*votes));
        }
    }
    let names: BTreeSet<_> = expected.keys().chain(served.keys()).collect();
    let value = |of: Option<&Option<u64>>| match of {
        Some(Some(votes)) => votes.to_string(),
        _ => "nothing".to_owned(),
    };
    names
        .into_iter()
        .map(|name| (name, expected.get(name), served.get(name)))
        .filter(|(_, expected, served)| expected != served)
        .map(|((option, channel), expected, served)| {
            let (expected, served) = (value(expected), value(served));
            format!("option {option} {channel}: {served} instead of {expected}")
        })
        .collect()
}

/// In lower-case hexadecimal.
fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vote_domain::CampaignId;
    use vote_domain::campaign::OptionVotes;

    fn sources() -> Sources {
        let ledger = ResultFacts {
            campaign: CampaignId(uuid::Uuid::from_u128(7)),
            starts_at: "2026-05-01T18:00:00Z".parse().unwrap(),
            ends_at: "2026-05-22T20:00:00Z".parse().unwrap(),
            n_votes: 3,
            channels: vec!["jury".to_owned(), "public".to_owned()],
            options: vec![
                OptionVotes {
                    option: "a".to_owned(),
                    votes: vec![12, 8],
                },
                OptionVotes {
                    option: "b".to_owned(),
                    votes: vec![0, 1],
                },
            ],
        };
        let frozen = FrozenResult {
            canonical: ledger.canonical(),
            digest: ledger.digest(),
            n_votes: 3,
            frozen_at: ledger.ends_at,
        };
        let served = Served::Result {
            digest: ledger.digest(),
            n_votes: 3,
            options: vec![
                json!({"option": "a", "votes": 20, "channels": {"jury": 12, "public": 8}}),
                json!({"option": "b", "votes": 1, "channels": {"jury": 0, "public": 1}}),
            ],
            canonical: ledger.canonical(),
        };
        Sources {
            ledger,
            frozen: Some(frozen),
            served: Some(served),
        }
    }

    fn failed(sources: &Sources) -> Vec<String> {
        check(sources)
            .into_iter()
            .filter(|check| !check.holds)
            .map(|check| format!("{}: {}", check.claim, check.found.join("; ")))
            .collect()
    }

    #[test]
    fn what_agrees_agrees() {
        assert_eq!(check(&sources()).len(), 8);
        assert_eq!(failed(&sources()), Vec::<String>::new());
    }

    #[test]
    fn a_vote_missing_from_the_ledger_is_told_by_option_and_channel() {
        let mut sources = sources();
        sources.ledger.options[0].votes[0] = 0;
        sources.ledger.n_votes = 2;
        let failed = failed(&sources);
        assert_eq!(failed.len(), 7, "{failed:#?}");
        assert!(failed[0].contains("option a jury: 12 instead of 0; votes: 3 instead of 2"));
        assert!(failed[6].contains("option a jury: 12 instead of 0"));
        assert!(failed[6].contains("option a in all: 20 instead of 8"));
    }

    #[test]
    fn a_result_that_was_touched_does_not_agree() {
        let mut digest = sources();
        digest.frozen.as_mut().unwrap().digest = "0".repeat(64);
        assert_eq!(failed(&digest).len(), 2);
        let mut text = sources();
        text.frozen.as_mut().unwrap().canonical.push('\n');
        assert_eq!(failed(&text).len(), 2);
        let mut none = sources();
        none.frozen = None;
        assert_eq!(failed(&none).len(), 1);
        let mut refused = sources();
        refused.served = Some(Served::Refused("409 campaign_not_final".to_owned()));
        assert!(failed(&refused)[0].ends_with("409 campaign_not_final"));
    }
}
