//! A vote on its way from gateway to worker.

mod campaign;
mod review;

use bytes::Bytes;
use prost::Message;
use vote_domain::VoteId;
use vote_domain::campaign::CampaignVote;
use vote_domain::review::ReviewVote;
use vote_domain::voter_state::Vote;

use crate::field::{self, Malformed};
use crate::proto::vote as proto;

/// The version of the rules that votes are made for, and the highest this build settles.
pub const VERSION: u32 = 1;

/// The most bytes an encoded vote may have; anything longer is not one of ours.
pub const VOTE_BYTES_MAX: usize = 16 * 1024;

/// Why the bytes of a vote cannot be settled by this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is no vote.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A newer gateway made it, by rules this build does not know.
    #[error("vote of version {0}, newer than {VERSION}")]
    UnsupportedVersion(u32),
}

/// A vote of either product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyVote {
    /// On a review.
    Review(ReviewVote),
    /// In a campaign.
    Campaign(CampaignVote),
}

impl AnyVote {
    /// Names the vote.
    #[must_use]
    pub fn vote_id(&self) -> VoteId {
        match self {
            Self::Review(vote) => vote.vote_id,
            Self::Campaign(vote) => vote.vote_id,
        }
    }
}

/// A vote that can be enqueued.
pub trait WireVote: Vote {
    /// What follows the fields that all votes have.
    #[doc(hidden)]
    fn ballot_message(&self) -> BallotMessage;

    /// The vote, if `vote` is of this product.
    fn of(vote: AnyVote) -> Option<Self>;
}

/// The part of a message that differs by product.
#[derive(Debug)]
pub struct BallotMessage(pub(crate) proto::vote::Ballot);

/// A vote and the request that cast it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The vote.
    pub vote: AnyVote,
    /// W3C trace context of the request; may be empty.
    pub trace_parent: String,
}

/// Encodes `vote`; the same vote and trace always give the same bytes.
#[must_use]
pub fn encode(vote: &impl WireVote, trace_parent: &str) -> Bytes {
    let message = proto::Vote {
        version: VERSION,
        vote_id: field::id_bytes(vote.vote_id().0),
        voter_id: field::id_bytes(vote.voter_id().0),
        seq: vote.seq().0,
        trace_parent: trace_parent.to_owned(),
        ballot: Some(vote.ballot_message().0),
    };
    message.encode_to_vec().into()
}

/// Decodes one vote.
///
/// # Errors
/// [`DecodeError`]: the bytes are to be parked as they are, never dropped.
pub fn decode(bytes: Bytes) -> Result<Decoded, DecodeError> {
    if bytes.len() > VOTE_BYTES_MAX {
        return Err(Malformed(format!("{} bytes are no vote", bytes.len())).into());
    }
    let mut message = proto::Vote::decode(bytes).map_err(Malformed::from)?;
    if message.version > VERSION {
        return Err(DecodeError::UnsupportedVersion(message.version));
    }
    if message.version == 0 {
        return Err(Malformed("no version".to_owned()).into());
    }
    field::time(message.seq)?;
    let vote = match message.ballot.take() {
        Some(proto::vote::Ballot::Review(ballot)) => {
            AnyVote::Review(review::decode(&message, &ballot)?)
        }
        Some(proto::vote::Ballot::Campaign(ballot)) => {
            AnyVote::Campaign(campaign::decode(&message, &ballot)?)
        }
        None => return Err(Malformed("no ballot we know".to_owned()).into()),
    };
    Ok(Decoded {
        vote,
        trace_parent: message.trace_parent,
    })
}

/// Frames encoded votes as one message of the queue.
#[must_use]
pub fn frame(votes: &[Bytes]) -> Bytes {
    proto::VoteBatch {
        votes: votes.to_vec(),
    }
    .encode_to_vec()
    .into()
}

/// Takes a message of the queue apart into encoded votes.
///
/// # Errors
/// [`Malformed`]: the message is to be parked whole.
pub fn unframe(message: Bytes) -> Result<Vec<Bytes>, Malformed> {
    let batch = proto::VoteBatch::decode(message)?;
    if batch.votes.is_empty() {
        return Err(Malformed("no votes".to_owned()));
    }
    Ok(batch.votes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use uuid::Uuid;
    use vote_domain::review::Direction;
    use vote_domain::{ReviewId, Seq, UserId};

    fn vote() -> ReviewVote {
        ReviewVote {
            vote_id: VoteId(Uuid::from_u128(1)),
            voter: UserId(Uuid::from_u128(2)),
            review: ReviewId(Uuid::from_u128(3)),
            direction: Some(Direction::Down),
            seq: Seq(1_774_600_000_000_000),
            day: NaiveDate::from_ymd_opt(2026, 3, 29).unwrap(),
            cost: 1,
            limit: 3,
        }
    }

    #[test]
    fn a_vote_comes_out_as_it_went_in() {
        let bytes = frame(&[encode(&vote(), "00-a-b-01"), encode(&vote(), "")]);
        let votes = unframe(bytes).unwrap();
        assert_eq!(votes.len(), 2);
        let decoded = decode(votes[0].clone()).unwrap();
        assert_eq!(decoded.vote, AnyVote::Review(vote()));
        assert_eq!(decoded.trace_parent, "00-a-b-01");
    }

    #[test]
    fn a_newer_version_is_told_from_nonsense() {
        let mut newer = proto::Vote::decode(encode(&vote(), "")).unwrap();
        newer.version = 2;
        newer.ballot = None;
        assert_eq!(
            decode(newer.encode_to_vec().into()),
            Err(DecodeError::UnsupportedVersion(2))
        );
    }

    #[test]
    fn fields_that_are_not_known_yet_survive_framing() {
        let mut bytes = encode(&vote(), "").to_vec();
        // Field 99, a varint of 1, from a gateway of tomorrow.
        bytes.extend([0x98, 0x06, 0x01]);
        let again = unframe(frame(&[bytes.clone().into()])).unwrap();
        assert_eq!(again[0], bytes);
        assert!(decode(again[0].clone()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unframe(bytes.clone().into());
            let _ = decode(bytes.into());
        }

        #[test]
        fn a_vote_with_any_byte_changed_is_decoded_or_refused(at in 0_usize..80, to in any::<u8>()) {
            let mut bytes = encode(&vote(), "").to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = to;
            }
            let _ = decode(bytes.into());
        }
    }
}
