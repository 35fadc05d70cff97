//! Where the votes of the ledger come from: each from one request, and those of one key from
//! one.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{CampaignPromise, Court};
use crate::campaign::history::CampaignHistory;
use crate::chaos::intents::{Intent, Intents, vote_under};

impl Court<'_> {
    /// Every vote of the ledger was accepted, or left open by some answer.
    pub(super) fn judge_origins(&mut self, history: &CampaignHistory) {
        let promise = CampaignPromise::NothingIsAdded;
        let ballot_box = format!("votes.campaign.{}", self.books.campaign);
        // Whoever is not there has no votes that need an origin.
        let voters: HashMap<&(String, String), Uuid> = (self.books.voters.iter())
            .map(|(id, name)| (name, *id))
            .collect();
        let told =
            (history.accepted.iter()).map(|told| (told.asked(), &told.key, Some(told.vote_id)));
        let open = (history.in_doubt.iter()).map(|open| (open.asked(), &open.key, open.vote_id));
        let mut intents = Intents::at(&ballot_box);
        for (ballot, key, vote_id) in told.chain(open) {
            if let Some(voter) = voters.get(&ballot.0) {
                intents.note(Intent {
                    voter: *voter,
                    ballot,
                    key: key.as_deref(),
                    vote_id,
                });
            }
        }
        let mut seen = BTreeSet::new();
        for vote in &self.books.votes {
            if !seen.insert(vote.vote_id) {
                let detail = format!("{} is twice in the ledger", vote.vote_id);
                self.blame(promise, detail);
            }
            if let Err(detail) = intents.claim(vote.vote_id, &self.describe(vote)) {
                self.blame(promise, detail);
            }
        }
        // Nothing stands in campaigns that a second intent could be answered with.
        for accepted in &history.accepted {
            let named = (accepted.key.as_deref().zip(voters.get(&accepted.voter)))
                .map(|(key, voter)| vote_under(key, *voter, &ballot_box));
            if named.is_some_and(|named| named != accepted.vote_id) {
                let detail = format!("{accepted:?} is not the vote that its key names");
                self.blame(promise, detail);
            }
        }
    }
}
