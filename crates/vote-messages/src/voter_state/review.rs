//! The state of a voter on reviews.

use bytes::Bytes;
use prost::Message;
use vote_domain::Seq;
use vote_domain::review::{Ballot, Base, DayUse, Standing, VoterState};
use vote_domain::voter_state::Remembered;

use super::{WireBase, in_flight_messages, in_flight_of};
use crate::field::{self, Malformed};
use crate::proto::state as proto;

impl WireBase for Base {
    fn encode(state: &VoterState) -> Bytes {
        let base = &state.base;
        let message = proto::VoterState {
            base: Some(proto::Base {
                version: base.version,
                loaded_at: base.loaded_at.timestamp_micros(),
                last_seq: base.last_seq.0,
                days: base
                    .days
                    .iter()
                    .map(|(day, used)| proto::DayUse {
                        day: day.to_epoch_days(),
                        used: used.used,
                        limit: used.limit,
                    })
                    .collect(),
                standings: base
                    .standings
                    .iter()
                    .map(|(review, standing)| proto::Standing {
                        review_id: field::id_bytes(review.0),
                        vote_id: field::id_bytes(standing.vote_id.0),
                        seq: standing.seq.0,
                        direction: field::direction_number(standing.direction),
                    })
                    .collect(),
                complete: base.complete,
            }),
            in_flight: in_flight_messages(&state.in_flight),
            remembered: state
                .remembered
                .iter()
                .map(|answer| proto::Remembered {
                    key: field::id_bytes(answer.key.0),
                    review_id: field::id_bytes(answer.ballot.review.0),
                    direction: field::direction_number(answer.ballot.direction),
                    answer: field::id_bytes(answer.answer.0),
                })
                .collect(),
        };
        message.encode_to_vec().into()
    }

    fn decode(bytes: Bytes) -> Result<VoterState, Malformed> {
        let message = proto::VoterState::decode(bytes)?;
        let base = message.base.unwrap_or_default();
        let mut state = VoterState {
            base: Base {
                version: base.version,
                loaded_at: field::time(base.loaded_at)?,
                last_seq: Seq(base.last_seq),
                complete: base.complete,
                ..Base::default()
            },
            ..VoterState::default()
        };
        for used in base.days {
            let day = field::day(used.day)?;
            state.base.days.insert(
                day,
                DayUse {
                    used: used.used,
                    limit: used.limit,
                },
            );
        }
        for standing in base.standings {
            state.base.standings.insert(
                field::id("review_id", &standing.review_id)?,
                Standing {
                    seq: Seq(standing.seq),
                    vote_id: field::id("vote_id", &standing.vote_id)?,
                    direction: field::direction(standing.direction)?,
                },
            );
        }
        state.in_flight = in_flight_of(message.in_flight)?;
        for answer in message.remembered {
            state.remembered.push(Remembered {
                key: field::id("key", &answer.key)?,
                ballot: Ballot {
                    review: field::id("review_id", &answer.review_id)?,
                    direction: field::direction(answer.direction)?,
                },
                answer: field::id("answer", &answer.answer)?,
            });
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vote;
    use proptest::prelude::*;
    use uuid::Uuid;
    use vote_domain::VoteId;
    use vote_domain::review::QuotaPolicy;
    use vote_domain::testing::{history, steps};
    use vote_domain::voter_state::Vote as _;

    proptest! {
        #[test]
        fn a_state_comes_out_as_it_went_in(steps in steps(1, 4)) {
            let policy = QuotaPolicy { votes_per_day: 3, zone: "Europe/Berlin".parse().unwrap() };
            let mut state = history(1, 1, 4, &steps, &policy).states.remove(0);
            for sent in &mut state.in_flight {
                sent.message = vote::encode(&sent.vote, "t").to_vec();
            }
            if let Some(sent) = state.in_flight.first() {
                let vote = sent.vote.clone();
                state.base.days.insert(vote.day, DayUse { used: 2, limit: 3 });
                state.base.standings.insert(vote.review, Standing::of(&vote));
                state.remember(Remembered {
                    key: VoteId(Uuid::from_u128(9)),
                    ballot: vote.ballot(),
                    answer: vote.vote_id,
                });
            }
            prop_assert_eq!(Base::decode(Base::encode(&state)).unwrap(), state);
        }
    }
}
