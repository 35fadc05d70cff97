//! Dead letters in the words of the API.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::{Outcome, VoteId};
use vote_messages::vote::AnyVote;
use vote_store::dead_letters::DeadLetter;

use super::contents::Contents;
use super::give_up::Dropped;
use crate::answer::DirectionName;
use crate::error::Unavailable;
use crate::gateway::Gateway;

/// Something that no worker could settle.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "dead_letter_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
    "box": "votes.campaign.8d3f0c9e-2a43-4c52-9a74-0d5a3b9c2d22", "kind": "vote",
    "reason": "refused", "detail": "database refused: Out of range value", "state": "open",
    "arrivals": 1, "size_bytes": 187, "created_at": "2026-05-03T12:00:00Z", "resolved_at": null
}))]
pub(crate) struct DeadLetterBody {
    dead_letter_id: Uuid,
    /// The ballot box it came from; `votes.dead` where the broker did not say.
    #[serde(rename = "box")]
    ballot_box: String,
    /// `vote`, or `message` for a whole message of the queue.
    kind: String,
    /// Why, in one word: `malformed`, `unsupported_version`, `foreign`, `refused` or
    /// `undeliverable`.
    reason: String,
    /// Why, in full.
    detail: String,
    /// `open`, `replayed` or `dropped`.
    state: &'static str,
    /// How often it arrived.
    arrivals: u64,
    /// Its size.
    size_bytes: usize,
    /// When it first arrived.
    created_at: DateTime<Utc>,
    /// When an operator decided.
    resolved_at: Option<DateTime<Utc>>,
}

impl From<&DeadLetter> for DeadLetterBody {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            dead_letter_id: letter.id,
            ballot_box: letter.ballot_box.clone(),
            kind: letter.kind.clone(),
            reason: letter.reason.clone(),
            detail: letter.detail.clone(),
            state: letter.state.as_str(),
            arrivals: letter.n_arrivals,
            size_bytes: letter.bytes.len(),
            created_at: letter.created_at,
            resolved_at: letter.resolved_at,
        }
    }
}

/// A dead letter, with what is in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterDetailBody {
    #[serde(flatten)]
    letter: DeadLetterBody,
    /// The votes that can be read.
    votes: Vec<LetterVoteBody>,
    /// How many parts cannot be read.
    unreadable: u64,
    /// It, as it arrived, in base64.
    bytes: String,
}

/// A vote that was read from a dead letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetterVoteBody {
    vote_id: Uuid,
    voter: LetterVoterBody,
    #[serde(flatten)]
    ballot: LetterBallotBody,
    /// When it was admitted.
    cast_at: DateTime<Utc>,
    /// What the ledger has of it: `counted`, `rejected` or `voided`; null if it does not
    /// know the vote.
    ledger: Option<&'static str>,
}

/// Who cast it.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetterVoterBody {
    /// `member`, or the kind of a partner's voters.
    kind: String,
    /// A member's account id, or the partner's name for the voter.
    id: String,
}

/// What was asked.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LetterBallotBody {
    /// On a review.
    Review {
        review_id: Uuid,
        direction: DirectionName,
    },
    /// In a campaign.
    Campaign {
        campaign_id: Uuid,
        /// The option's place in the campaign, from 0.
        option_no: u32,
        /// The channel's place in the campaign, from 0.
        channel_no: u32,
        /// Tickets it spends.
        tickets: u32,
    },
}

impl LetterVoteBody {
    fn new(vote: &AnyVote, ends: &HashMap<VoteId, &'static str>) -> Self {
        let vote_id = vote.vote_id();
        let (voter, ballot, seq) = match vote {
            AnyVote::Review(vote) => {
                let voter = LetterVoterBody {
                    kind: "member".to_owned(),
                    id: vote.voter.to_string(),
                };
                let ballot = LetterBallotBody::Review {
                    review_id: vote.review.0,
                    direction: vote.direction.into(),
                };
                (voter, ballot, vote.seq)
            }
            AnyVote::Campaign(vote) => {
                let voter = LetterVoterBody {
                    kind: vote.voter.kind().to_string(),
                    id: vote.voter.id().to_owned(),
                };
                let ballot = LetterBallotBody::Campaign {
                    campaign_id: vote.campaign.0,
                    option_no: vote.ballot.option.0,
                    channel_no: vote.ballot.channel.0,
                    tickets: vote.ballot.tickets,
                };
                (voter, ballot, vote.seq)
            }
        };
        Self {
            vote_id: vote_id.0,
            voter,
            ballot,
            cast_at: seq.at(),
            ledger: ends.get(&vote_id).copied(),
        }
    }
}

/// What dropping a letter did.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "dead_letter_id": "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11", "state": "dropped",
    "rejected": ["6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52"], "known": 0, "unreadable": 0
}))]
pub(crate) struct DroppedBody {
    dead_letter_id: Uuid,
    /// Always `dropped`.
    state: &'static str,
    /// The votes that are rejected now, with the reason `dropped`.
    rejected: Vec<Uuid>,
    /// How many votes had come to their end before, or name a campaign that is drained or
    /// final: its ledger never moves again.
    known: u64,
    /// How many parts of it could not be read; the ledger has nothing of them.
    unreadable: u64,
}

impl DroppedBody {
    pub(super) fn new(id: Uuid, dropped: Dropped) -> Self {
        Self {
            dead_letter_id: id,
            state: "dropped",
            known: dropped.n_votes - dropped.rejected.len() as u64,
            rejected: dropped.rejected.into_iter().map(|vote| vote.0).collect(),
            unreadable: dropped.n_unreadable,
        }
    }
}

impl Gateway {
    /// All there is to say of `letter`.
    pub(super) async fn describe(
        &self,
        letter: &DeadLetter,
    ) -> Result<DeadLetterDetailBody, Unavailable> {
        let contents = Contents::of(letter);
        let ends = self.ends(&contents).await?;
        Ok(DeadLetterDetailBody {
            letter: letter.into(),
            votes: contents
                .votes
                .iter()
                .map(|vote| LetterVoteBody::new(vote, &ends))
                .collect(),
            unreadable: contents.n_unreadable,
            bytes: STANDARD.encode(&letter.bytes),
        })
    }

    /// What the ledger has of the votes.
    async fn ends(
        &self,
        contents: &Contents,
    ) -> Result<HashMap<VoteId, &'static str>, Unavailable> {
        let votes = contents.by_product();
        let reviews: Vec<VoteId> = votes.reviews.iter().map(|vote| vote.vote_id).collect();
        let campaigns: Vec<VoteId> = votes.campaigns.iter().map(|vote| vote.vote_id).collect();
        let mut ends = HashMap::new();
        if !reviews.is_empty() {
            let found = self.store.ledger_votes(&reviews).await?;
            ends.extend(found.iter().map(|vote| (vote.vote_id, word(vote.outcome))));
        }
        if !campaigns.is_empty() {
            let found = self.store.campaign_ledger_votes(&campaigns).await?;
            ends.extend(found.iter().map(|vote| (vote.vote_id, word(vote.outcome))));
        }
        Ok(ends)
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Counted => "counted",
        Outcome::Rejected(_) => "rejected",
        Outcome::Voided => "voided",
    }
}
