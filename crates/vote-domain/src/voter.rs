//! Who votes: a member of the site, or somebody a partner knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::UserId;
use crate::id::named;

/// The kind of the site's own members; no partner may have it.
const MEMBER: &str = "member";

/// The longest kind and the longest id, in bytes.
const KIND_BYTES_MAX: usize = 32;
const ID_BYTES_MAX: usize = 128;

/// Where voters come from: `member`, or the kind that a partner's voters have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VoterKind(String);

impl VoterKind {
    /// The kind of members.
    #[must_use]
    pub fn member() -> Self {
        Self(MEMBER.to_owned())
    }

    /// Whether this is the kind of members.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.0 == MEMBER
    }

    /// The name in the API, in SQL and in logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text cannot name what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVoter {
    /// Not a kind.
    #[error("a voter kind is 1 to {KIND_BYTES_MAX} of a-z, 0-9, _ and -, and begins with a letter")]
    Kind,
    /// Not an id.
    #[error("a voter id is 1 to {ID_BYTES_MAX} visible ASCII characters")]
    Id,
    /// Not a member's id.
    #[error("a member's id is a UUID")]
    MemberId,
}

impl FromStr for VoterKind {
    type Err = InvalidVoter;

    fn from_str(text: &str) -> Result<Self, InvalidVoter> {
        let inner = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        };
        let begins = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if begins && text.len() <= KIND_BYTES_MAX && text.bytes().all(inner) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidVoter::Kind)
        }
    }
}

impl TryFrom<String> for VoterKind {
    type Error = InvalidVoter;

    fn try_from(text: String) -> Result<Self, InvalidVoter> {
        text.parse()
    }
}

impl From<VoterKind> for String {
    fn from(kind: VoterKind) -> Self {
        kind.0
    }
}

impl fmt::Display for VoterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key under which a voter is kept: a member's account id, or for a partner's voter
/// a digest of kind and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VoterId(pub Uuid);

impl From<UserId> for VoterId {
    fn from(member: UserId) -> Self {
        Self(member.0)
    }
}

impl From<Uuid> for VoterId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for VoterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A voter by their own name: kind and id, as the API has them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voter {
    kind: VoterKind,
    id: String,
    voter_id: VoterId,
}

impl Voter {
    /// The member with this account.
    #[must_use]
    pub fn member(user: UserId) -> Self {
        Self {
            kind: VoterKind::member(),
            id: user.to_string(),
            voter_id: user.into(),
        }
    }

    /// The voter called `id` among those of `kind`.
    ///
    /// # Errors
    /// [`InvalidVoter`] if `id` cannot be one of that kind.
    pub fn new(kind: VoterKind, id: &str) -> Result<Self, InvalidVoter> {
        if kind.is_member() {
            let user: UserId = id.parse().map_err(|_| InvalidVoter::MemberId)?;
            return Ok(Self::member(user));
        }
        let visible = |byte: u8| (0x21..=0x7e).contains(&byte);
        if !(1..=ID_BYTES_MAX).contains(&id.len()) || !id.bytes().all(visible) {
            return Err(InvalidVoter::Id);
        }
        let voter_id = VoterId(named(&format!("voter:{kind}"), id.as_bytes()));
        Ok(Self {
            kind,
            id: id.to_owned(),
            voter_id,
        })
    }

    /// Where the voter comes from.
    #[must_use]
    pub fn kind(&self) -> &VoterKind {
        &self.kind
    }

    /// The voter's name among those of the kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key under which the voter is kept.
    #[must_use]
    pub fn voter_id(&self) -> VoterId {
        self.voter_id
    }
}

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_kept_under_the_account_and_others_under_a_digest() {
        let user = UserId(Uuid::from_u128(7));
        let member = Voter::new(VoterKind::member(), &user.to_string()).unwrap();
        assert_eq!(member, Voter::member(user));
        assert_eq!(member.voter_id().0, user.0);
        let kind = |text: &str| text.parse::<VoterKind>().unwrap();
        let jury = Voter::new(kind("jury"), "DE").unwrap();
        assert_eq!(
            jury.voter_id(),
            Voter::new(kind("jury"), "DE").unwrap().voter_id()
        );
        assert_ne!(
            jury.voter_id(),
            Voter::new(kind("public"), "DE").unwrap().voter_id()
        );
        assert_ne!(
            jury.voter_id(),
            Voter::new(kind("jury"), "D").unwrap().voter_id()
        );
    }

    #[test]
    fn what_cannot_be_a_voter_is_refused() {
        for bad in ["", "Jury", "1st", "a b", &"k".repeat(33)] {
            assert_eq!(bad.parse::<VoterKind>(), Err(InvalidVoter::Kind), "{bad}");
        }
        let jury: VoterKind = "jury".parse().unwrap();
        for bad in ["", "a b", "ä", "\n", &"i".repeat(129)] {
            assert_eq!(
                Voter::new(jury.clone(), bad),
                Err(InvalidVoter::Id),
                "{bad}"
            );
        }
        assert_eq!(
            Voter::new(VoterKind::member(), "x"),
            Err(InvalidVoter::MemberId)
        );
    }
}
