//! Names that commands take: voters.

use std::str::FromStr;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vote_domain::{Voter, VoterKind};

/// A voter, given as `kind/id`: `member/0f9a1c52-…` or `jury/DE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VoterName(Voter);

impl FromStr for VoterName {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (kind, id) = text
            .split_once('/')
            .context("a voter is kind/id, for example member/0f9a1c52-… or jury/DE")?;
        let kind: VoterKind = kind.parse()?;
        Ok(Self(Voter::new(kind, id)?))
    }
}

impl VoterName {
    /// As requests name it.
    pub(crate) fn body(&self) -> Value {
        json!({ "kind": self.0.kind().as_str(), "id": self.0.id() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voter_is_named_by_kind_and_id() {
        let voter: VoterName = "jury/DE/2".parse().unwrap();
        assert_eq!(voter.body(), json!({"kind": "jury", "id": "DE/2"}));
        assert!("DE".parse::<VoterName>().is_err());
        assert!(
            "member/DE".parse::<VoterName>().is_err(),
            "members have accounts"
        );
    }
}
