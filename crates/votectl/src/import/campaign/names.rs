//! What everything of a run is called: the same whenever the run goes on.

use sha2::{Digest, Sha256};

use super::file::{Purse, Vote};

/// Names of one run.
#[derive(Clone, Debug)]
pub(super) struct Names {
    run: String,
}

impl Names {
    pub(super) fn new(run: &str) -> Self {
        Self {
            run: run.to_owned(),
        }
    }

    /// The name of the campaign that the file calls `campaign`.
    pub(super) fn campaign(&self, campaign: &str) -> String {
        format!("{campaign} (import {})", self.run)
    }

    /// The name of the one grant of `purse`.
    pub(super) fn grant_key(&self, purse: Purse<'_>) -> String {
        let Purse {
            campaign,
            channel,
            voter,
        } = purse;
        self.key("grant", &[campaign, channel, voter], 0)
    }

    /// The name of the one intent behind `vote`.
    pub(super) fn idempotency_key(&self, vote: &Vote) -> String {
        let row = &vote.row;
        let fields = [&row.campaign, &row.channel, &row.voter, &row.option];
        self.key("vote", &fields.map(String::as_str), vote.repetition)
    }

    /// 72 characters that follow from run, `fields` and `repetition`, whatever these hold.
    fn key(&self, what: &str, fields: &[&str], repetition: usize) -> String {
        let mut hash = Sha256::new();
        for text in [&[self.run.as_str()], fields].concat() {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.update((repetition as u64).to_be_bytes());
        let digest: String = (hash.finalize().iter())
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{what}-{digest}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::Row;
    use super::*;

    fn vote(option: &str, repetition: usize) -> Vote {
        Vote {
            row: Row {
                campaign: "2016".to_owned(),
                channel: "jury".to_owned(),
                voter: "AL".to_owned(),
                option: option.to_owned(),
                tickets: 12,
            },
            repetition,
        }
    }

    #[test]
    fn keys_follow_from_run_and_row_and_from_nothing_else() {
        let names = Names::new("r");
        let key = names.idempotency_key(&vote("AU", 0));
        assert_eq!(key, Names::new("r").idempotency_key(&vote("AU", 0)));
        assert_ne!(key, names.idempotency_key(&vote("AU", 1)));
        assert_ne!(key, names.idempotency_key(&vote("BG", 0)));
        assert_ne!(key, Names::new("s").idempotency_key(&vote("AU", 0)));
        assert!(key.len() <= 255);
    }
}
