//! Votes in campaigns, as messages.

use vote_domain::campaign::{
    Ballot, CampaignVote, ChannelNo, DRAWS_MAX, Draw, OptionNo, TICKETS_MAX,
};
use vote_domain::{Seq, Voter, VoterId, VoterKind};

use super::{AnyVote, BallotMessage, WireVote};
use crate::field::{self, Malformed};
use crate::proto::vote as proto;

impl WireVote for CampaignVote {
    fn ballot_message(&self) -> BallotMessage {
        let draws = self.draws.iter().map(|draw| proto::Draw {
            lot_id: field::id_bytes(draw.lot.0),
            free_day: draw.free_day.map(|day| day.to_epoch_days()),
            tickets: draw.tickets,
        });
        BallotMessage(proto::vote::Ballot::Campaign(proto::CampaignBallot {
            campaign_id: field::id_bytes(self.campaign.0),
            voter_kind: self.voter.kind().as_str().to_owned(),
            voter_name: self.voter.id().to_owned(),
            option: self.ballot.option.0,
            channel: self.ballot.channel.0,
            tickets: self.ballot.tickets,
            day: self.day.to_epoch_days(),
            limit: self.limit,
            draws: draws.collect(),
        }))
    }

    fn of(vote: AnyVote) -> Option<Self> {
        match vote {
            AnyVote::Campaign(vote) => Some(vote),
            AnyVote::Review(_) => None,
        }
    }
}

pub(super) fn decode(
    vote: &proto::Vote,
    ballot: &proto::CampaignBallot,
) -> Result<CampaignVote, Malformed> {
    let malformed = |what: &str| Malformed(format!("campaign vote: {what}"));
    let kind: VoterKind = ballot
        .voter_kind
        .parse()
        .map_err(|_| malformed("voter_kind"))?;
    let voter = Voter::new(kind, &ballot.voter_name).map_err(|_| malformed("voter_name"))?;
    if voter.voter_id() != field::id::<VoterId>("voter_id", &vote.voter_id)? {
        return Err(malformed("voter_id is not that of the voter"));
    }
    if ballot.tickets > TICKETS_MAX {
        return Err(malformed("tickets"));
    }
    if ballot.draws.len() > DRAWS_MAX {
        return Err(malformed("draws"));
    }
    let draw = |draw: &proto::Draw| -> Result<Draw, Malformed> {
        Ok(Draw {
            lot: field::id("lot_id", &draw.lot_id)?,
            free_day: draw.free_day.map(field::day).transpose()?,
            tickets: draw.tickets,
        })
    };
    Ok(CampaignVote {
        vote_id: field::id("vote_id", &vote.vote_id)?,
        campaign: field::id("campaign_id", &ballot.campaign_id)?,
        voter,
        ballot: Ballot {
            option: OptionNo(ballot.option),
            channel: ChannelNo(ballot.channel),
            tickets: ballot.tickets,
        },
        seq: Seq(vote.seq),
        day: field::day(ballot.day)?,
        limit: ballot.limit,
        draws: ballot.draws.iter().map(draw).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{decode, encode};
    use super::*;
    use bytes::Bytes;
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use uuid::Uuid;
    use vote_domain::{CampaignId, LotId, VoteId};

    fn vote() -> CampaignVote {
        CampaignVote {
            vote_id: VoteId(Uuid::from_u128(1)),
            campaign: CampaignId(Uuid::from_u128(2)),
            voter: Voter::new("jury".parse().unwrap(), "DE").unwrap(),
            ballot: Ballot {
                option: OptionNo(3),
                channel: ChannelNo(1),
                tickets: 12,
            },
            seq: Seq(1_774_600_000_000_000),
            day: NaiveDate::from_ymd_opt(2026, 3, 29).unwrap(),
            limit: Some(40),
            draws: vec![
                Draw {
                    lot: LotId(Uuid::from_u128(5)),
                    free_day: NaiveDate::from_ymd_opt(2026, 3, 28),
                    tickets: 2,
                },
                Draw {
                    lot: LotId(Uuid::from_u128(6)),
                    free_day: None,
                    tickets: 10,
                },
            ],
        }
    }

    #[test]
    fn a_campaign_vote_comes_out_as_it_went_in() {
        let mut unlimited = vote();
        unlimited.limit = None;
        for vote in [vote(), unlimited] {
            let decoded = decode(encode(&vote, "t")).unwrap();
            assert_eq!(decoded.vote, AnyVote::Campaign(vote));
        }
    }

    #[test]
    fn a_vote_that_names_another_voter_than_it_is_kept_under_is_refused() {
        let mut bytes = encode(&vote(), "").to_vec();
        let at = bytes
            .windows(4)
            .position(|window| window == b"jury")
            .unwrap();
        bytes[at] = b'f';
        assert!(decode(bytes.into()).is_err());
    }

    #[test]
    fn the_largest_vote_fits() {
        let mut vote = vote();
        let draw = vote.draws[0];
        vote.draws = vec![draw; DRAWS_MAX];
        assert!(decode(encode(&vote, &"t".repeat(64))).is_ok());
    }

    proptest! {
        #[test]
        fn a_campaign_vote_with_any_byte_changed_is_decoded_or_refused(
            at in 0_usize..200,
            to in any::<u8>(),
        ) {
            let mut bytes = encode(&vote(), "").to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = to;
            }
            let _ = decode(Bytes::from(bytes));
        }
    }
}
