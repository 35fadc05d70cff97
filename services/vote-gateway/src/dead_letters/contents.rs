//! What can be read from a letter.

use bytes::Bytes;
use vote_domain::CampaignId;
use vote_messages::vote::{self, AnyVote};
use vote_queue::BallotBox;
use vote_store::dead_letters::{DeadLetter, LetterKind, LetterVotes};

/// What a letter holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The votes that can be read, in their order.
    pub(super) votes: Vec<AnyVote>,
    /// How many more there are that cannot; a message that cannot be taken apart is one.
    pub(super) n_unreadable: u64,
}

impl Contents {
    /// Reads what can be read of `letter`.
    pub(super) fn of(letter: &DeadLetter) -> Self {
        let bytes = Bytes::copy_from_slice(&letter.bytes);
        let parts = if is_message(letter) {
            vote::unframe(bytes)
        } else {
            Ok(vec![bytes])
        };
        let Ok(parts) = parts else {
            return Self {
                votes: Vec::new(),
                n_unreadable: 1,
            };
        };
        let mut contents = Self::default();
        for part in parts {
            match vote::decode(part) {
                Ok(decoded) => contents.votes.push(decoded.vote),
                Err(_) => contents.n_unreadable += 1,
            }
        }
        contents
    }

    /// Its votes, by product.
    pub(super) fn by_product(&self) -> LetterVotes {
        let mut votes = LetterVotes::default();
        for vote in &self.votes {
            match vote {
                AnyVote::Review(vote) => votes.reviews.push(vote.clone()),
                AnyVote::Campaign(vote) => votes.campaigns.push(vote.clone()),
            }
        }
        votes
    }

    /// The box that all its votes belong into, if it is one.
    fn ballot_box(&self) -> Option<BallotBox> {
        let mut boxes = self.votes.iter().map(box_of);
        let first = boxes.next()?;
        boxes.all(|other| other == first).then_some(first)
    }
}

fn box_of(vote: &AnyVote) -> BallotBox {
    match vote {
        AnyVote::Review(_) => BallotBox::reviews(),
        AnyVote::Campaign(vote) => {
            let CampaignId(campaign) = vote.campaign;
            BallotBox::campaign(campaign)
        }
    }
}

fn is_message(letter: &DeadLetter) -> bool {
    letter.kind == LetterKind::Message.as_str()
}

/// The box that `letter` came from. Where the broker did not say, its votes do; `None` if
/// they cannot.
pub(super) fn origin(letter: &DeadLetter, contents: &Contents) -> Option<BallotBox> {
    match letter.ballot_box.parse() {
        Ok(named) if named != BallotBox::dead() => Some(named),
        _ => contents.ballot_box(),
    }
}

/// The message that brings `letter` to its box: itself, or one that holds its vote.
pub(super) fn message(letter: &DeadLetter) -> Bytes {
    let bytes = Bytes::copy_from_slice(&letter.bytes);
    if is_message(letter) {
        bytes
    } else {
        vote::frame(&[bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;
    use vote_domain::review::{Direction, ReviewVote};
    use vote_domain::{ReviewId, Seq, UserId, VoteId};
    use vote_store::dead_letters::LetterState;

    fn letter(ballot_box: &str, kind: LetterKind, bytes: &[u8]) -> DeadLetter {
        DeadLetter {
            id: Uuid::nil(),
            ballot_box: ballot_box.to_owned(),
            kind: kind.as_str().to_owned(),
            bytes: bytes.to_vec(),
            reason: "undeliverable".to_owned(),
            detail: String::new(),
            n_arrivals: 1,
            created_at: DateTime::UNIX_EPOCH,
            state: LetterState::Open,
            resolved_at: None,
        }
    }

    fn a_vote() -> ReviewVote {
        ReviewVote {
            vote_id: VoteId(Uuid::from_u128(1)),
            voter: UserId(Uuid::from_u128(2)),
            review: ReviewId(Uuid::from_u128(3)),
            direction: Some(Direction::Up),
            seq: Seq(1_774_600_000_000_000),
            day: DateTime::UNIX_EPOCH.date_naive(),
            cost: 1,
            limit: 3,
        }
    }

    #[test]
    fn what_can_be_read_is_told_from_what_cannot() {
        let good = vote::encode(&a_vote(), "");
        let rubbish = Bytes::from_static(b"\x08\x01rubbish");
        let batch = vote::frame(&[good.clone(), rubbish.clone()]);
        let read = Contents::of(&letter("votes.reviews", LetterKind::Message, &batch));
        assert_eq!(read.votes, [AnyVote::Review(a_vote())]);
        assert_eq!(read.n_unreadable, 1);
        let alone = Contents::of(&letter("votes.reviews", LetterKind::Vote, &good));
        assert_eq!((alone.votes.len(), alone.n_unreadable), (1, 0));
        let nonsense = Contents::of(&letter("votes.reviews", LetterKind::Message, b"\xff\xff"));
        assert_eq!((nonsense.votes.len(), nonsense.n_unreadable), (0, 1));
    }

    #[test]
    fn where_the_broker_did_not_say_the_votes_tell_the_box() {
        let batch = vote::frame(&[vote::encode(&a_vote(), "")]);
        let lost = letter(BallotBox::dead().name(), LetterKind::Message, &batch);
        let found = origin(&lost, &Contents::of(&lost));
        assert_eq!(found, Some(BallotBox::reviews()));
        let nonsense = letter(BallotBox::dead().name(), LetterKind::Message, b"\xff\xff");
        assert_eq!(origin(&nonsense, &Contents::of(&nonsense)), None);
    }

    #[test]
    fn a_vote_is_replayed_in_a_message_of_its_own() {
        let good = vote::encode(&a_vote(), "");
        let again = message(&letter("votes.reviews", LetterKind::Vote, &good));
        assert_eq!(vote::unframe(again), Ok(vec![good.clone()]));
        let batch = vote::frame(&[good]);
        let whole = letter("votes.reviews", LetterKind::Message, &batch);
        assert_eq!(message(&whole), batch);
    }
}
