//! What everything of an import is called: the same in every run.

use sha2::{Digest, Sha256};

use super::file::{Number, Row};

/// Where names and secrets of an import come from.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
    seed: String,
}

impl Names {
    pub(super) fn new(prefix: &str, seed: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            seed: seed.to_owned(),
        }
    }

    /// The user name of `member`.
    pub(super) fn user_name(&self, member: Number) -> String {
        format!("{}-{member}", self.prefix)
    }

    /// The member called `user_name`, if it is one of the import's.
    pub(super) fn member(&self, user_name: &str) -> Option<Number> {
        let number = user_name.strip_prefix(&self.prefix)?.strip_prefix('-')?;
        number.parse().ok()
    }

    /// The password of `member`: 40 letters and digits.
    pub(super) fn password(&self, member: Number) -> String {
        let mut hash = Sha256::new();
        hash.update(self.seed.len().to_be_bytes());
        hash.update(&self.seed);
        hash.update(self.user_name(member));
        let digest = hash.finalize();
        digest
            .iter()
            .take(20)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The name of the intent behind `row`.
    pub(super) fn idempotency_key(&self, row: &Row) -> String {
        format!("{}-{}-{}", self.prefix, row.voter, row.author)
    }

    /// The restaurant's name.
    pub(super) fn restaurant(&self) -> String {
        format!("Imported votes ({})", self.prefix)
    }

    /// The item's name.
    pub(super) fn item(&self) -> String {
        format!("Trust ({})", self.prefix)
    }

    /// What the review of `author` says; ends in a mark that [`Names::is_review`] knows.
    pub(super) fn content(&self, author: Number) -> String {
        format!("Trading with {}. {}", self.user_name(author), self.mark())
    }

    /// Whether a review of `author` that says `content` is the import's.
    pub(super) fn is_review(&self, content: &str) -> bool {
        content.ends_with(&self.mark())
    }

    fn mark(&self) -> String {
        format!("[import {}]", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        let names = Names::new("otc", "seed");
        assert_eq!(names.user_name(17), "otc-17");
        assert_eq!(names.member("otc-17"), Some(17));
        for other in ["otc", "otc-", "otc17", "otc-x", "alice", "ot-1"] {
            assert_eq!(names.member(other), None, "{other}");
        }
        assert!(names.is_review(&names.content(17)));
        assert!(!Names::new("wot", "seed").is_review(&names.content(17)));
    }

    #[test]
    fn passwords_follow_from_seed_and_name_and_fit() {
        let names = Names::new("otc", "seed");
        let password = names.password(1);
        assert_eq!(password.len(), 40);
        assert_eq!(password, Names::new("otc", "seed").password(1));
        assert_ne!(password, names.password(2));
        assert_ne!(password, Names::new("otc", "other").password(1));
    }
}
