//! What clients asked for in a ballot box, and which votes may come of it: one intent is one
//! key, and one key is one vote.
//!
//! Which vote a key names is computed here once more, as the design has it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The vote that `voter` casts in the box called `ballot_box` under an `Idempotency-Key`.
#[must_use]
pub(crate) fn vote_under(key: &str, voter: Uuid, ballot_box: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in [voter.as_bytes(), ballot_box.as_bytes(), key.as_bytes()] {
        // Each behind its length, so that no two triples read alike.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// A request of which a vote may have come.
#[derive(Debug)]
pub(crate) struct Intent<'a, Ballot> {
    /// Under which id the voter is kept.
    pub(crate) voter: Uuid,
    /// What was asked for, and by whom.
    pub(crate) ballot: Ballot,
    pub(crate) key: Option<&'a str>,
    /// The vote that the answer named; `None` where no answer came.
    pub(crate) vote_id: Option<Uuid>,
}

/// All that was asked for in one box.
#[derive(Debug)]
pub(crate) struct Intents<'a, Ballot> {
    ballot_box: &'a str,
    /// Ballots by the votes that their keys name.
    keyed: HashMap<Uuid, Ballot>,
    /// Ballots without a key, by the votes that answers named.
    told: HashMap<Uuid, Ballot>,
    /// Ballots with neither a key nor an answer, and how many of each.
    nameless: HashMap<Ballot, usize>,
    /// Keys under which answers named a vote that is not theirs.
    strangers: HashMap<Uuid, &'a str>,
}

impl<'a, Ballot: Debug + Eq + Hash> Intents<'a, Ballot> {
    /// Nothing yet, in the box called `ballot_box`.
    pub(crate) fn at(ballot_box: &'a str) -> Self {
        Self {
            ballot_box,
            keyed: HashMap::new(),
            told: HashMap::new(),
            nameless: HashMap::new(),
            strangers: HashMap::new(),
        }
    }

    /// Notes a request. One that was told of another vote than its key names asked for what
    /// somebody else had asked for before: of that request the vote must come.
    pub(crate) fn note(&mut self, intent: Intent<'a, Ballot>) {
        let Intent {
            voter,
            ballot,
            key,
            vote_id,
        } = intent;
        match (key, vote_id) {
            (Some(key), _) => {
                let named = vote_under(key, voter, self.ballot_box);
                match vote_id {
                    Some(told) if told != named => {
                        self.strangers.insert(told, key);
                    }
                    Some(_) | None => {
                        self.keyed.insert(named, ballot);
                    }
                }
            }
            (None, Some(told)) => {
                self.told.insert(told, ballot);
            }
            (None, None) => *self.nameless.entry(ballot).or_default() += 1,
        }
    }

    /// Takes the request that the vote `vote_id` for `ballot` came of.
    ///
    /// # Errors
    /// What is wrong, if there was none.
    pub(crate) fn claim(&mut self, vote_id: Uuid, ballot: &Ballot) -> Result<(), String> {
        let asked = self.keyed.get(&vote_id).or(self.told.get(&vote_id));
        if let Some(asked) = asked {
            return if asked == ballot {
                Ok(())
            } else {
                Err(format!(
                    "{vote_id} is {ballot:?}, and was asked for as {asked:?}"
                ))
            };
        }
        if let Some(left) = self.nameless.get_mut(ballot).filter(|left| **left > 0) {
            *left -= 1;
            return Ok(());
        }
        Err(match self.strangers.get(&vote_id) {
            Some(key) => format!("{vote_id} {ballot:?} is not the vote that its key {key:?} names"),
            None => format!("nobody asked for {vote_id} {ballot:?}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: &str = "votes.reviews";

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn intent(key: Option<&'static str>, vote_id: Option<Uuid>) -> Intent<'static, &'static str> {
        Intent {
            voter: id(7),
            ballot: "up",
            key,
            vote_id,
        }
    }

    #[test]
    fn a_key_names_one_vote_of_each_voter_and_box() {
        let vote = vote_under("once", id(7), BOX);
        // Worked out by hand, so that gateway and judge cannot be wrong together unseen.
        assert_eq!(vote.to_string(), "a79e6f75-d541-8da4-905c-595afad6d54e");
        assert_ne!(vote_under("twice", id(7), BOX), vote);
        assert_ne!(vote_under("once", id(8), BOX), vote);
        assert_ne!(vote_under("once", id(7), "votes.campaign.7"), vote);
    }

    #[test]
    fn a_vote_comes_of_its_key_whether_an_answer_named_it_or_not() {
        let vote = vote_under("once", id(7), BOX);
        for told in [None, Some(vote)] {
            let mut intents = Intents::at(BOX);
            intents.note(intent(Some("once"), told));
            assert_eq!(intents.claim(vote, &"up"), Ok(()));
            assert!(intents.claim(vote, &"down").is_err(), "for another ballot");
            assert!(intents.claim(id(1), &"up").is_err(), "and nothing else");
        }
    }

    #[test]
    fn a_vote_that_was_told_under_a_key_and_is_not_its_own_comes_of_nothing() {
        let mut intents = Intents::at(BOX);
        intents.note(intent(Some("once"), Some(id(1))));
        let found = intents.claim(id(1), &"up").unwrap_err();
        assert!(found.contains("\"once\""), "{found}");
        let own = vote_under("once", id(7), BOX);
        assert!(intents.claim(own, &"up").is_err(), "it was never cast");
        // It is right if somebody else asked for it.
        intents.note(intent(None, Some(id(1))));
        assert_eq!(intents.claim(id(1), &"up"), Ok(()));
    }

    #[test]
    fn of_a_ballot_without_key_and_answer_comes_one_vote() {
        let mut intents = Intents::at(BOX);
        intents.note(intent(None, None));
        assert!(intents.claim(id(1), &"down").is_err());
        assert_eq!(intents.claim(id(1), &"up"), Ok(()));
        assert!(intents.claim(id(2), &"up").is_err());
    }
}
