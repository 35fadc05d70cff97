//! Identifiers: one type for each kind of thing, all UUIDs made by the application.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::VoterId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    };
}

id!(
    /// A member's account.
    UserId
);
id!(
    /// A restaurant.
    RestaurantId
);
id!(
    /// A dish or drink of a restaurant.
    ItemId
);
id!(
    /// A member's review of an item.
    ReviewId
);
id!(
    /// A campaign: some weeks of voting with tickets.
    CampaignId
);
id!(
    /// Tickets granted together to one voter of a campaign.
    LotId
);
id!(
    /// One grant of tickets.
    GrantId
);
id!(
    /// A partner, whose server speaks for voters of its own.
    PartnerId
);
id!(
    /// One vote, from its admission to its row in the ledger.
    VoteId
);

impl VoteId {
    /// The id of the vote that `voter` casts in the ballot box `ballot_box` under an
    /// idempotency key: the same three always give the same id, so the ledger's key
    /// removes repetitions even when nothing else remembers the first.
    #[must_use]
    pub fn from_key(voter: VoterId, ballot_box: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [voter.0.as_bytes(), ballot_box.as_bytes(), key.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(uuid_of(hash))
    }
}

/// A UUID (version 8) named by the digest of `bytes` under `space`: the same always
/// give the same.
#[must_use]
pub fn named(space: &str, bytes: &[u8]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update((space.len() as u64).to_be_bytes());
    hash.update(space);
    hash.update(bytes);
    uuid_of(hash)
}

fn uuid_of(hash: Sha256) -> Uuid {
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A source of random ids (UUID version 4) and random bytes. Cheap to clone; clones share the generator.
#[derive(Clone)]
pub struct Ids(Arc<Mutex<StdRng>>);

impl Ids {
    /// Unpredictable ids, seeded by the operating system.
    #[must_use]
    pub fn random() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// The same ids for the same seed, for tests and repeatable runs.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Draws the next id, of whichever type is asked for.
    #[must_use]
    pub fn next<Id: From<Uuid>>(&self) -> Id {
        uuid::Builder::from_random_bytes(self.bytes())
            .into_uuid()
            .into()
    }

    /// Draws `N` random bytes, fit for secrets when the source is [`Ids::random`].
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_vote_of_one_voter_in_one_box() {
        let voter = VoterId(Uuid::from_u128(1));
        let id = VoteId::from_key(voter, "votes.reviews", "k");
        assert_eq!(id, VoteId::from_key(voter, "votes.reviews", "k"));
        assert_ne!(id, VoteId::from_key(voter, "votes.review", "sk"));
        assert_ne!(id, VoteId::from_key(voter, "votes.reviews", "l"));
        let other = VoterId(Uuid::from_u128(2));
        assert_ne!(id, VoteId::from_key(other, "votes.reviews", "k"));
    }

    #[test]
    fn seeded_ids_repeat_and_differ_among_themselves() {
        let (a, b) = (Ids::seeded(7), Ids::seeded(7));
        let first: VoteId = a.next();
        assert_eq!(first, b.next());
        assert_ne!(first, a.next());
    }
}
